/* parigot.h: what a program that runs in a world of services works with. docs/abi.md tells the story.
 *
 * A program defines parigot_start() and, for each method that it serves, the function that the generated
 * header declares. Its state is its own struct parigot_app, which every one of these functions gets: nothing
 * here, and nothing in the library behind it, is kept in a variable. Nothing blocks: a reply to a call that
 * the program makes comes later, to a function that was named when the call was made.
 *
 * Out of memory: what returns a new object (parigot_new, parigot_format, ...) ends the program with the exit
 * code PARIGOT_RESOURCE_EXHAUSTED; what returns a status says so; malloc returns NULL. */
#ifndef PARIGOT_H
#define PARIGOT_H
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PARIGOT_ABI_VERSION       1
#define PARIGOT_PRINTF(at, first) __attribute__((format(printf, at, first)))

/* The program's own state. */
typedef struct parigot_app parigot_app;

/* A request that is being served. Valid, like the request and all that it points to, until it is ended, and
 * then until the function of the program that the library has called returns. */
typedef struct parigot_call parigot_call;

/* Memory that is given back all at once. Each request being served has one. */
typedef struct parigot_arena parigot_arena;

typedef struct parigot_kernel_v1_InitRequest parigot_kernel_v1_InitRequest;
typedef struct parigot_kernel_v1_Failure parigot_kernel_v1_Failure;

/* The codes of gRPC; parigot.kernel.v1.Status has the same. */
typedef enum parigot_status {
    PARIGOT_OK = 0,
    PARIGOT_CANCELLED = 1,
    PARIGOT_UNKNOWN = 2,
    PARIGOT_INVALID_ARGUMENT = 3,
    PARIGOT_DEADLINE_EXCEEDED = 4,
    PARIGOT_NOT_FOUND = 5,
    PARIGOT_ALREADY_EXISTS = 6,
    PARIGOT_PERMISSION_DENIED = 7,
    PARIGOT_RESOURCE_EXHAUSTED = 8,
    PARIGOT_FAILED_PRECONDITION = 9,
    PARIGOT_ABORTED = 10,
    PARIGOT_OUT_OF_RANGE = 11,
    PARIGOT_UNIMPLEMENTED = 12,
    PARIGOT_INTERNAL = 13,
    PARIGOT_UNAVAILABLE = 14,
    PARIGOT_DATA_LOSS = 15,
    PARIGOT_UNAUTHENTICATED = 16,
} parigot_status;

/* ---- values in messages ------------------------------------------------------------------------------ */

/* Text (UTF-8) and bytes: views, never terminated by NUL. Print text with "%.*s", (int)s.len, s.ptr. */
typedef struct {
    const char *ptr;
    size_t len;
} parigot_str;
typedef struct {
    const uint8_t *ptr;
    size_t len;
} parigot_bytes;

/* Repeated fields. */
typedef struct {
    const bool *ptr;
    size_t len;
} parigot_bool_list;
typedef struct {
    const int32_t *ptr;
    size_t len;
} parigot_int32_list;
typedef struct {
    const uint32_t *ptr;
    size_t len;
} parigot_uint32_list;
typedef struct {
    const int64_t *ptr;
    size_t len;
} parigot_int64_list;
typedef struct {
    const uint64_t *ptr;
    size_t len;
} parigot_uint64_list;
typedef struct {
    const float *ptr;
    size_t len;
} parigot_float_list;
typedef struct {
    const double *ptr;
    size_t len;
} parigot_double_list;
typedef struct {
    const parigot_str *ptr;
    size_t len;
} parigot_str_list;
typedef struct {
    const parigot_bytes *ptr;
    size_t len;
} parigot_bytes_list;

/* A parigot_str of a string literal, as an expression or in an initialiser. */
#ifdef __cplusplus
#define PARIGOT_STR(literal) (parigot_str{"" literal, sizeof("" literal) - 1})
#else
#define PARIGOT_STR(literal) ((parigot_str){"" literal, sizeof("" literal) - 1})
#endif

parigot_str parigot_str_of(const char *text); /* of a C string; a view */
bool parigot_str_equal(parigot_str a, parigot_str b);
parigot_str parigot_str_copy(parigot_arena *, parigot_str);

/* ---- the program's own functions --------------------------------------------------------------------- */

/* Called once, before anything else. What it returns comes as first argument to all the others; NULL is
 * allowed. init and what it points to stay valid for good. Required. */
parigot_app *parigot_start(const parigot_kernel_v1_InitRequest *init);

/* The rest is optional: the library has a default for each.
 *
 * The caller of a request has gone, has cancelled it, or its deadline has passed. The request is over when
 * this returns, unless it was passed to parigot_keep(). Default: if the program has not been told by a status
 * CANCELLED of a piece before, the call is kept, so that a program that still holds it may end it as if
 * nothing had happened. */
void parigot_on_cancel(parigot_app *, parigot_call *);
/* A piece was refused with RESOURCE_EXHAUSTED before; now there is room. Default: nothing. */
void parigot_on_room(parigot_app *, parigot_call *);
/* The world is asked to end. Default: parigot_exit(0). */
void parigot_on_stop(parigot_app *);

/* ---- memory ------------------------------------------------------------------------------------------ */

void *parigot_new(size_t size); /* zeroed; free() gives it back */

parigot_arena *parigot_arena_open(void);   /* one of the program's own */
void parigot_arena_close(parigot_arena *); /* all that was allocated in it is gone; NULL is allowed */
void *parigot_arena_new(parigot_arena *, size_t size); /* zeroed, aligned for any type */
parigot_str parigot_arena_format(parigot_arena *, const char *format, ...) PARIGOT_PRINTF(2, 3);
parigot_str parigot_arena_vformat(parigot_arena *, const char *format, va_list) PARIGOT_PRINTF(2, 0);

/* ---- serving a request ------------------------------------------------------------------------------- */

/* Text in the memory of the request. */
parigot_str parigot_format(parigot_call *, const char *format, ...) PARIGOT_PRINTF(2, 3);
parigot_arena *parigot_call_arena(parigot_call *);
/* One pointer for the program's use, NULL at first: where a reply in many pieces stands, for instance. */
void parigot_call_set(parigot_call *, void *);
void *parigot_call_get(const parigot_call *);

/* These end the request, and so does the generated X_reply(). Their status:
 *   - OK
 *   - CANCELLED: the caller has gone
 *   - INTERNAL: the reply could not be sent, ever, and the request has been failed: text that is not UTF-8, a
 *     message over the limit, a reply of another method
 *   - NOT_FOUND: the program had ended the request before
 *
 * The generated X_piece() does not end it. RESOURCE_EXHAUSTED from there: there is no room; parigot_on_room()
 * is called when there is. The others wait for room by themselves.
 *
 * parigot_fail: with a status from 1 to 16 (anything else becomes UNKNOWN) and a message for people.
 * parigot_end: the last piece of a reply in pieces, with no message. */
parigot_status parigot_fail(parigot_call *, parigot_status, const char *format, ...) PARIGOT_PRINTF(3, 4);
parigot_status parigot_fail_with(parigot_call *, parigot_status, const parigot_kernel_v1_Failure *);
parigot_status parigot_end(parigot_call *);

/* Only in parigot_on_cancel: the program goes on holding the call and will end it (it is told CANCELLED
 * then). */
void parigot_keep(parigot_call *);

/* ---- calling others ---------------------------------------------------------------------------------- */

/* What a done function gets besides the reply. */
typedef struct parigot_result_info {
    int32_t call;                             /* the id that X_call() returned */
    parigot_status status;                    /* not OK: there is no reply, and last is true */
    bool last;                                /* true exactly once for each call */
    const parigot_kernel_v1_Failure *failure; /* what the other side said, or NULL */
    parigot_arena *arena;                     /* memory until done returns; the reply lies in it */
} parigot_result_info;

/* The call's done function still comes, with CANCELLED. NOT_FOUND: no such call. */
parigot_status parigot_cancel(int32_t call);
/* The call fails with DEADLINE_EXCEEDED unless it is over in that time. Only shortens. */
parigot_status parigot_deadline(int32_t call, uint32_t milliseconds);

/* ---- the rest ---------------------------------------------------------------------------------------- */

/* Ends this program (not the world, unless it is its main program). Open requests fail with UNAVAILABLE. */
_Noreturn void parigot_exit(int32_t code);

/* The value of a key in the world file's config, or an empty view with ptr NULL. */
parigot_str parigot_config(const parigot_kernel_v1_InitRequest *, const char *key);

/* Log lines: "\n" parts lines. They need a grant of parigot.log.v1.Log, which a program that does not call
 * these does not ask for. parigot_log is level INFO. */
void parigot_log(const char *format, ...) PARIGOT_PRINTF(1, 2);
void parigot_log_at(int level, const char *format, ...) PARIGOT_PRINTF(2, 3); /* parigot_log_v1_LEVEL_... */

/* The name of a status, "INVALID_ARGUMENT"; "?" for what is none. */
const char *parigot_status_name(parigot_status);

#ifdef __cplusplus
}
#endif

#include "parigot/kernel/v1/kernel.parigot.h"
#include "parigot/log/v1/log.parigot.h"
#endif
