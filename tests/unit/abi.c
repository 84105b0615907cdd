/* Descriptions of services: what a set of files comes to, its digest spelled out, sets that agree and sets
 * that do not, and what hostile bytes are refused for. */
#include "tests/unit/tap.h"
#include "validator/validator.h"

#include "google/protobuf/descriptor.pb-c.h"
#include "parigot/kernel/v1/kernel.pb-c.h"
#include "proto/host.h"

#include <sodium.h>
#include <string.h>

/* ---- sets by hand: tag and length of each message ---- */

typedef struct Bytes {
    char p[400000];
    size_t n;
} Bytes;

static void put(Bytes *b, const void *p, size_t n)
{
    ck_assert(b->n + n <= sizeof b->p);
    if (n) memcpy(b->p + b->n, p, n);
    b->n += n;
}

static void put_varint(Bytes *b, uint64_t v)
{
    for (; v > 127; v >>= 7) put(b, &(uint8_t){(uint8_t)(v | 128)}, 1);
    put(b, &(uint8_t){(uint8_t)v}, 1);
}

static void put_field(Bytes *b, unsigned number, const void *p, size_t n)
{
    put_varint(b, number << 3 | 2);
    put_varint(b, n);
    put(b, p, n);
}

static void put_text(Bytes *b, unsigned number, const char *s) { put_field(b, number, s, strlen(s)); }
static void put_number(Bytes *b, unsigned number, uint64_t v)
{
    put_varint(b, number << 3);
    put_varint(b, v);
}

/* One field of a message: FieldDescriptorProto. type_name NULL: a scalar. */
static void put_member(Bytes *message, const char *name, int number, int label, int type,
                       const char *type_name)
{
    static Bytes f;
    f.n = 0;
    put_text(&f, 1, name);
    put_number(&f, 3, (uint64_t)number);
    put_number(&f, 4, (uint64_t)label);
    put_number(&f, 5, (uint64_t)type);
    if (type_name) put_text(&f, 6, type_name);
    put_field(message, 2, f.p, f.n);
}

static void put_method(Bytes *service, const char *name, const char *request, const char *reply, bool in,
                       bool out)
{
    static Bytes m;
    m.n = 0;
    put_text(&m, 1, name);
    put_text(&m, 2, request);
    put_text(&m, 3, reply);
    if (in) put_number(&m, 5, 1);
    if (out) put_number(&m, 6, 1);
    put_field(service, 2, m.p, m.n);
}

enum {
    LABEL_OPTIONAL = 1,
    LABEL_REPEATED = 3,
    TYPE_INT32 = 5,
    TYPE_STRING = 9,
    TYPE_MESSAGE = 11,
    TYPE_ENUM_ = 14
};

/* package a.v1; message M { string s = 2; repeated M more = 1; E e = 3; } enum E { ZERO = 0; ONE = 1; }
 * message N { int32 n = 1; } service S { rpc Two(N) returns (stream M); rpc One(N) returns (N); } */
static void make_file(Bytes *file, const char *package)
{
    static Bytes m, e, v, n, s;
    char name[64];
    m.n = e.n = n.n = s.n = 0;
    put_text(file, 1, "a.proto");
    if (*package) put_text(file, 2, package);
    put_text(&m, 1, "M");
    put_member(&m, "s", 2, LABEL_OPTIONAL, TYPE_STRING, NULL);
    snprintf(name, sizeof name, ".%s.M", package);
    put_member(&m, "more", 1, LABEL_REPEATED, TYPE_MESSAGE, name);
    snprintf(name, sizeof name, ".%s.E", package);
    put_member(&m, "e", 3, LABEL_OPTIONAL, TYPE_ENUM_, name);
    put_field(file, 4, m.p, m.n);
    put_text(&n, 1, "N");
    put_member(&n, "n", 1, LABEL_OPTIONAL, TYPE_INT32, NULL);
    put_field(file, 4, n.p, n.n);
    put_text(&e, 1, "E");
    for (int i = 1; i >= 0; i--) {
        v.n = 0;
        put_text(&v, 1, i ? "ONE" : "ZERO");
        put_number(&v, 2, (uint64_t)i);
        put_field(&e, 2, v.p, v.n);
    }
    put_field(file, 5, e.p, e.n);
    char request[64], reply[64];
    snprintf(request, sizeof request, ".%s.N", package);
    snprintf(reply, sizeof reply, ".%s.M", package);
    put_text(&s, 1, "S");
    put_method(&s, "Two", request, reply, false, true);
    put_method(&s, "One", request, request, false, false);
    put_field(file, 6, s.p, s.n);
}

static void make_set(Bytes *set, const char *package)
{
    static Bytes file;
    file.n = 0;
    make_file(&file, package);
    put_field(set, 1, file.p, file.n);
}

/* ---- parsing ---- */

static Arena arena;
static Diags diags;
static ValAbi abi;

static bool parse2(const Bytes *a, const Bytes *b)
{
    ValAbiSet sets[] = {{"a.abi", {a->p, a->n}}, {"b.abi", {b ? b->p : "", b ? b->n : 0}}};
    return val_parse_abi(&arena, sets, b ? 2 : 1, &diags, &abi);
}

static void refused(const Bytes *a, const Bytes *b, DiagCode code, const char *file)
{
    ck_assert(!parse2(a, b));
    ck_assert_uint_ge(diags.n, 1);
    ck_assert_msg(diags.items[0].code == code, "%s: %s", diag_code_text(diags.items[0].code),
                  diags.items[0].text);
    ck_assert_str_eq(diags.items[0].place.file, file);
    ck_assert_uint_eq(abi.n_services, 0);
    diag_free(&diags);
}

static void digest_of(const char *text, uint8_t digest[32])
{
    crypto_generichash(digest, 32, (const uint8_t *)text, strlen(text), NULL, 0);
}

static Bytes one, two;

START_TEST(described)
{
    uint8_t digest[32];
    make_set(&one, "a.v1");
    ck_assert_msg(parse2(&one, NULL), "%s", diags.n ? diags.items[0].text : "");
    ck_assert_uint_eq(abi.n_services, 1);
    const ValService *s = val_find_service(&abi, STR("a.v1.S"));
    ck_assert_ptr_nonnull(s);
    ck_assert_ptr_null(val_find_service(&abi, STR("a.v1.T")));
    ck_assert_uint_eq(s->n_methods, 2);
    ck_assert_ptr_nonnull(val_find_method(s, STR("One")));
    ck_assert_ptr_nonnull(val_find_method(s, STR("Two")));
    ck_assert_ptr_null(val_find_method(s, STR("on")));
    digest_of("rpc One a.v1.N a.v1.N\nrpc Two a.v1.N stream a.v1.M\n"
              "enum a.v1.E\n0 ZERO\n1 ONE\n"
              "message a.v1.M\n1 repeated a.v1.M more\n2 optional string s\n3 optional a.v1.E e\n"
              "message a.v1.N\n1 optional int32 n\n",
              digest);
    ck_assert(s->has_digest);
    ck_assert_mem_eq(s->digest, digest, 32);
    arena_free(&arena);
}
END_TEST

/* The same file in two sets is one; a service of the other's types gets its digest from both. */
START_TEST(together)
{
    uint8_t digest[32];
    make_set(&one, "a.v1");
    ck_assert(parse2(&one, NULL));
    memcpy(digest, abi.services[0].digest, 32);
    ck_assert(parse2(&one, &one));
    ck_assert_uint_eq(abi.n_services, 1);
    ck_assert_mem_eq(abi.services[0].digest, digest, 32);
    make_set(&two, "b.v1");
    ck_assert(parse2(&two, &one));
    ck_assert_uint_eq(abi.n_services, 2);
    ck_assert_mem_eq(val_find_service(&abi, STR("a.v1.S"))->digest, digest, 32);
    ck_assert_int_eq(str_cmp(abi.services[0].name, abi.services[1].name), -1);
    arena_free(&arena);
}
END_TEST

START_TEST(type_missing)
{
    static Bytes file, s;
    put_text(&s, 1, "S");
    put_method(&s, "Do", ".b.v1.N", ".b.v1.N", true, false);
    put_text(&file, 2, "c.v1");
    put_field(&file, 6, s.p, s.n);
    put_field(&one, 1, file.p, file.n);
    ck_assert(parse2(&one, NULL));
    ck_assert(!abi.services[0].has_digest && abi.services[0].methods[0].streams_request);
    make_set(&two, "b.v1");
    ck_assert(parse2(&one, &two));
    ck_assert(val_find_service(&abi, STR("c.v1.S"))->has_digest);
    arena_free(&arena);
}
END_TEST

START_TEST(no_package)
{
    make_set(&one, "");
    refused(&one, NULL, ABI_NAME, "a.abi"); /* "..M" is no name */
    static Bytes file, s;
    put_text(&s, 1, "Bare");
    put_field(&file, 6, s.p, s.n);
    put_field(&two, 1, file.p, file.n);
    ck_assert(parse2(&two, NULL));
    ck_assert(diags.n == 1 && diags.items[0].code == ABI_SERVICE && diags.warnings == 1);
    ck_assert_uint_eq(abi.n_services, 0);
    diag_free(&diags);
    arena_free(&arena);
}
END_TEST

START_TEST(conflicts)
{
    static Bytes file, m, s, none;
    make_set(&one, "a.v1");
    put_text(&m, 1, "N");
    put_member(&m, "n", 2, LABEL_OPTIONAL, TYPE_INT32, NULL);
    put_text(&file, 2, "a.v1");
    put_field(&file, 4, m.p, m.n);
    put_field(&two, 1, file.p, file.n);
    refused(&one, &two, ABI_CONFLICT, "b.abi");
    two = file = none;
    put_text(&s, 1, "S");
    put_method(&s, "One", ".a.v1.N", ".a.v1.M", false, false);
    put_text(&file, 2, "a.v1");
    put_field(&file, 6, s.p, s.n);
    put_field(&two, 1, file.p, file.n);
    refused(&one, &two, ABI_CONFLICT, "b.abi");
    two = file = none;
    put_method(&s, "One", ".a.v1.N", ".a.v1.M", false, false);
    put_text(&file, 2, "d.v1");
    put_field(&file, 6, s.p, s.n);
    put_field(&two, 1, file.p, file.n);
    refused(&two, NULL, ABI_CONFLICT, "a.abi"); /* the method twice */
    arena_free(&arena);
}
END_TEST

/* Names are lines of a text that is hashed: none may bring a line end, or anything else. */
START_TEST(names)
{
    static const char *const wrong[] = {"", "a b", "x\ny", "1x", "a.b", "\xc3\xa4", "a/b"};
    static const Bytes none;
    static Bytes file, m;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        for (int where = 0; where < 5; where++) {
            one = file = m = none;
            const char *w = wrong[i];
            if (where == 0 && (strcmp(w, "a.b") == 0 || !*w)) continue; /* a package may be this */
            put_text(&file, 2, where == 0 ? w : "a.v1");
            put_text(&m, 1, where == 1 ? w : "M");
            put_member(&m, where == 2 ? w : "f", 1, LABEL_OPTIONAL, TYPE_MESSAGE, where == 3 ? w : ".a.v1.M");
            put_field(&file, 4, m.p, m.n);
            m.n = 0;
            put_text(&m, 1, "S");
            put_method(&m, where == 4 ? w : "Do", ".a.v1.M", ".a.v1.M", false, false);
            put_field(&file, 6, m.p, m.n);
            put_field(&one, 1, file.p, file.n);
            refused(&one, NULL, ABI_NAME, "a.abi");
        }
    arena_free(&arena);
}
END_TEST

START_TEST(not_a_set)
{
    static const struct {
        const char *bytes;
        size_t n;
        DiagCode code;
    } rows[] = {
        {"\x0a", 1, ABI_WIRE},         /* ends behind the tag */
        {"\x0a\x05\x0a", 3, ABI_WIRE}, /* longer than what is left */
        {"\x08\x01", 2, ABI_WIRE},     /* a number where a message is expected */
        {"\x0b", 1, ABI_WIRE},         /* a group */
        {"\0asm\1\0\0\0", 8, ABI_WIRE},
        {"\x0a\x03\x0a\x01\xff", 5, ABI_WIRE}, /* a name that is not UTF-8 */
        {"\x0a\x0e\x22\x0c\x0a\x01M\x12\x07\x0a\x01x\x18\x01\x28\x63", 16, ABI_WIRE}, /* a field of type 99 */
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ValAbiSet set = {"a.abi", {rows[i].bytes, rows[i].n}};
        ck_assert_msg(!val_parse_abi(&arena, &set, 1, &diags, &abi), "row %zu", i);
        ck_assert_msg(diags.items[0].code == rows[i].code, "row %zu: %s", i, diags.items[0].text);
        diag_free(&diags);
    }
    ValAbiSet empty = {"e.abi", {"", 0}};
    ck_assert(val_parse_abi(&arena, &empty, 1, &diags, &abi) && abi.n_services == 0);
    arena_free(&arena);
}
END_TEST

/* Every cut of a set is refused, or describes less; no byte changed makes it crash. */
START_TEST(damage)
{
    make_set(&one, "a.v1");
    for (size_t n = 0; n < one.n; n++) {
        ValAbiSet cut = {"a.abi", {one.p, n}};
        if (!val_parse_abi(&arena, &cut, 1, &diags, &abi)) ck_assert_uint_ge(diags.errors, 1);
        diag_free(&diags);
        arena_free(&arena);
    }
    for (size_t i = 0; i < one.n; i++)
        for (int bit = 0; bit < 8; bit++) {
            one.p[i] ^= (char)(1 << bit);
            if (!parse2(&one, NULL)) ck_assert_uint_ge(diags.errors, 1);
            one.p[i] ^= (char)(1 << bit);
            diag_free(&diags);
            arena_free(&arena);
        }
}
END_TEST

/* Messages in messages: 20,000 of them would overflow the stack of a reader that follows. Each is a tag and a
 * length, and what it holds; the innermost is empty. */
static void put_nested(Bytes *b, int levels)
{
    static size_t sizes[20001];
    for (int i = 1; i <= levels; i++)
        sizes[i] = sizes[i - 1] + (sizes[i - 1] > 16383 ? 4 : sizes[i - 1] > 127 ? 3 : 2) + 3;
    for (int i = levels; i > 0; i--) {
        put_text(b, 1, "M");
        put_varint(b, 3 << 3 | 2); /* nested_type */
        put_varint(b, sizes[i - 1]);
    }
}

START_TEST(deep)
{
    static Bytes file, nested;
    put_nested(&nested, 20000);
    put_text(&file, 2, "a.v1");
    put_field(&file, 4, nested.p, nested.n);
    put_field(&one, 1, file.p, file.n);
    refused(&one, NULL, ABI_TOO_BIG, "a.abi");
    static const Bytes none;
    one = file = nested = none;
    put_nested(&nested, 40);
    put_text(&nested, 1, "M"); /* of the innermost */
    put_text(&file, 2, "a.v1");
    nested.n -= 3;
    put_field(&file, 4, nested.p, nested.n);
    put_field(&one, 1, file.p, file.n);
    refused(&one, NULL, ABI_NAME, "a.abi"); /* deep enough to be read: the innermost has no name */
    arena_free(&arena);
}
END_TEST

/* Nested messages with names of 200 bytes: full names are bounded, or they would grow with the square of the
 * depth. */
START_TEST(long_names)
{
    static Bytes inner, outer, file;
    char name[201];
    memset(name, 'n', 200);
    name[200] = 0;
    for (int i = 0; i < 20; i++) {
        outer.n = 0;
        put_text(&outer, 1, name);
        if (inner.n) put_field(&outer, 3, inner.p, inner.n);
        inner = outer;
    }
    put_field(&file, 4, inner.p, inner.n);
    put_field(&one, 1, file.p, file.n);
    refused(&one, NULL, ABI_TOO_BIG, "a.abi");
    arena_free(&arena);
}
END_TEST

START_TEST(too_many)
{
    static Bytes file, s;
    put_text(&file, 2, "a.v1");
    for (int i = 0; i <= 10000; i++) {
        char name[16];
        snprintf(name, sizeof name, "S%d", i);
        s.n = 0;
        put_text(&s, 1, name);
        put_field(&file, 6, s.p, s.n);
    }
    put_field(&one, 1, file.p, file.n);
    refused(&one, NULL, ABI_TOO_BIG, "a.abi");
    arena_free(&arena);
}
END_TEST

/* 2,000 types in a ring and 2,000 services, each of which reaches them all: the work is bounded, not only the size. */
START_TEST(ring)
{
    static Bytes file, m;
    put_text(&file, 2, "a.v1");
    for (int i = 0; i < 2000; i++) {
        char name[32], next[32];
        snprintf(name, sizeof name, "M%d", i);
        snprintf(next, sizeof next, ".a.v1.M%d", (i + 1) % 2000);
        m.n = 0;
        put_text(&m, 1, name);
        put_member(&m, "f", 1, LABEL_OPTIONAL, TYPE_MESSAGE, next);
        put_field(&file, 4, m.p, m.n);
        name[0] = 'S';
        m.n = 0;
        put_text(&m, 1, name);
        put_method(&m, "Do", ".a.v1.M0", ".a.v1.M1", false, false);
        put_field(&file, 6, m.p, m.n);
    }
    put_field(&one, 1, file.p, file.n);
    refused(&one, NULL, ABI_TOO_BIG, "a.abi");
    arena_free(&arena);
}
END_TEST

START_TEST(out_of_memory)
{
    make_set(&one, "a.v1");
    for (size_t limit = 100; limit < 65536; limit += 97) {
        Arena small = {.limit_bytes = limit};
        ValAbiSet set = {"a.abi", {one.p, one.n}};
        if (!val_parse_abi(&small, &set, 1, &diags, &abi)) ck_assert_uint_ge(diags.errors, 1);
        diag_free(&diags);
        arena_free(&small);
    }
}
END_TEST

/* ---- the host's own ---- */

/* The kernel's methods are flat: docs/abi.md. rules_names.c has the numbers of parameters in a table. */
START_TEST(host)
{
    ck_assert(val_load_abi(&arena, NULL, 0, &diags, &abi));
    ck_assert_uint_ge(abi.n_services, 3);
    for (uint32_t i = 0; i < abi.n_services; i++) {
        ck_assert(str_has_prefix(abi.services[i].name, STR("parigot.")) && abi.services[i].has_digest);
        ck_assert_uint_ge(abi.services[i].n_methods, 1);
    }
    const ValService *kernel = val_find_service(&abi, STR("parigot.kernel.v1.Kernel"));
    ck_assert_ptr_nonnull(kernel);
    const ProtobufCServiceDescriptor *d = &parigot__kernel__v1__kernel__descriptor;
    ck_assert_uint_eq(kernel->n_methods, d->n_methods);
    for (unsigned i = 0; i < d->n_methods; i++) {
        unsigned params = 0;
        for (unsigned k = 0; k < d->methods[i].input->n_fields; k++)
            params += d->methods[i].input->fields[k].type == PROTOBUF_C_TYPE_BYTES ? 2 : 1;
        ck_assert_ptr_nonnull(val_find_method(kernel, str_of(d->methods[i].name)));
        uint8_t module[256] = "\0asm\1\0\0\0\1";
        size_t n = 9; /* type section: one function of as many i32 as the rule wants */
        module[n++] = (uint8_t)(params + 5);
        module[n++] = 1, module[n++] = 0x60, module[n++] = (uint8_t)params;
        for (unsigned k = 0; k < params; k++) module[n++] = 0x7f;
        module[n++] = 1, module[n++] = 0x7f;
        size_t name = strlen(d->methods[i].name);
        module[n++] = 2, module[n++] = (uint8_t)(1 + 1 + 24 + 1 + name + 2), module[n++] = 1,
        module[n++] = 24;
        memcpy(module + n, "parigot.kernel.v1.Kernel", 24), n += 24;
        module[n++] = (uint8_t)name;
        memcpy(module + n, d->methods[i].name, name), n += name;
        module[n++] = 0, module[n++] = 0;
        ValPolicy policy = *val_builtin_policy(STR("audit"));
        ValOptions options = {.policy = &policy, .abi = &abi};
        ValReport report;
        ck_assert_msg(val_module(&arena, module, n, d->methods[i].name, &options, &diags, &report), "%s",
                      d->methods[i].name);
        ck_assert_int_eq(report.rules[RULE_P301].verdict, VAL_PROVED);
        ck_assert_int_eq(report.rules[RULE_P305].verdict, VAL_PROVED);
        diag_free(&diags);
    }
    arena_free(&arena);
}
END_TEST

START_TEST(nearest)
{
    uint64_t budget = VAL_NEAREST_BUDGET;
    ValNearest n;
    Str only[] = {{"b.v1.S", 6}};
    ValNamed all = {0}, named = {only, 1};
    make_set(&one, "a.v1");
    make_set(&two, "b.v1");
    ck_assert(parse2(&one, &two));
    ck_assert(val_nearest_method(&abi, &all, STR("a.v1.S"), STR("Tow"), &budget, &n));
    ck_assert(str_eq(n.service->name, STR("a.v1.S")) && str_eq(n.method->name, STR("Two")));
    ck_assert(val_nearest_method(&abi, &all, STR("a.v1.S"), STR("SomethingElse"), &budget,
                                 &n)); /* of this service: always one */
    ck_assert(val_nearest_method(&abi, &all, STR("a.v1.T"), STR("One"), &budget, &n));
    ck_assert(str_eq(n.service->name, STR("a.v1.S")) && n.distance == 1);
    ck_assert(val_nearest_method(&abi, &named, STR("a.v1.S"), STR("One"), &budget, &n));
    ck_assert(str_eq(n.service->name, STR("b.v1.S")));
    ck_assert(!val_nearest_method(&abi, &all, STR("env"), STR("print"), &budget, &n));
    ck_assert(val_nearest_symbol(&abi, &all, STR("b_v1_S_Two_reply"), &budget, &n));
    ck_assert(n.distance == 0 && str_eq(n.service->name, STR("b.v1.S")) &&
              str_eq(n.method->name, STR("Two")));
    ck_assert(!val_nearest_symbol(&abi, &all, STR("printf"), &budget, &n));
    static char longest[4096];
    memset(longest, 'x', sizeof longest);
    ck_assert(!val_nearest_method(&abi, &all, (Str){longest, sizeof longest}, STR("One"), &budget, &n));
    ck_assert(!val_nearest_symbol(&abi, &all, (Str){longest, sizeof longest}, &budget, &n));
    budget = 3; /* hostile imports can ask often */
    ck_assert(!val_nearest_method(&abi, &all, STR("a.v1.T"), STR("One"), &budget, &n));
    ck_assert_uint_eq(budget, 0);
    arena_free(&arena);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("abi");
    TCase *t = tcase_create("all");
    suite_add_tcase(s, t);
    tcase_add_test(t, described);
    tcase_add_test(t, together);
    tcase_add_test(t, type_missing);
    tcase_add_test(t, no_package);
    tcase_add_test(t, conflicts);
    tcase_add_test(t, names);
    tcase_add_test(t, not_a_set);
    tcase_add_test(t, damage);
    tcase_add_test(t, deep);
    tcase_add_test(t, long_names);
    tcase_add_test(t, too_many);
    tcase_add_test(t, ring);
    tcase_add_test(t, out_of_memory);
    tcase_add_test(t, host);
    tcase_add_test(t, nearest);
    return run_tap(s);
}
