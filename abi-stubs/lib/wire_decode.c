/* wire_decode.c: the protobuf wire format to structs, driven by the tables of generated code.
 *
 * The bytes may come from anybody. Every length is compared with what is left; nesting is bounded; unknown
 * fields, groups too, are skipped; time is linear in the bytes (n log n for maps), memory is bounded by a
 * multiple of them. Text and bytes are views. As protobuf wants it: of a scalar that comes twice the last one
 * wins, messages that come twice are merged, a known field with a wire type that does not fit is unknown. */
#include <stdlib.h>
#include <string.h>
#include "runtime.h"

typedef struct Decoder {
    parigot_arena *arena;
    parigot_status status;
    bool maps; /* some map has more than one entry: sort_maps() is needed */
} Decoder;

typedef struct Bytes {
    const uint8_t *at, *end;
} Bytes;

/* What list members look like while they are filled. Room is for the next power of two, at least 4. */
typedef struct __attribute__((may_alias)) List {
    char *ptr;
    size_t len;
} List;

static bool fail(Decoder *d, parigot_status status)
{
    d->status = status;
    return false;
}

static bool malformed(Decoder *d) { return fail(d, PARIGOT_INVALID_ARGUMENT); }

static bool get_varint(Decoder *d, Bytes *in, uint64_t *out)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (in->at == in->end) return malformed(d);
        uint8_t b = *in->at++;
        if (shift == 63 && b > 1) return malformed(d);
        v |= (uint64_t)(b & 0x7f) << shift;
        if (b < 0x80) {
            *out = v;
            return true;
        }
    }
    return malformed(d);
}

static bool get_tag(Decoder *d, Bytes *in, uint32_t *number, unsigned *wire)
{
    uint64_t v;
    if (!get_varint(d, in, &v)) return false;
    if (v > UINT32_MAX || v >> 3 == 0) return malformed(d);
    *number = (uint32_t)(v >> 3);
    *wire = v & 7;
    return true;
}

/* The bytes of a length-delimited value. */
static bool get_sized(Decoder *d, Bytes *in, Bytes *out)
{
    uint64_t len;
    if (!get_varint(d, in, &len)) return false;
    if (len > (size_t)(in->end - in->at)) return malformed(d);
    *out = (Bytes){in->at, in->at + len};
    in->at += len;
    return true;
}

static bool skip_fixed(Decoder *d, Bytes *in, size_t n)
{
    if (n > (size_t)(in->end - in->at)) return malformed(d);
    in->at += n;
    return true;
}

/* Passes over the value of an unknown field. A group ends with a tag of its number; groups nest, at most as
 * deep as messages may. */
static bool skip(Decoder *d, Bytes *in, uint32_t number, unsigned wire, unsigned depth)
{
    uint64_t v;
    Bytes sized;
    uint32_t inner;
    switch (wire) {
    case WIRE_VARINT: return get_varint(d, in, &v);
    case WIRE_64: return skip_fixed(d, in, 8);
    case WIRE_LEN: return get_sized(d, in, &sized);
    case WIRE_32: return skip_fixed(d, in, 4);
    case WIRE_GROUP:
        if (depth > PARIGOT_MAX_DEPTH) return malformed(d);
        for (;;) {
            if (!get_tag(d, in, &inner, &wire)) return false;
            if (wire == WIRE_GROUP_END) return inner == number || malformed(d);
            if (!skip(d, in, inner, wire, depth + 1)) return false;
        }
    default: return malformed(d);
    }
}

static size_t room(size_t len)
{
    if (len <= 4) return len ? 4 : 0;
    return (size_t)1 << (64 - (unsigned)__builtin_clzll((unsigned long long)len - 1));
}

/* Makes a list longer by n zeroed elements and returns the first of them, or NULL. */
static void *append(Decoder *d, List *list, size_t item, size_t n)
{
    size_t bytes, old = room(list->len);
    if (n > SIZE_MAX / 4 - list->len || __builtin_mul_overflow(room(list->len + n), item, &bytes)) {
        fail(d, PARIGOT_RESOURCE_EXHAUSTED);
        return NULL;
    }
    if (bytes > old * item) {
        char *p = parigot_arena_grow(d->arena, list->ptr, old * item, bytes);
        if (!p) {
            fail(d, PARIGOT_RESOURCE_EXHAUSTED);
            return NULL;
        }
        list->ptr = p;
    }
    void *first = memset(list->ptr + list->len * item, 0, n * item);
    list->len += n;
    return first;
}

static void store(const WireType *t, void *p, uint64_t v)
{
    uint32_t low = (uint32_t)v;
    if (t->size == 1) *(bool *)p = v != 0;
    else if (t->size == 4) memcpy(p, &low, 4);
    else memcpy(p, &v, 8);
}

/* A scalar of at most eight bytes. */
static bool get_scalar(Decoder *d, Bytes *in, const WireType *t, void *p)
{
    uint64_t v = 0;
    if (t->wire == WIRE_VARINT) {
        if (!get_varint(d, in, &v)) return false;
        if (t->zigzag && t->size == 4) v = (uint32_t)v;
        if (t->zigzag) v = v >> 1 ^ -(v & 1);
    } else {
        if (t->size > (size_t)(in->end - in->at)) return malformed(d);
        for (unsigned i = 0; i < t->size; i++) v |= (uint64_t)*in->at++ << 8 * i;
    }
    store(t, p, v);
    return true;
}

static bool get_text(Decoder *d, Bytes *in, const parigot_field *f, void *p)
{
    Bytes value;
    if (!get_sized(d, in, &value)) return false;
    size_t len = (size_t)(value.end - value.at);
    if (f->type == PARIGOT_STRING && !parigot_utf8_valid(value.at, len)) return malformed(d);
    *(parigot_bytes *)p = (parigot_bytes){value.at, len};
    return true;
}

static bool get_message(Decoder *d, Bytes in, const parigot_descriptor *type, char *message, unsigned depth);

static bool get_inner(Decoder *d, Bytes *in, const parigot_field *f, void *message, unsigned depth)
{
    Bytes value;
    return get_sized(d, in, &value) && get_message(d, value, f->message, message, depth + 1);
}

/* All elements of a packed field at once. */
static bool get_packed(Decoder *d, Bytes *in, const WireType *t, List *list)
{
    Bytes values;
    if (!get_sized(d, in, &values)) return false;
    size_t bytes = (size_t)(values.end - values.at), count = 0;
    if (t->wire == WIRE_VARINT)
        for (size_t i = 0; i < bytes; i++) count += values.at[i] < 0x80;
    else if (bytes % t->size) return malformed(d);
    else count = bytes / t->size;
    if (!bytes) return true;
    if (values.end[-1] >= 0x80 && t->wire == WIRE_VARINT) return malformed(d);
    char *p = append(d, list, t->size, count);
    for (; p && count > 0; count--, p += t->size)
        if (!get_scalar(d, &values, t, p)) return false;
    return p != NULL;
}

static void *new_message(Decoder *d, const parigot_descriptor *type)
{
    void *p = parigot_arena_get(d->arena, type->size);
    if (p) memset(p, 0, type->size);
    else fail(d, PARIGOT_RESOURCE_EXHAUSTED);
    return p;
}

/* An entry of a map whose value is a message has one, even when the wire left it out. */
static bool get_entry(Decoder *d, Bytes *in, const parigot_field *f, char *entry, unsigned depth)
{
    const parigot_field *value = &f->message->fields[1];
    if (!get_inner(d, in, f, entry, depth)) return false;
    if (value->type != PARIGOT_MESSAGE) return true;
    void **p = (void **)(void *)(entry + value->offset);
    if (!*p) *p = new_message(d, value->message);
    return *p != NULL;
}

static bool get_repeated(Decoder *d, Bytes *in, const parigot_field *f, List *list, unsigned depth)
{
    const WireType *t = parigot_wire_type(f->type);
    void *p = append(d, list, f->type == PARIGOT_MESSAGE ? f->message->size : t->size, 1);
    if (!p) return false;
    if (f->presence == PARIGOT_MAP) {
        if (list->len > 1) d->maps = true;
        return get_entry(d, in, f, p, depth);
    }
    if (f->type == PARIGOT_MESSAGE) return get_inner(d, in, f, p, depth);
    return t->wire == WIRE_LEN ? get_text(d, in, f, p) : get_scalar(d, in, t, p);
}

/* A field that is there once: the value at p. */
static bool get_single(Decoder *d, Bytes *in, const parigot_field *f, char *message, unsigned depth)
{
    void *p = message + f->offset;
    if (f->presence == PARIGOT_HAS) *(bool *)(message + f->flag) = true;
    if (f->presence == PARIGOT_ONEOF) {
        uint32_t *which = (uint32_t *)(void *)(message + f->flag);
        if (*which != f->number && f->type == PARIGOT_MESSAGE) *(void **)p = NULL;
        *which = f->number;
    }
    if (f->type == PARIGOT_MESSAGE) {
        void **inner = p;
        if (!*inner) *inner = new_message(d, f->message);
        return *inner && get_inner(d, in, f, *inner, depth);
    }
    const WireType *t = parigot_wire_type(f->type);
    return t->wire == WIRE_LEN ? get_text(d, in, f, p) : get_scalar(d, in, t, p);
}

/* The field of that number, or NULL. Fields mostly come in order: *next is where to look first. */
static const parigot_field *find_field(const parigot_descriptor *type, uint32_t number, uint32_t *next)
{
    uint32_t low = 0, high = type->count;
    if (*next < high && type->fields[*next].number == number) return &type->fields[(*next)++];
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (type->fields[mid].number < number) low = mid + 1;
        else high = mid;
    }
    if (low == type->count || type->fields[low].number != number) return NULL;
    *next = low + (type->fields[low].presence < PARIGOT_LIST);
    return &type->fields[low];
}

/* Decodes into a struct that is zeroed, or holds an earlier part of the same message. */
static bool get_message(Decoder *d, Bytes in, const parigot_descriptor *type, char *message, unsigned depth)
{
    uint32_t next = 0, number;
    unsigned wire;
    if (depth > PARIGOT_MAX_DEPTH) return malformed(d);
    while (in.at < in.end) {
        if (!get_tag(d, &in, &number, &wire)) return false;
        const parigot_field *f = find_field(type, number, &next);
        const WireType *t = f ? parigot_wire_type(f->type) : NULL;
        bool done;
        if (f && wire == t->wire) {
            done = f->presence < PARIGOT_LIST
                       ? get_single(d, &in, f, message, depth)
                       : get_repeated(d, &in, f, (List *)(void *)(message + f->offset), depth);
        } else if (f && wire == WIRE_LEN && (f->presence == PARIGOT_LIST || f->presence == PARIGOT_PACKED)) {
            done = get_packed(d, &in, t, (List *)(void *)(message + f->offset));
        } else {
            done = skip(d, &in, number, wire, depth);
        }
        if (!done) return false;
    }
    return true;
}

/* ---- maps -------------------------------------------------------------------------------------------- */

/* Order of two entries by key: text by its bytes, numbers by value, false before true. */
static int compare_keys(const parigot_field *key, const void *a, const void *b)
{
    const WireType *t = parigot_wire_type(key->type);
    if (t->wire == WIRE_LEN) {
        const parigot_bytes *x = a, *y = b;
        size_t n = x->len < y->len ? x->len : y->len;
        int order = n ? memcmp(x->ptr, y->ptr, n) : 0;
        return order ? order : x->len < y->len ? -1 : x->len > y->len;
    }
    uint64_t x = 0, y = 0;
    memcpy(&x, a, t->size);
    memcpy(&y, b, t->size);
    if (t->is_signed) { /* moves the sign's order to the front */
        x ^= (uint64_t)1 << (8 * t->size - 1);
        y ^= (uint64_t)1 << (8 * t->size - 1);
    }
    return x < y ? -1 : x > y;
}

/* Merge sort of pointers to entries; stable, so that of equal keys the last one stays last. */
static void sort_entries(const parigot_field *key, char **entry, char **spare, size_t n)
{
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t low = 0; low < n; low += 2 * width) {
            size_t mid = low + width < n ? low + width : n, high = mid + width < n ? mid + width : n;
            for (size_t i = low, j = mid, k = low; k < high; k++) {
                bool left = j == high || (i < mid && compare_keys(key, entry[i] + key->offset,
                                                                  entry[j] + key->offset) <= 0);
                spare[k] = left ? entry[i++] : entry[j++];
            }
        }
        memcpy(entry, spare, n * sizeof *entry);
    }
}

static bool sort_map(Decoder *d, const parigot_field *f, List *list)
{
    const parigot_field *key = &f->message->fields[0];
    size_t item = f->message->size, n = list->len, kept = 0;
    char **entry = malloc(n * 2 * sizeof *entry);
    char *sorted = parigot_arena_get(d->arena, n * item);
    if (entry && sorted) {
        for (size_t i = 0; i < n; i++) entry[i] = list->ptr + i * item;
        sort_entries(key, entry, entry + n, n);
        for (size_t i = 0; i < n; i++) {
            bool last =
                i + 1 == n || compare_keys(key, entry[i] + key->offset, entry[i + 1] + key->offset) != 0;
            if (last) memcpy(sorted + item * kept++, entry[i], item);
        }
        *list = (List){sorted, kept};
    }
    free(entry);
    return (entry && sorted) || fail(d, PARIGOT_RESOURCE_EXHAUSTED);
}

/* Sorts the maps of a message and of all messages in it. Runs once, at the end: a map may come in many parts.
 */
static bool sort_maps(Decoder *d, const parigot_descriptor *type, char *message)
{
    for (uint32_t i = 0; i < type->count; i++) {
        const parigot_field *f = &type->fields[i];
        char *p = message + f->offset;
        if (f->type != PARIGOT_MESSAGE) continue;
        if (f->presence < PARIGOT_LIST) {
            bool other =
                f->presence == PARIGOT_ONEOF && *(uint32_t *)(void *)(message + f->flag) != f->number;
            char *inner = other ? NULL : *(char **)(void *)p;
            if (inner && !sort_maps(d, f->message, inner)) return false;
            continue;
        }
        List *list = (List *)(void *)p;
        if (f->presence == PARIGOT_MAP && list->len > 1 && !sort_map(d, f, list)) return false;
        for (size_t k = 0; k < list->len; k++)
            if (!sort_maps(d, f->message, list->ptr + k * f->message->size)) return false;
    }
    return true;
}

void *parigot_gen_decode(parigot_arena *arena, const parigot_descriptor *type, const void *bytes, size_t len,
                         parigot_status *status)
{
    Decoder d = {.arena = arena};
    const uint8_t *start = bytes;
    char *message = new_message(&d, type);
    bool good = message && (!len || get_message(&d, (Bytes){start, start + len}, type, message, 1)) &&
                (!d.maps || sort_maps(&d, type, message));
    *status = d.status;
    return good ? message : NULL;
}
