/* abi.c: descriptions of services: FileDescriptorSets in, services with their methods and digests out.
 *
 * Every type of every set becomes the piece of text that stands for it in a service's description
 * (docs/abi.md, "Service description"). So two sets agree on a type when its text is the same, and the digest
 * of a service is that of its own lines and of the texts of all types that it reaches.
 *
 * descriptor.proto; protobuf.dev "Self-describing messages" */
#include "validator/validator.h"

#include "google/protobuf/descriptor.pb-c.h"
#include "proto/host.h"
#include "proto/wire.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

typedef Google__Protobuf__FileDescriptorSet Set;
typedef Google__Protobuf__FileDescriptorProto File;
typedef Google__Protobuf__DescriptorProto Message;
typedef Google__Protobuf__EnumDescriptorProto Enum;
typedef Google__Protobuf__FieldDescriptorProto Field;
typedef Google__Protobuf__ServiceDescriptorProto ServiceProto;
typedef Google__Protobuf__MethodDescriptorProto MethodProto;

enum {
    MAX_DEPTH = 64, /* of messages; each nested type is one */
    MAX_TYPES = 200000,
    MAX_SERVICES = 10000,
    MAX_METHODS = 100000, /* of all services */
    MAX_TYPE_NAME = 1024, /* bytes of a full name */
    MAX_NAME = 255,       /* of a service's or method's: docs/abi.md "Names" */
    MAX_VISITS = 3000000, /* types looked at for all digests together */
};
static const size_t max_file_bytes = (size_t)64 << 20, max_unpacked_bytes = (size_t)512 << 20;

/* A message or an enum. */
typedef struct Type {
    const char *file;
    Str name, text;
    Str *refs; /* full names of the types of its fields */
    uint32_t n_refs, mark;
    uint32_t *indices; /* of the types that refs name; NOT_DESCRIBED */
} Type;
enum { NOT_DESCRIBED = UINT32_MAX };

typedef struct Service {
    const char *file;
    Str name, text;
    Str *refs; /* of requests and replies */
    uint32_t n_refs;
    ValMethod *methods;
    uint32_t n_methods;
} Service;

typedef struct Reading {
    Arena *arena;
    Diags *diags;
    const char *file; /* that is being read */
    size_t errors_before;
    bool out_of_memory;
    Type *types;
    size_t n_types, cap_types;
    Service *services;
    size_t n_services, cap_services, n_methods;
    uint32_t *stack, *reached; /* of type indices, for one service at a time */
    uint64_t visits;
} Reading;

static bool failed(const Reading *r) { return r->out_of_memory || r->diags->errors != r->errors_before; }

static void complain(Reading *r, DiagCode code, const char *format, ...) PRINTF(3, 4);
static void complain(Reading *r, DiagCode code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    diag_vadd(r->diags, code, DIAG_AT(.file = r->file), format, args);
    va_end(args);
}

/* The text that was put together, in the arena. */
static Str keep_text(Reading *r, TextBuf *t)
{
    char *p = t->failed ? NULL : arena_strndup(r->arena, t->ptr ? t->ptr : "", t->len);
    Str s = {p, p ? t->len : 0};
    if (!p) r->out_of_memory = true;
    text_free(t);
    return s;
}

/* ---- names ---- */

/* Names become lines of a text that is hashed: nothing else may get there. */
static Str ident(Reading *r, const char *name, const char *what)
{
    Str s = str_of(name ? name : "");
    if (wasm_is_ident(s)) return s;
    complain(r, ABI_NAME, "%s is named \"%.*s\", which is no identifier", what, s.len < 80 ? (int)s.len : 80,
             s.ptr);
    return STR("_");
}

static Str full_name(Reading *r, Str scope, Str name)
{
    if (!scope.len) return name;
    if (scope.len + 1 + name.len > MAX_TYPE_NAME) {
        complain(r, ABI_TOO_BIG, "a name has more than %d bytes: %.80s...", MAX_TYPE_NAME, scope.ptr);
        return name;
    }
    char *p = arena_printf(r->arena, "%.*s.%.*s", STR_ARG(scope), STR_ARG(name));
    if (!p) r->out_of_memory = true;
    return p ? str_of(p) : name;
}

/* ".greeting.v1.HelloReply": protoc resolves every name. */
static Str reference(Reading *r, const char *type_name, Str of)
{
    Str s = str_of(type_name ? type_name : "");
    if (s.len > 1 && s.len <= MAX_TYPE_NAME && s.ptr[0] == '.' && wasm_is_full_name((Str){s.ptr + 1, s.len - 1}))
        return (Str){s.ptr + 1, s.len - 1};
    complain(r, ABI_NAME, "%.*s refers to a type that is not named in full: \"%.*s\"", STR_ARG(of),
             s.len < 80 ? (int)s.len : 80, s.ptr);
    return STR("_");
}

/* ---- types ---- */

static void add_type(Reading *r, Type t)
{
    t.file = r->file;
    if (r->n_types == MAX_TYPES) complain(r, ABI_TOO_BIG, "more than %d types", MAX_TYPES);
    Type *items = arena_grow(r->arena, r->types, r->n_types, &r->cap_types, sizeof *items);
    if (!items) {
        r->out_of_memory = true;
        return;
    }
    r->types = items;
    r->types[r->n_types++] = t;
}

/* Numbers are those of FieldDescriptorProto.Type; what is a name of another type is empty. */
static const char *const type_words[] = {
    NULL, "double", "float", "int64",  "uint64", "int32",    "fixed64",  "fixed32", "bool",  "string",
    "",   "",       "bytes", "uint32", "",       "sfixed32", "sfixed64", "sint32",  "sint64"};
static const char *const label_words[] = {NULL, "optional", "required", "repeated"};

static int by_number(const void *a, const void *b)
{
    const Field *x = *(const Field *const *)a, *y = *(const Field *const *)b;
    if (x->number != y->number) return x->number < y->number ? -1 : 1;
    return strcmp(x->name ? x->name : "", y->name ? y->name : "");
}

static void add_field(Reading *r, Type *t, TextBuf *text, const Field *f)
{
    size_t label = f->has_label ? (size_t)f->label : 1, type = f->has_type ? (size_t)f->type : 0;
    if (label == 0 || label >= ARRAY_LEN(label_words) || type == 0 || type >= ARRAY_LEN(type_words)) {
        complain(r, ABI_WIRE, "%.*s has a field without a type or label", STR_ARG(t->name));
        return;
    }
    Str word = str_of(type_words[type]);
    if (!word.len) word = t->refs[t->n_refs++] = reference(r, f->type_name, t->name);
    text_printf(text, "%d %s ", f->number, label_words[label]);
    text_add(text, word);
    text_add(text, STR(" "));
    text_add(text, ident(r, f->name, "a field"));
    text_add(text, STR("\n"));
}

static void add_enum(Reading *r, Str scope, const Enum *e);

static void add_message(Reading *r, Str scope, const Message *m)
{
    Type t = {.name = full_name(r, scope, ident(r, m->name, "a message"))};
    TextBuf text = {0};
    t.refs = arena_array(r->arena, m->n_field, sizeof *t.refs);
    if (!t.refs) r->out_of_memory = true;
    if (failed(r)) return;
    if (m->n_field) qsort(m->field, m->n_field, sizeof(*m->field), by_number);
    text_add(&text, STR("message "));
    text_add(&text, t.name);
    text_add(&text, STR("\n"));
    for (size_t i = 0; i < m->n_field && !failed(r); i++) add_field(r, &t, &text, m->field[i]);
    t.text = keep_text(r, &text);
    add_type(r, t);
    for (size_t i = 0; i < m->n_enum_type && !failed(r); i++) add_enum(r, t.name, m->enum_type[i]);
    for (size_t i = 0; i < m->n_nested_type && !failed(r); i++) add_message(r, t.name, m->nested_type[i]);
}

typedef Google__Protobuf__EnumValueDescriptorProto Value;
static int by_value(const void *a, const void *b)
{
    const Value *x = *(const Value *const *)a, *y = *(const Value *const *)b;
    if (x->number != y->number) return x->number < y->number ? -1 : 1;
    return strcmp(x->name ? x->name : "", y->name ? y->name : "");
}

static void add_enum(Reading *r, Str scope, const Enum *e)
{
    Type t = {.name = full_name(r, scope, ident(r, e->name, "an enum"))};
    TextBuf text = {0};
    if (failed(r)) return;
    if (e->n_value) qsort(e->value, e->n_value, sizeof(*e->value), by_value);
    text_add(&text, STR("enum "));
    text_add(&text, t.name);
    text_add(&text, STR("\n"));
    for (size_t i = 0; i < e->n_value && !failed(r); i++) {
        text_printf(&text, "%d ", e->value[i]->number);
        text_add(&text, ident(r, e->value[i]->name, "an enum's value"));
        text_add(&text, STR("\n"));
    }
    t.text = keep_text(r, &text);
    add_type(r, t);
}

/* ---- services ---- */

static int by_method_name(const void *a, const void *b)
{
    const MethodProto *x = *(const MethodProto *const *)a, *y = *(const MethodProto *const *)b;
    return strcmp(x->name ? x->name : "", y->name ? y->name : "");
}

static void add_method(Reading *r, Service *s, TextBuf *text, const MethodProto *p)
{
    Str name = ident(r, p->name, "a method"), request = reference(r, p->input_type, s->name),
        reply = reference(r, p->output_type, s->name);
    if (s->n_methods && str_eq(s->methods[s->n_methods - 1].name, name))
        complain(r, ABI_CONFLICT, "service %.*s has two methods %.*s", STR_ARG(s->name), STR_ARG(name));
    if (name.len > MAX_NAME)
        complain(r, ABI_NAME, "a method of %.*s has a name of more than %d bytes", STR_ARG(s->name),
                 MAX_NAME);
    bool in = p->has_client_streaming && p->client_streaming,
         out = p->has_server_streaming && p->server_streaming;
    text_add(text, STR("rpc "));
    text_add(text, name);
    text_add(text, in ? STR(" stream ") : STR(" "));
    text_add(text, request);
    text_add(text, out ? STR(" stream ") : STR(" "));
    text_add(text, reply);
    text_add(text, STR("\n"));
    s->refs[s->n_refs++] = request;
    s->refs[s->n_refs++] = reply;
    s->methods[s->n_methods++] = (ValMethod){.name = name, .streams_request = in};
}

static void add_service(Reading *r, Str package, const ServiceProto *p)
{
    Service s = {.file = r->file, .name = full_name(r, package, ident(r, p->name, "a service"))};
    TextBuf text = {0};
    if (!package.len || s.name.len > MAX_NAME) {
        complain(r, ABI_SERVICE, "service %.*s %s", s.name.len < 80 ? (int)s.name.len : 80, s.name.ptr,
                 package.len ? "has a name of more than 255 bytes" : "has no package");
        return;
    }
    r->n_methods += p->n_method;
    if (r->n_services == MAX_SERVICES || r->n_methods > MAX_METHODS)
        complain(r, ABI_TOO_BIG, "more than %d services or %d methods", MAX_SERVICES, MAX_METHODS);
    if (failed(r)) return;
    if (p->n_method) qsort(p->method, p->n_method, sizeof(*p->method), by_method_name);
    s.refs = arena_array(r->arena, p->n_method, 2 * sizeof *s.refs);
    s.methods = arena_array(r->arena, p->n_method, sizeof *s.methods);
    Service *items = arena_grow(r->arena, r->services, r->n_services, &r->cap_services, sizeof *items);
    if (!s.refs || !s.methods || !items) {
        r->out_of_memory = true;
        return;
    }
    for (size_t i = 0; i < p->n_method && !failed(r); i++) add_method(r, &s, &text, p->method[i]);
    s.text = keep_text(r, &text);
    r->services = items;
    r->services[r->n_services++] = s;
}

/* ---- one set ---- */

static void add_file(Reading *r, const File *f)
{
    Str package = str_of(f->package ? f->package : "");
    if (package.len > MAX_TYPE_NAME || (package.len && !wasm_is_full_name(package))) {
        complain(r, ABI_NAME, "a package is named \"%.*s\", which is no name",
                 package.len < 80 ? (int)package.len : 80, package.ptr);
        return;
    }
    for (size_t i = 0; i < f->n_enum_type && !failed(r); i++) add_enum(r, package, f->enum_type[i]);
    for (size_t i = 0; i < f->n_message_type && !failed(r); i++) add_message(r, package, f->message_type[i]);
    for (size_t i = 0; i < f->n_service && !failed(r); i++) add_service(r, package, f->service[i]);
}

static void *take(void *arena, size_t size) { return arena_alloc(arena, size); }
static void leave(void *arena, void *p) { (void)arena, (void)p; }

static void read_set(Reading *r, const ValAbiSet *in)
{
    static const ProtoWireCodes codes = {ABI_WIRE, ABI_WIRE, ABI_TOO_BIG};
    ProtoWireLimits limits = {.max_depth = MAX_DEPTH, .max_memory_bytes = max_unpacked_bytes};
    r->file = in->file;
    if (!proto_check_wire(&google__protobuf__file_descriptor_set__descriptor, in->bytes, limits, codes,
                          in->file, 0, r->diags))
        return;
    ProtobufCAllocator allocator = {take, leave, r->arena};
    Set *set = google__protobuf__file_descriptor_set__unpack(&allocator, in->bytes.len,
                                                             (const uint8_t *)in->bytes.ptr);
    if (!set) { /* the walk has refused what is cut short: a required field is missing, or memory is */
        complain(r, ABI_WIRE, "not a FileDescriptorSet: a required field is missing");
        return;
    }
    for (size_t i = 0; i < set->n_file && !failed(r); i++) add_file(r, set->file[i]);
}

/* ---- all sets together ---- */

static int by_type_name(const void *a, const void *b)
{
    return str_cmp(((const Type *)a)->name, ((const Type *)b)->name);
}
static int by_service_name(const void *a, const void *b)
{
    return str_cmp(((const Service *)a)->name, ((const Service *)b)->name);
}

static void conflict(Reading *r, const char *what, Str name, const char *one, const char *other)
{
    r->file = other;
    complain(r, ABI_CONFLICT, "%s %.*s is described differently in %s", what, STR_ARG(name), one);
}

static void merge_types(Reading *r)
{
    size_t kept = 0;
    if (r->n_types) qsort(r->types, r->n_types, sizeof *r->types, by_type_name);
    for (size_t i = 0; i < r->n_types; i++) {
        const Type *t = &r->types[i], *before = kept ? &r->types[kept - 1] : NULL;
        if (!before || !str_eq(before->name, t->name)) r->types[kept++] = *t;
        else if (!str_eq(before->text, t->text)) conflict(r, "type", t->name, before->file, t->file);
    }
    r->n_types = kept;
}

static void merge_services(Reading *r)
{
    size_t kept = 0;
    if (r->n_services) qsort(r->services, r->n_services, sizeof *r->services, by_service_name);
    for (size_t i = 0; i < r->n_services; i++) {
        const Service *s = &r->services[i], *before = kept ? &r->services[kept - 1] : NULL;
        if (!before || !str_eq(before->name, s->name)) r->services[kept++] = *s;
        else if (!str_eq(before->text, s->text)) conflict(r, "service", s->name, before->file, s->file);
    }
    r->n_services = kept;
}

/* ---- digests ---- */

static uint32_t *find_types(Reading *r, const Str *names, uint32_t n)
{
    uint32_t *indices = arena_array(r->arena, n, sizeof *indices);
    if (!indices) r->out_of_memory = true;
    for (uint32_t i = 0; indices && i < n; i++) {
        Type key = {.name = names[i]}, *t = NULL;
        if (r->n_types) t = bsearch(&key, r->types, r->n_types, sizeof *r->types, by_type_name);
        indices[i] = t ? (uint32_t)(t - r->types) : NOT_DESCRIBED;
    }
    return indices;
}

/* Puts those types on the stack that this service has not reached yet; false when one is not described. */
static bool reach(Reading *r, const uint32_t *indices, uint32_t n, uint32_t mark, size_t *n_stack)
{
    r->visits += n;
    for (uint32_t i = 0; i < n; i++) {
        if (indices[i] == NOT_DESCRIBED) return false;
        Type *t = &r->types[indices[i]];
        if (t->mark == mark) continue;
        t->mark = mark;
        r->stack[(*n_stack)++] = indices[i];
    }
    return true;
}

static int by_index(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* The service's own lines, then the types that it reaches: they are sorted by name, and so are their indices.
 */
static bool digest_service(Reading *r, const Service *s, uint32_t mark, uint8_t digest[32])
{
    size_t n_stack = 0, n = 0;
    const uint32_t *indices = find_types(r, s->refs, s->n_refs);
    if (!indices || !reach(r, indices, s->n_refs, mark, &n_stack)) return false;
    while (n_stack) {
        const Type *t = &r->types[r->reached[n++] = r->stack[--n_stack]];
        r->visits++;
        if (!reach(r, t->indices, t->n_refs, mark, &n_stack)) return false;
        if (r->visits > MAX_VISITS) {
            r->file = s->file;
            complain(r, ABI_TOO_BIG, "the services reach too many types");
            return false;
        }
    }
    if (n) qsort(r->reached, n, sizeof *r->reached, by_index);
    crypto_generichash_state h;
    crypto_generichash_init(&h, NULL, 0, 32);
    crypto_generichash_update(&h, (const uint8_t *)s->text.ptr, s->text.len);
    for (size_t i = 0; i < n; i++) {
        Str text = r->types[r->reached[i]].text;
        crypto_generichash_update(&h, (const uint8_t *)text.ptr, text.len);
    }
    crypto_generichash_final(&h, digest, 32);
    return true;
}

static void finish(Reading *r, ValAbi *out)
{
    ValService *services = arena_array(r->arena, r->n_services, sizeof *services);
    r->stack = arena_array(r->arena, r->n_types, sizeof *r->stack);
    r->reached = arena_array(r->arena, r->n_types, sizeof *r->reached);
    if (!services || !r->stack || !r->reached) {
        r->out_of_memory = true;
        return;
    }
    for (size_t i = 0; i < r->n_types && !failed(r); i++)
        r->types[i].indices = find_types(r, r->types[i].refs, r->types[i].n_refs);
    for (size_t i = 0; i < r->n_services && !failed(r); i++) {
        const Service *s = &r->services[i];
        services[i] = (ValService){.name = s->name, .methods = s->methods, .n_methods = s->n_methods};
        services[i].has_digest = digest_service(r, s, (uint32_t)i + 1, services[i].digest);
    }
    *out = (ValAbi){services, (uint32_t)r->n_services};
}

bool val_parse_abi(Arena *arena, const ValAbiSet *sets, size_t n, Diags *diags, ValAbi *out)
{
    Reading r = {.arena = arena, .diags = diags, .errors_before = diags->errors};
    *out = (ValAbi){0};
    for (size_t i = 0; i < n && !failed(&r); i++) read_set(&r, &sets[i]);
    if (!failed(&r)) merge_types(&r);
    if (!failed(&r)) merge_services(&r);
    if (!failed(&r)) finish(&r, out);
    if (r.out_of_memory) diag_add(diags, OUT_OF_MEMORY, DIAG_AT(.file = r.file), "out of memory");
    if (failed(&r)) *out = (ValAbi){0};
    return !failed(&r);
}

bool val_load_abi(Arena *arena, const char *const *files, size_t n, Diags *diags, ValAbi *out)
{
    ValAbiSet *sets = arena_array(arena, n + 1, sizeof *sets);
    FileBytes *bytes = arena_array(arena, n + 1, sizeof *bytes);
    size_t opened = 0;
    bool ok = sets && bytes;
    *out = (ValAbi){0};
    if (!ok) {
        diag_add(diags, OUT_OF_MEMORY, DIAG_AT(), "out of memory");
        return false;
    }
    sets[0] = (ValAbiSet){"<host>", {(const char *)proto_host_services, proto_host_services_size}};
    for (size_t i = 0; i < n && ok; i++) {
        ok = file_read(files[i], max_file_bytes, diags, &bytes[i]);
        if (!ok) break;
        opened++;
        sets[i + 1] = (ValAbiSet){files[i], {(const char *)bytes[i].ptr, bytes[i].size}};
    }
    ok = ok && val_parse_abi(arena, sets, n + 1, diags, out);
    for (size_t i = 0; i < opened; i++) file_close(&bytes[i]);
    return ok;
}

bool val_check_named(const ValAbi *abi, const ValNamed *named, Diags *diags)
{
    bool ok = true;
    for (uint32_t i = 0; i < named->n_services; i++) {
        Str name = named->services[i];
        uint64_t budget = VAL_NEAREST_BUDGET;
        ValNearest near;
        if (val_find_service(abi, name)) continue;
        Diag *d = diag_add(diags, ABI_NO_SERVICE, DIAG_AT(), "--service=%.*s: no such service is described",
                           STR_ARG(name));
        if (val_nearest_method(abi, &(ValNamed){0}, name, (Str){0}, &budget, &near))
            diag_note(diags, d, "nearest: %.*s", STR_ARG(near.service->name));
        ok = false;
    }
    return ok;
}
