/* parigot/generated.h: what code made by protoc-gen-parigot needs from the library. Programs do not use it
 * directly.
 *
 * A message type is described by a table; one encoder and one decoder walk all tables. The struct of a
 * message has one member a field:
 *   - scalar, enum, string, bytes: the value itself; `optional` adds `bool has_<name>` before it
 *   - message: a pointer, NULL when absent
 *   - repeated, map: { ptr, len }; elements are values, messages too; those of a map are <Msg>_<Field>Entry
 *   - oneof: struct { enum which; union { ... }; }, which is the number of the field that is set, or 0
 *
 * Decoded maps are sorted by key and have each key once; the last one on the wire won. */

/* Includes generated headers itself, and they include this one: so it stands before the guard. */
#include <parigot.h>
#ifndef PARIGOT_GENERATED_H
#define PARIGOT_GENERATED_H

#ifdef __cplusplus
extern "C" {
#endif

/* In a WebAssembly module these name the border. Built for the host, for tests, they are plain functions. */
#ifdef __wasm__
#define PARIGOT_IMPORT(service, method) __attribute__((import_module(service), import_name(method)))
#define PARIGOT_EXPORT(name)            __attribute__((export_name(name)))
#else
#define PARIGOT_IMPORT(service, method)
#define PARIGOT_EXPORT(name)
#endif

/* FieldDescriptorProto.Type of descriptor.proto. */
enum parigot_type {
    PARIGOT_DOUBLE = 1,
    PARIGOT_FLOAT = 2,
    PARIGOT_INT64 = 3,
    PARIGOT_UINT64 = 4,
    PARIGOT_INT32 = 5,
    PARIGOT_FIXED64 = 6,
    PARIGOT_FIXED32 = 7,
    PARIGOT_BOOL = 8,
    PARIGOT_STRING = 9,
    PARIGOT_MESSAGE = 11,
    PARIGOT_BYTES = 12,
    PARIGOT_UINT32 = 13,
    PARIGOT_ENUM = 14,
    PARIGOT_SFIXED32 = 15,
    PARIGOT_SFIXED64 = 16,
    PARIGOT_SINT32 = 17,
    PARIGOT_SINT64 = 18,
};

/* How a field says whether it is there. */
enum parigot_presence {
    PARIGOT_NONZERO, /* there unless zero or empty; a message: unless the pointer is NULL */
    PARIGOT_ALWAYS,  /* key and value of a map entry */
    PARIGOT_HAS,     /* `optional`: there if the bool at `flag` is true */
    PARIGOT_ONEOF,   /* there if the enum at `flag` is the field's number */
    PARIGOT_LIST,    /* repeated */
    PARIGOT_PACKED,  /* repeated, encoded packed; both forms are decoded */
    PARIGOT_MAP,     /* repeated map entries */
};

typedef struct parigot_field {
    uint32_t number;
    uint8_t type;                             /* enum parigot_type */
    uint8_t presence;                         /* enum parigot_presence */
    uint32_t offset;                          /* of the value in the struct */
    uint32_t flag;                            /* of the bool or enum that HAS and ONEOF look at */
    const struct parigot_descriptor *message; /* for PARIGOT_MESSAGE */
} parigot_field;

typedef struct parigot_descriptor {
    uint32_t size; /* of the struct */
    uint32_t count;
    const parigot_field *fields; /* by number, ascending */
} parigot_descriptor;

/* Longest chain of messages in messages that is encoded or decoded. */
#define PARIGOT_MAX_DEPTH 100

/* ---- messages on their own --------------------------------------------------------------------------- */

/* The bytes of message; memory from arena. INVALID_ARGUMENT: text that is not UTF-8, or nested too deep;
 * RESOURCE_EXHAUSTED. *bytes is unchanged on failure. A NULL message is an empty one. */
parigot_status parigot_gen_encode(parigot_arena *, const parigot_descriptor *, const void *message,
                                  parigot_bytes *bytes);
/* The message that bytes hold, as views into bytes and with memory from arena. Returns NULL with *status
 * INVALID_ARGUMENT or RESOURCE_EXHAUSTED. */
void *parigot_gen_decode(parigot_arena *, const parigot_descriptor *, const void *bytes, size_t len,
                         parigot_status *status);

/* ---- methods ----------------------------------------------------------------------------------------- */

typedef void parigot_gen_function(void); /* any done function; cast back before it is called */

typedef struct parigot_method {
    const parigot_descriptor *request;
    const parigot_descriptor *reply;
    bool stream; /* the reply comes in pieces */
    /* client side: calls done by its own type */
    void (*deliver)(parigot_gen_function *done, parigot_app *, void *arg, const parigot_result_info *,
                    const void *reply);
} parigot_method;

/* What an encoder needs; short messages are encoded on the stack. */
typedef struct parigot_gen_out {
    uint8_t *at, *low, *end; /* the message so far is [at, end); it grows downwards */
    bool heap;
    parigot_status status;
    uint8_t space[256];
} parigot_gen_out;

typedef struct parigot_gen_call {
    const void *ptr; /* parameters of the import */
    size_t len;
    uintptr_t cookie;
    parigot_gen_out out;
} parigot_gen_call;

/* Before the import of a service method: encodes the request. 0, or minus a status and nothing is to be done.
 * After it: takes what the import returned, gives back memory; the result is that of X_call(). */
int32_t parigot_gen_begin(parigot_gen_call *, const parigot_method *, const void *request,
                          parigot_gen_function *done, void *arg);
int32_t parigot_gen_sent(parigot_gen_call *, int32_t id);

/* An exported entry: makes the call and decodes the request; NULL when it has been answered already.
 * parigot_gen_leave() ends the entry. */
typedef struct parigot_state parigot_state; /* what the kernel hands to every entry */
const void *parigot_gen_enter(parigot_state *, uint32_t id, void *ptr, size_t len, const parigot_method *,
                              parigot_call **call);
parigot_app *parigot_gen_app(parigot_state *);
void parigot_gen_leave(parigot_state *);

parigot_status parigot_gen_reply(parigot_call *, const parigot_method *, const void *reply);
parigot_status parigot_gen_piece(parigot_call *, const parigot_method *, const void *reply);

#ifdef __cplusplus
}
#endif
#endif
