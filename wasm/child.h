/* child.h: another program does a piece of work on bytes: bytes in, bytes out, and nothing else.
 *
 * It runs exec-ed in a process group of its own, with three descriptors (its input, its output, what it says; a second
 * input and output where the job has them), an
 * environment of its own, no new privileges, and limits of memory, processor time, time and output. It dies when this
 * process does. Input and output are files in memory: a program that wants paths is given CHILD_INPUT_PATH and
 * CHILD_OUTPUT_PATH. Whatever becomes of it (it crashes, hangs, takes all memory, writes garbage) is a ChildEnd and a
 * Diag; its output is there only when it ended well, and is then input like any other: to be checked.
 * Linux (memfd_create, pidfd_open, close_range). */
#ifndef PARIGOT_WASM_CHILD_H
#define PARIGOT_WASM_CHILD_H

#include "wasm/wasm.h"

#define CHILD_INPUT_PATH  "/proc/self/fd/0"
#define CHILD_OUTPUT_PATH "/proc/self/fd/1"
/* A second of each, when the job asks for them. */
#define CHILD_SECOND_INPUT_PATH  "/proc/self/fd/3"
#define CHILD_SECOND_OUTPUT_PATH "/proc/self/fd/4"

typedef struct ChildLimits {
    uint64_t memory_bytes; /* of address space; 0 = no limit */
    uint64_t output_bytes;
    unsigned seconds;    /* by the clock; >= 1 */
    unsigned processors; /* that it may keep busy: processor time is limited to as many times `seconds`; 0 = 1 */
} ChildLimits;
#define CHILD_DEFAULT_LIMITS                                                                                           \
    ((ChildLimits){.memory_bytes = UINT64_C(4) << 30, .output_bytes = UINT64_C(1) << 30, .seconds = 300, .processors = 1})

typedef struct ChildJob {
    const char *program;            /* path, from child_find; what messages call it is its last part */
    const char *const *arguments;   /* argv with argv[0], ended by NULL */
    const char *const *environment; /* "NAME=value", ended by NULL; NULL: LC_ALL=C alone */
    const uint8_t *input;
    size_t input_size;
    bool has_second; /* input and output, both */
    const uint8_t *second_input;
    size_t second_input_size;
    ChildLimits limits;
} ChildJob;

typedef enum ChildEnd {
    CHILD_DONE,          /* exit status 0 */
    CHILD_NOT_STARTED,   /* value: errno */
    CHILD_FAILED,        /* value: its exit status */
    CHILD_CRASHED,       /* value: the signal */
    CHILD_OUT_OF_TIME,   /* value: seconds */
    CHILD_OUT_OF_MEMORY,
    CHILD_TOO_MUCH_OUTPUT
} ChildEnd;

enum { CHILD_SAID_BYTES = 4096 };
typedef struct ChildResult {
    ChildEnd end;
    int value;
    Writer output, second_output; /* empty unless CHILD_DONE; wr_free */
    char said[CHILD_SAID_BYTES];  /* the start of what it wrote to standard error, NUL-terminated; not escaped */
} ChildResult;

/* child_run: starts it, waits for its end.
 * out:    *out  filled; the caller's
 * returns out->end == CHILD_DONE */
MUST_USE bool child_run(const ChildJob *, ChildResult *out);
/* child_tell: a result that is not CHILD_DONE, as one Diag: LD_CHILD_MISSING, LD_CHILD_FAILED, LD_CHILD_CRASHED, LD_CHILD_TIME,
 * LD_CHILD_MEMORY or LD_CHILD_OUTPUT, with what it said in a note. file: what it worked on */
void child_tell(const ChildJob *, const ChildResult *, const char *file, Diags *);
/* child_find: where a program of ours or of the system's is: in the folder PARIGOT_LIBEXEC_DIR where that is set; else beside
 * this program, or in ../libexec/parigot from there; else, with `on_path`, on PATH.
 * returns its path, in the arena; NULL: nowhere, and nothing was recorded */
const char *child_find(Arena *, const char *name, bool on_path);
/* child_find_on_path: the same for a program that is never ours: on PATH alone, in folders named from the root. */
const char *child_find_on_path(Arena *, const char *name);
/* child_missing: the Diag for that (LD_CHILD_MISSING): who wants it, for what, and where it comes from. */
#define CHILD_FROM_BINARYEN "it comes with the package binaryen; parigot-opt is built where that is there"
void child_missing(const char *name, const char *wanted_for, const char *cure, Diags *);

#endif
