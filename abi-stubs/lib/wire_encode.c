/* wire_encode.c: structs to the protobuf wire format, driven by the tables of generated code.
 *
 * Written backwards: fields by descending number, elements from the last to the first, each value before its
 * length and tag. So each byte is written once, lengths need no pass of their own, and the result stands in
 * ascending order: one struct has one encoding. Short messages stay in the encoder's own 256 bytes; longer
 * ones go to malloc. */
#include <stdlib.h>
#include <string.h>
#include "runtime.h"

void parigot_out_init(parigot_gen_out *o)
{
    o->low = o->space;
    o->at = o->end = o->space + sizeof o->space;
    o->heap = false;
    o->status = PARIGOT_OK;
}

void parigot_out_free(parigot_gen_out *o)
{
    if (o->heap) free(o->low);
    o->heap = false;
}

/* List members and views, whatever their elements are. */
typedef struct __attribute__((may_alias)) View {
    const char *ptr;
    size_t len;
} View;

static bool fail(parigot_gen_out *o, parigot_status status)
{
    o->status = status;
    return false;
}

/* Space for n more bytes below o->at. */
static bool reserve(parigot_gen_out *o, size_t n)
{
    if (n <= (size_t)(o->at - o->low)) return true;
    size_t used = (size_t)(o->end - o->at), size;
    if (__builtin_add_overflow(used, n, &size) || size > INT32_MAX / 2)
        return fail(o, PARIGOT_RESOURCE_EXHAUSTED);
    size += size / 2 + 64;
    uint8_t *larger = malloc(size);
    if (!larger) return fail(o, PARIGOT_RESOURCE_EXHAUSTED);
    memcpy(larger + size - used, o->at, used);
    parigot_out_free(o);
    *o = (parigot_gen_out){.low = larger, .end = larger + size, .at = larger + size - used, .heap = true};
    return true;
}

static bool put_bytes(parigot_gen_out *o, const void *p, size_t n)
{
    if (!n) return true;
    if (!reserve(o, n)) return false;
    o->at -= n;
    memcpy(o->at, p, n);
    return true;
}

static bool put_varint(parigot_gen_out *o, uint64_t v)
{
    uint8_t bytes[10];
    unsigned n = 0;
    for (; v >= 0x80; v >>= 7) bytes[n++] = (uint8_t)(v | 0x80);
    bytes[n++] = (uint8_t)v;
    return put_bytes(o, bytes, n);
}

static bool put_tag(parigot_gen_out *o, uint32_t number, unsigned wire)
{
    return put_varint(o, (uint64_t)number << 3 | wire);
}

/* The value of a scalar of at most eight bytes, extended to 64 bits as its varint wants it. */
static uint64_t load(const WireType *t, const void *p)
{
    if (t->size == 1) return *(const bool *)p;
    if (t->size == 4) {
        uint32_t v;
        memcpy(&v, p, 4);
        return t->is_signed ? (uint64_t)(int64_t)(int32_t)v : v;
    }
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}

static bool put_message(parigot_gen_out *o, const parigot_descriptor *d, const void *message, unsigned depth);

/* A value without its tag. Of a message: the struct itself. */
static bool put_value(parigot_gen_out *o, const parigot_field *f, const void *p, unsigned depth)
{
    const WireType *t = parigot_wire_type(f->type);
    if (f->type == PARIGOT_MESSAGE) {
        const uint8_t *end = o->at;
        size_t after = (size_t)(o->end - end);
        return put_message(o, f->message, p, depth + 1) && put_varint(o, (size_t)(o->end - o->at) - after);
    }
    if (t->wire == WIRE_LEN) {
        const View *s = p;
        if (f->type == PARIGOT_STRING && !parigot_utf8_valid(s->ptr, s->len))
            return fail(o, PARIGOT_INVALID_ARGUMENT);
        return put_bytes(o, s->ptr, s->len) && put_varint(o, s->len);
    }
    uint64_t v = load(t, p);
    if (t->wire == WIRE_VARINT) return put_varint(o, t->zigzag ? v << 1 ^ -(v >> 63) : v);
    uint8_t bytes[8];
    for (unsigned i = 0; i < t->size; i++) bytes[i] = (uint8_t)(v >> 8 * i);
    return put_bytes(o, bytes, t->size);
}

static bool put_field(parigot_gen_out *o, const parigot_field *f, const void *p, unsigned depth)
{
    return put_value(o, f, p, depth) && put_tag(o, f->number, parigot_wire_type(f->type)->wire);
}

static bool put_list(parigot_gen_out *o, const parigot_field *f, const View *list, unsigned depth)
{
    size_t item = f->type == PARIGOT_MESSAGE ? f->message->size : parigot_wire_type(f->type)->size;
    size_t after = (size_t)(o->end - o->at);
    if (!list->len) return true;
    for (size_t i = list->len; i-- > 0;) {
        const void *p = list->ptr + i * item;
        if (!(f->presence == PARIGOT_PACKED ? put_value(o, f, p, depth) : put_field(o, f, p, depth)))
            return false;
    }
    return f->presence != PARIGOT_PACKED ||
           (put_varint(o, (size_t)(o->end - o->at) - after) && put_tag(o, f->number, WIRE_LEN));
}

/* True if a value that has no flag of its own differs from zero; -0.0 does. */
static bool nonzero(const parigot_field *f, const void *p)
{
    if (parigot_wire_type(f->type)->wire == WIRE_LEN) return ((const View *)p)->len != 0;
    return load(parigot_wire_type(f->type), p) != 0;
}

static bool present(const parigot_field *f, const char *message)
{
    if (f->presence == PARIGOT_HAS) return *(const bool *)(message + f->flag);
    if (f->presence == PARIGOT_ONEOF)
        return *(const uint32_t *)(const void *)(message + f->flag) == f->number;
    return f->presence == PARIGOT_ALWAYS || f->type == PARIGOT_MESSAGE || nonzero(f, message + f->offset);
}

static bool put_message(parigot_gen_out *o, const parigot_descriptor *d, const void *message, unsigned depth)
{
    if (depth > PARIGOT_MAX_DEPTH) return fail(o, PARIGOT_INVALID_ARGUMENT);
    if (!message) return true;
    for (uint32_t i = d->count; i-- > 0;) {
        const parigot_field *f = &d->fields[i];
        const void *p = (const char *)message + f->offset;
        if (f->presence >= PARIGOT_LIST) {
            if (!put_list(o, f, p, depth)) return false;
            continue;
        }
        if (!present(f, message)) continue;
        if (f->type == PARIGOT_MESSAGE) {
            p = *(const void *const *)p;
            if (!p && f->presence == PARIGOT_NONZERO) continue;
        }
        if (!put_field(o, f, p, depth)) return false;
    }
    return true;
}

bool parigot_out_message(parigot_gen_out *o, const parigot_descriptor *d, const void *message)
{
    return put_message(o, d, message, 1);
}

parigot_status parigot_gen_encode(parigot_arena *arena, const parigot_descriptor *d, const void *message,
                                  parigot_bytes *bytes)
{
    parigot_gen_out o;
    parigot_out_init(&o);
    if (parigot_out_message(&o, d, message)) {
        size_t len = (size_t)(o.end - o.at);
        uint8_t *copy = parigot_arena_get(arena, len);
        if (copy) {
            memcpy(copy, o.at, len);
            *bytes = (parigot_bytes){copy, len};
        } else {
            o.status = PARIGOT_RESOURCE_EXHAUSTED;
        }
    }
    parigot_out_free(&o);
    return o.status;
}
