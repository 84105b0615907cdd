/* Tests of the guest library's codec, run on the host: against protobuf-c on messages made at random from the tables of
 * generated code, and on bytes written by hand that a hostile or merely different encoder might send. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "abi-stubs/lib/runtime.h"
#include "all.parigot.h"
#include "all.pb-c.h"
#include "optional.parigot.h"
#include "tap.h"

typedef tests_guest_v1_All All;
static const parigot_descriptor *const all_type = &tests_guest_v1_All_descriptor;

/* ---- memory that runs out when it is told to (the linker turns malloc of the library into this) ---- */

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
static long mallocs_left = -1; /* -1: never out */

void *__wrap_malloc(size_t size)
{
    if (mallocs_left == 0) return NULL;
    if (mallocs_left > 0) mallocs_left--;
    return __real_malloc(size);
}

/* ---- an arena a test, given back at its end ---- */

static parigot_arena arena;

static void set_up(void) { arena = (parigot_arena){NULL}; }
static void tear_down(void)
{
    mallocs_left = -1;
    parigot_arena_free(&arena);
}

static void *get(size_t size)
{
    void *p = parigot_arena_get(&arena, size ? size : 1);
    ck_assert_ptr_nonnull(p);
    return memset(p, 0, size);
}

static uint64_t random_state;
static uint64_t random64(void) /* xorshift64 */
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}
static uint64_t below(uint64_t n) { return random64() % n; }

/* ---- messages at random, from the tables ---- */

static void fill_message(const parigot_descriptor *type, char *message, unsigned depth);

static size_t size_of(const parigot_field *f)
{
    switch (f->type) {
    case PARIGOT_BOOL: return sizeof(bool);
    case PARIGOT_STRING:
    case PARIGOT_BYTES: return sizeof(parigot_bytes);
    case PARIGOT_MESSAGE: return f->message->size;
    case PARIGOT_DOUBLE:
    case PARIGOT_INT64:
    case PARIGOT_UINT64:
    case PARIGOT_FIXED64:
    case PARIGOT_SFIXED64:
    case PARIGOT_SINT64: return 8;
    default: return 4;
    }
}

static parigot_bytes random_bytes(bool text)
{
    static const char *const pieces[] = {"a", "0", " ", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\x7f", "\x01"};
    size_t n = below(4) ? below(8) : below(300);
    uint8_t *p = get(n * 4);
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        if (text) {
            const char *piece = pieces[below(8)];
            memcpy(p + len, piece, strlen(piece));
            len += strlen(piece);
        } else {
            p[len++] = (uint8_t)random64();
        }
    }
    return (parigot_bytes){p, len};
}

/* The value of a field; of a message, the struct itself. */
static void fill_value(const parigot_field *f, void *p, unsigned depth)
{
    static const uint64_t edges[] = {0, 1, 127, 128, 0x7fffffff, 0x80000000, UINT32_MAX, INT64_MAX, (uint64_t)INT64_MIN};
    uint64_t v = below(2) ? edges[below(9)] : random64() >> below(64);
    if (below(4) == 0) v = 0 - v;
    if (f->type == PARIGOT_MESSAGE) {
        fill_message(f->message, p, depth + 1);
    } else if (f->type == PARIGOT_STRING || f->type == PARIGOT_BYTES) {
        *(parigot_bytes *)p = random_bytes(f->type == PARIGOT_STRING);
    } else if (f->type == PARIGOT_BOOL) {
        *(bool *)p = v & 1;
    } else if (f->type == PARIGOT_DOUBLE) {
        double d = (double)(int64_t)v / 8;
        memcpy(p, &d, sizeof d);
    } else if (f->type == PARIGOT_FLOAT) {
        float d = (float)(int32_t)v / 8;
        memcpy(p, &d, sizeof d);
    } else {
        uint32_t low = (uint32_t)v;
        if (size_of(f) == 8) memcpy(p, &v, 8);
        else memcpy(p, &low, 4);
    }
}

static void fill_list(const parigot_field *f, parigot_bytes *list, unsigned depth)
{
    size_t n = below(3) ? 0 : f->type == PARIGOT_MESSAGE ? below(4) : below(40);
    char *items = get(n * size_of(f));
    for (size_t i = 0; i < n; i++) fill_value(f, items + i * size_of(f), depth);
    *list = (parigot_bytes){(uint8_t *)items, n};
}

static void fill_message(const parigot_descriptor *type, char *message, unsigned depth)
{
    for (uint32_t i = 0; i < type->count; i++) {
        const parigot_field *f = &type->fields[i];
        void *p = message + f->offset;
        if (f->presence != PARIGOT_ALWAYS && below(2)) continue;
        if (f->type == PARIGOT_MESSAGE && depth > 3) continue;
        if (f->presence >= PARIGOT_LIST) {
            fill_list(f, p, depth);
            continue;
        }
        if (f->presence == PARIGOT_HAS) *(bool *)(message + f->flag) = true;
        if (f->presence == PARIGOT_ONEOF) {
            if (*(uint32_t *)(void *)(message + f->flag)) continue;
            *(uint32_t *)(void *)(message + f->flag) = f->number;
        }
        if (f->type == PARIGOT_MESSAGE) p = *(void **)p = get(f->message->size);
        fill_value(f, p, depth);
    }
}

static parigot_bytes encode(const parigot_descriptor *type, const void *message)
{
    parigot_bytes bytes;
    ck_assert_int_eq(parigot_gen_encode(&arena, type, message, &bytes), PARIGOT_OK);
    return bytes;
}

/* Decodes from a copy of exactly the size, so that a sanitizer sees a step beyond it. */
static void *decode(const parigot_descriptor *type, parigot_bytes bytes, parigot_status *status)
{
    uint8_t *copy = __real_malloc(bytes.len);
    if (bytes.len) memcpy(copy, bytes.ptr, bytes.len);
    void *message = parigot_gen_decode(&arena, type, copy, bytes.len, status);
    parigot_bytes again = {0};
    if (message) again = encode(type, message);         /* while the bytes are there to be looked at */
    free(copy);
    if (!message) return NULL;
    uint8_t *kept = get(again.len);
    if (again.len) memcpy(kept, again.ptr, again.len);
    return parigot_gen_decode(&arena, type, kept, again.len, status);
}

static void assert_same(parigot_bytes a, parigot_bytes b)
{
    ck_assert_uint_eq(a.len, b.len);
    if (a.len) ck_assert_mem_eq(a.ptr, b.ptr, a.len);
}

START_TEST(random_messages_agree_with_protobuf_c)
{
    random_state = 0x2545f4914f6cdd1d + (uint64_t)_i * 1000003;
    All *m = get(sizeof *m);
    fill_message(all_type, (char *)m, 0);
    parigot_bytes ours = encode(all_type, m);

    Tests__Guest__V1__All *theirs = tests__guest__v1__all__unpack(NULL, ours.len, ours.ptr);
    ck_assert_ptr_nonnull(theirs);
    ck_assert_uint_eq(theirs->base.n_unknown_fields, 0);
    size_t len = tests__guest__v1__all__get_packed_size(theirs);
    uint8_t *packed = get(len);
    tests__guest__v1__all__pack(theirs, packed);
    tests__guest__v1__all__free_unpacked(theirs, NULL);

    /* Once decoded, maps are in order: then there is one encoding. */
    parigot_status status;
    void *from_ours = decode(all_type, ours, &status);
    ck_assert_int_eq(status, PARIGOT_OK);
    void *from_theirs = decode(all_type, (parigot_bytes){packed, len}, &status);
    ck_assert_int_eq(status, PARIGOT_OK);
    parigot_bytes a = encode(all_type, from_ours), b = encode(all_type, from_theirs);
    assert_same(a, b);
    assert_same(a, encode(all_type, decode(all_type, a, &status)));
}
END_TEST

START_TEST(truncated_messages)
{
    random_state = 0x9e3779b97f4a7c15 + (uint64_t)_i;
    All *m = get(sizeof *m);
    fill_message(all_type, (char *)m, 1);
    parigot_bytes bytes = encode(all_type, m);
    for (size_t n = 0; n < bytes.len; n += 1 + n / 100) {
        parigot_status status;
        void *p = decode(all_type, (parigot_bytes){bytes.ptr, n}, &status);
        ck_assert_int_eq(status, p ? PARIGOT_OK : PARIGOT_INVALID_ARGUMENT);
    }
}
END_TEST

START_TEST(memory_runs_out)
{
    random_state = 77;
    All *m = get(sizeof *m);
    for (int i = 0; i < 20; i++) fill_message(all_type, (char *)m, 0);
    parigot_bytes bytes = encode(all_type, m);
    bool decoded = false, encoded = false;
    for (long n = 0; n < 10000 && !(decoded && encoded); n++) {
        parigot_arena own = {NULL};
        parigot_status status;
        parigot_bytes out;
        mallocs_left = n;
        decoded = parigot_gen_decode(&own, all_type, bytes.ptr, bytes.len, &status) != NULL;
        mallocs_left = -1;                              /* Check needs memory too */
        ck_assert_int_eq(status, decoded ? PARIGOT_OK : PARIGOT_RESOURCE_EXHAUSTED);
        mallocs_left = n;
        status = parigot_gen_encode(&own, all_type, m, &out);
        mallocs_left = -1;
        encoded = status == PARIGOT_OK;
        ck_assert(encoded || status == PARIGOT_RESOURCE_EXHAUSTED);
        parigot_arena_free(&own);
    }
    ck_assert(decoded && encoded);
}
END_TEST

/* ---- bytes by hand ---- */

static parigot_bytes from_hex(const char *hex)
{
    uint8_t *p = get(strlen(hex));
    size_t n = 0;
    for (; *hex; hex++) {
        unsigned byte;
        if (*hex == ' ') continue;
        ck_assert_int_eq(sscanf(hex, "%2x", &byte), 1);
        p[n++] = (uint8_t)byte;
        hex++;
    }
    return (parigot_bytes){p, n};
}

/* What an All of these bytes becomes; NULL: refused. */
static const struct { const char *what, *bytes, *again; } by_hand[] = {
    {"nothing", "", ""},
    {"int32 of ten bytes", "18 ff ff ff ff ff ff ff ff ff 01", "18 ff ff ff ff ff ff ff ff ff 01"},
    {"int32 cut to 32 bits", "18 ff ff ff ff 0f", "18 ff ff ff ff ff ff ff ff ff 01"},
    {"int32 with high bits", "18 81 80 80 80 80 01", "18 01"},
    {"uint32 cut to 32 bits", "28 81 80 80 80 10", "28 01"},
    {"sint32 cut to 32 bits", "38 81 80 80 80 10", "38 01"},
    {"sint32 least", "38 ff ff ff ff 0f", "38 ff ff ff ff 0f"},
    {"sint64 least", "40 ff ff ff ff ff ff ff ff ff 01", "40 ff ff ff ff ff ff ff ff ff 01"},
    {"bool of any value", "68 ac 02", "68 01"},
    {"bool in more bytes than needed", "68 81 00", "68 01"},
    {"zeros", "18 00 09 00 00 00 00 00 00 00 00 68 00 72 00 7a 00 80 01 00", ""},
    {"minus zero is", "09 00 00 00 00 00 00 00 80", "09 00 00 00 00 00 00 00 80"},
    {"NaN keeps its bits", "15 01 00 a0 7f", "15 01 00 a0 7f"},
    {"unknown value of an enum", "80 01 2a", "80 01 2a"},
    {"negative value of an enum", "80 01 fb ff ff ff ff ff ff ff ff 01", "80 01 fb ff ff ff ff ff ff ff ff 01"},
    {"the last one wins", "18 01 18 02 72 01 61 72 01 62", "18 02 72 01 62"},
    {"order does not matter", "28 05 18 01", "18 01 28 05"},
    {"messages are merged", "8a 01 02 08 01 8a 01 03 12 01 61", "8a 01 05 08 01 12 01 61"},
    {"an empty message is there", "8a 01 00", "8a 01 00"},
    {"numbers packed", "8a 02 04 01 02 ac 02", "8a 02 04 01 02 ac 02"},
    {"numbers not packed", "88 02 01 88 02 02", "8a 02 02 01 02"},
    {"numbers both ways", "88 02 01 8a 02 02 02 03 88 02 04", "8a 02 04 01 02 03 04"},
    {"packed where it is not expected", "9a 03 02 01 02", "98 03 01 98 03 02"},
    {"packed doubles", "fa 01 08 00 00 00 00 00 00 f0 3f", "fa 01 08 00 00 00 00 00 00 f0 3f"},
    {"packed and empty", "8a 02 00", ""},
    {"packed doubles cut short", "fa 01 07 00 00 00 00 00 00 f0", NULL},
    {"packed number cut short", "8a 02 02 01 80", NULL},
    {"packed beyond the end", "8a 02 05 01 02", NULL},
    {"packed number too long", "8a 02 0b 80 80 80 80 80 80 80 80 80 80 01", NULL},
    {"wrong wire type is unknown", "1d 01 02 03 04", ""},
    {"text as a number is unknown", "70 05", ""},
    {"message as a number is unknown", "88 01 05", ""},
    {"unknown fields are skipped", "c0 3e 05 c1 3e 01 02 03 04 05 06 07 08 c2 3e 01 61 c5 3e 01 02 03 04 18 07", "18 07"},
    {"unknown group", "c3 3e 08 01 13 08 02 14 c4 3e 18 07", "18 07"},
    {"group that does not end", "c3 3e 08 01", NULL},
    {"group that ends as another", "c3 3e cc 3e", NULL},
    {"end of no group", "c4 3e", NULL},
    {"a known field as a group", "1b 08 01 1c 18 07", "18 07"},
    {"wire type 6", "1e 01", NULL},
    {"wire type 7", "1f 01", NULL},
    {"field 0", "02 00", NULL},
    {"tag beyond 32 bits", "80 80 80 80 10 01", NULL},
    {"largest field number", "f8 ff ff ff 0f 01", "f8 ff ff ff 0f 01"},
    {"no value", "18", NULL},
    {"number that does not end", "18 80 80", NULL},
    {"number of eleven bytes", "18 80 80 80 80 80 80 80 80 80 80 01", NULL},
    {"number beyond 64 bits", "30 80 80 80 80 80 80 80 80 80 02", NULL},
    {"fixed32 cut short", "4d 01 02 03", NULL},
    {"fixed64 cut short", "51 01 02 03 04 05 06 07", NULL},
    {"text cut short", "72 05 61 62", NULL},
    {"length of 2^64 - 1", "72 ff ff ff ff ff ff ff ff ff 01 61", NULL},
    {"length of 2^32", "72 80 80 80 80 10 61", NULL},
    {"text that is not UTF-8", "72 02 c3 28", NULL},
    {"text with a surrogate", "72 03 ed a0 80", NULL},
    {"text, overlong", "72 02 c0 af", NULL},
    {"text cut in a character", "72 02 e2 82", NULL},
    {"text with NUL", "72 03 61 00 62", "72 03 61 00 62"},
    {"bytes of any kind", "7a 02 c3 28", "7a 02 c3 28"},
    {"text in a list that is not UTF-8", "e2 02 01 ff", NULL},
    {"key of a map that is not UTF-8", "ea 03 03 0a 01 ff", NULL},
    {"map", "ea 03 06 0a 01 61 12 01 62", "ea 03 06 0a 01 61 12 01 62"},
    {"map, the last of a key wins", "ea 03 06 0a 01 61 12 01 62 ea 03 06 0a 01 61 12 01 63", "ea 03 06 0a 01 61 12 01 63"},
    {"map, in order", "ea 03 06 0a 01 62 12 01 62 ea 03 06 0a 01 61 12 01 63",
     "ea 03 06 0a 01 61 12 01 63 ea 03 06 0a 01 62 12 01 62"},
    {"map, entry without key and value", "ea 03 00", "ea 03 04 0a 00 12 00"},
    {"map, entry with value first", "ea 03 06 12 01 62 0a 01 61", "ea 03 06 0a 01 61 12 01 62"},
    {"map, unknown field in an entry", "ea 03 08 0a 01 61 12 01 62 18 05", "ea 03 06 0a 01 61 12 01 62"},
    {"map, signed keys in order", "f2 03 02 08 01 f2 03 0b 08 ff ff ff ff ff ff ff ff ff 01",
     "f2 03 0d 08 ff ff ff ff ff ff ff ff ff 01 12 00 f2 03 04 08 01 12 00"},
    {"map of messages has them all", "f2 03 02 08 05", "f2 03 04 08 05 12 00"},
    {"map in two parts of a message", "92 05 08 ea 03 05 0a 01 62 12 00 92 05 08 ea 03 05 0a 01 61 12 00",
     "92 05 10 ea 03 05 0a 01 61 12 00 ea 03 05 0a 01 62 12 00"},
    {"oneof, the last one counts", "ba 04 01 61 c0 04 05", "c0 04 05"},
    {"oneof, zero is there", "c0 04 00", "c0 04 00"},
    {"oneof, another kind of value between", "ca 04 02 08 01 c0 04 05 ca 04 03 12 01 61", "ca 04 03 12 01 61"},
    {"oneof, messages are merged", "ca 04 02 08 01 ca 04 03 12 01 61", "ca 04 05 08 01 12 01 61"},
    {"oneof, text replaced by a number and back", "ba 04 01 61 c0 04 05 ba 04 01 62", "ba 04 01 62"},
};

START_TEST(bytes_by_hand)
{
    parigot_status status;
    const char *what = by_hand[_i].what, *again = by_hand[_i].again;
    void *message = decode(all_type, from_hex(by_hand[_i].bytes), &status);
    if (!again) {
        ck_assert_msg(!message, "%s: was accepted", what);
        ck_assert_int_eq(status, PARIGOT_INVALID_ARGUMENT);
        return;
    }
    ck_assert_msg(message, "%s: was refused", what);
    parigot_bytes out = encode(all_type, message), expected = from_hex(again);
    bool same = out.len == expected.len && (!out.len || memcmp(out.ptr, expected.ptr, out.len) == 0);
    ck_assert_msg(same, "%s: became something else (%zu bytes)", what, out.len);
}
END_TEST

/* `levels` messages in one another, by field 92 "next". */
static parigot_bytes nested(size_t levels)
{
    size_t room = levels * 8, at = room;
    uint8_t *p = get(room);
    for (size_t i = 0; i < levels; i++) {
        size_t len = room - at;
        uint8_t tag[8], n = 0;
        tag[n++] = 0xe2;
        tag[n++] = 0x05;
        for (; len >= 0x80; len >>= 7) tag[n++] = (uint8_t)(len | 0x80);
        tag[n++] = (uint8_t)len;
        at -= n;
        memcpy(p + at, tag, n);
    }
    return (parigot_bytes){p + at, room - at};
}

START_TEST(depth)
{
    parigot_status status;
    ck_assert_ptr_nonnull(decode(all_type, nested(PARIGOT_MAX_DEPTH - 1), &status));
    ck_assert_ptr_null(decode(all_type, nested(PARIGOT_MAX_DEPTH), &status));
    ck_assert_int_eq(status, PARIGOT_INVALID_ARGUMENT);
    ck_assert_ptr_null(decode(all_type, nested(20000), &status));

    uint8_t *groups = get(100000); /* unknown groups in one another */
    memset(groups, 0x0b, 100000);
    ck_assert_ptr_null(decode(all_type, (parigot_bytes){groups, 100000}, &status));
    ck_assert_int_eq(status, PARIGOT_INVALID_ARGUMENT);

    All m = {0};
    m.next = &m; /* a message that contains itself has no end */
    parigot_bytes bytes;
    ck_assert_int_eq(parigot_gen_encode(&arena, all_type, &m, &bytes), PARIGOT_INVALID_ARGUMENT);
}
END_TEST

START_TEST(bad_text_is_not_sent)
{
    parigot_bytes bytes = {0};
    All m = {.a_string = {"\xff", 1}};
    ck_assert_int_eq(tests_guest_v1_All_encode(&arena, &m, &bytes), PARIGOT_INVALID_ARGUMENT);
    ck_assert_ptr_null(bytes.ptr);
    m = (All){.a_bytes = {(const uint8_t *)"\xff", 1}};
    ck_assert_int_eq(tests_guest_v1_All_encode(&arena, &m, &bytes), PARIGOT_OK);
    ck_assert_int_eq(tests_guest_v1_All_encode(&arena, NULL, &bytes), PARIGOT_OK);
    ck_assert_uint_eq(bytes.len, 0);
}
END_TEST

/* A small message with many entries or elements: time and memory are linear, maps n log n. */
START_TEST(large_maps_and_lists)
{
    enum { N = 100000 };
    tests_guest_v1_All_BySint64Entry *entries = get(N * sizeof *entries);
    int32_t *numbers = get(N * sizeof *numbers);
    for (size_t i = 0; i < N; i++) {
        entries[i].key = (int64_t)(i * 2654435761 % 50000) - 25000; /* each key twice */
        entries[i].value = (parigot_bytes){(const uint8_t *)&numbers[i], 4};
        numbers[i] = (int32_t)i;
    }
    All m = {.by_sint64 = {entries, N}, .int32s = {numbers, N}, .loose_int32s = {numbers, N}};
    parigot_status status;
    const All *d = decode(all_type, encode(all_type, &m), &status);
    ck_assert_ptr_nonnull(d);
    ck_assert_uint_eq(d->by_sint64.len, N / 2);
    for (size_t i = 0; i < d->by_sint64.len; i++) {
        int32_t from;
        memcpy(&from, d->by_sint64.ptr[i].value.ptr, 4);
        ck_assert_int_eq(d->by_sint64.ptr[i].key, (int64_t)i - 25000);
        ck_assert_int_eq(entries[from].key, d->by_sint64.ptr[i].key);
        ck_assert_int_ge(from, N / 2); /* the later one of the two */
    }
    ck_assert_uint_eq(d->int32s.len, N);
    ck_assert_mem_eq(d->int32s.ptr, numbers, N * sizeof *numbers);
    ck_assert_uint_eq(d->loose_int32s.len, N);
    ck_assert_mem_eq(d->loose_int32s.ptr, numbers, N * sizeof *numbers);
}
END_TEST

START_TEST(optional_fields)
{
    typedef tests_guest_v1_Maybe Maybe;
    Maybe m = {.has_number = true, .has_text = true, .has_truth = true, .has_color = true, .has_data = true,
               .has_real = true, .has_far = true, .all = &(All){0}, .text = PARIGOT_STR("")};
    parigot_bytes bytes, none;
    const Maybe *d;
    ck_assert_int_eq(tests_guest_v1_Maybe_encode(&arena, &m, &bytes), PARIGOT_OK);
    assert_same(bytes, from_hex("08 00 12 00 18 00 20 00 2a 00 32 00 39 00 00 00 00 00 00 00 00 c0 3e 00"));
    ck_assert_int_eq(tests_guest_v1_Maybe_decode(&arena, bytes, &d), PARIGOT_OK);
    ck_assert(d->has_number && d->has_text && d->has_truth && d->has_color && d->has_data && d->has_real && d->has_far);
    ck_assert_ptr_nonnull(d->all);
    ck_assert_int_eq(tests_guest_v1_Maybe_encode(&arena, &(Maybe){.number = 5}, &none), PARIGOT_OK);
    ck_assert_uint_eq(none.len, 0);
    ck_assert_int_eq(tests_guest_v1_Maybe_decode(&arena, none, &d), PARIGOT_OK);
    ck_assert(!d->has_number && !d->has_text && !d->all);
    ck_assert_int_eq(d->kind.which, tests_guest_v1_Maybe_kind_UNSET);
}
END_TEST

/* A program that knows fewer fields reads what it knows. */
START_TEST(older_reader)
{
    parigot_bytes bytes;
    const tests_guest_v1_Early *early;
    All m = {.an_int32 = -7, .an_inner = &(tests_guest_v1_All_Inner){.id = 5, .name = PARIGOT_STR("x")},
             .doubles = {(double[]){1, 2}, 2}, .last = 1};
    ck_assert_int_eq(tests_guest_v1_All_encode(&arena, &m, &bytes), PARIGOT_OK);
    ck_assert_int_eq(tests_guest_v1_Early_decode(&arena, bytes, &early), PARIGOT_OK);
    ck_assert_int_eq(early->an_int32, -7);
    ck_assert(parigot_str_equal(early->an_inner->name, PARIGOT_STR("x")));
}
END_TEST

START_TEST(members_and_names)
{
    All m = {.int_ = 1, .class_ = PARIGOT_STR("c"), .default_ = true, .NULL_ = 4, .ptr = 5, .len = 6};
    m.kind.which = tests_guest_v1_All_kind_kind_number;
    m.kind.kind_number = 9;
    m.other_kind.which = tests_guest_v1_All_other_kind_which;
    m.other_kind.which_ = 81;
    m.an_inner = &(tests_guest_v1_All_Inner){
        .deeper = &(tests_guest_v1_All_Inner_Deeper){.mood = tests_guest_v1_All_Inner_Deeper_LOUD}};
    parigot_status status;
    const All *d = decode(all_type, encode(all_type, &m), &status);
    ck_assert(d->int_ == 1 && d->default_ && d->NULL_ == 4 && d->ptr == 5 && d->len == 6);
    ck_assert_uint_eq(d->kind.kind_number, 9);
    ck_assert_int_eq(d->other_kind.which_, 81);
    ck_assert_int_eq(d->an_inner->deeper->mood, tests_guest_v1_All_Inner_Deeper_LOUD);
    ck_assert_int_eq(tests_other_v1_SHAPE_DEEP, INT32_MIN);
    ck_assert_int_eq(tests_guest_v1_COLOR_CRIMSON, tests_guest_v1_COLOR_RED);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("guest codec");
    TCase *cases = tcase_create("wire");
    suite_add_tcase(suite, cases);
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_loop_test(cases, random_messages_agree_with_protobuf_c, 0, 300);
    tcase_add_loop_test(cases, truncated_messages, 0, 8);
    tcase_add_test(cases, memory_runs_out);
    tcase_add_loop_test(cases, bytes_by_hand, 0, sizeof by_hand / sizeof *by_hand);
    tcase_add_test(cases, depth);
    tcase_add_test(cases, bad_text_is_not_sent);
    tcase_add_test(cases, large_maps_and_lists);
    tcase_add_test(cases, optional_fields);
    tcase_add_test(cases, older_reader);
    tcase_add_test(cases, members_and_names);
    return run_tap(suite);
}
