/* model.c: from protoc's request to what the emitters write: types found, fields sorted, names given; and the
 * list of what is refused, each with its place: proto2, a streamed request, services outside packages, names
 * that clash. */
#include <stdlib.h>
#include <string.h>
#include "gen.h"

/* Field numbers of descriptor.proto, of which a Path is made. */
enum {
    FILE_MESSAGE = 4,
    FILE_ENUM = 5,
    FILE_SERVICE = 6,
    MESSAGE_FIELD = 2,
    MESSAGE_NESTED = 3,
    MESSAGE_ENUM = 4,
    MESSAGE_ONEOF = 8,
    ENUM_VALUE = 2,
    SERVICE_METHOD = 2,
};

enum { MAX_NAME = 255 }; /* bytes of a service's or method's name; docs/abi.md "Names" */

static const char *text(const char *s) { return s ? s : ""; }
static bool is_proto3(const File *f) { return strcmp(text(f->proto->syntax), "proto3") == 0; }

static bool in_package(const char *package, const char *above)
{
    size_t n = strlen(above);
    return strncmp(package, above, n) == 0 && (package[n] == 0 || package[n] == '.');
}

/* protoc has seen to it that names are identifiers. What ends up in C as it is, is looked at once more. */
static bool is_identifier(const char *s)
{
    if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || *s == '_')) return false;
    for (; *s; s++)
        if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9') || *s == '_'))
            return false;
    return true;
}

static void check_name(Gen *g, const File *f, const Path *path, const char *what, const char *name)
{
    if (!is_identifier(text(name))) gen_error(g, f, path, "%s: \"%s\" is no name", what, text(name));
}

static void check_package(Gen *g, const File *f)
{
    const char *package = text(f->proto->package), *end;
    for (const char *part = package; part; part = *end ? end + 1 : NULL) {
        end = part + strcspn(part, ".");
        if (!is_identifier(arena_strndup(&g->arena, part, (size_t)(end - part))))
            gen_error(g, f, NULL, "package \"%s\" is no name", package);
    }
}

/* Names of files stand in comments and #include lines. */
static void check_file_name(Gen *g, const File *f)
{
    for (const char *p = text(f->proto->name); *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f || strchr("\"\\*", *p)) {
            gen_error(g, f, NULL, "the file's name has a character that cannot stand in an #include line");
            return;
        }
}

/* ---- types: all messages and enums of all files, before anything refers to them ---------------------- */

static Type *add_type(Gen *g, File *f, const char *scope, const char *name, Path path)
{
    Type *t = arena_alloc(&g->arena, sizeof *t);
    t->full_name = arena_printf(&g->arena, "%s.%s", scope, name);
    t->c_name = gen_c_name(g, t->full_name);
    t->c_scope = gen_c_name(g, scope);
    t->file = f;
    t->path = path;
    t->comment = gen_comment(g, f, &path);
    check_name(g, f, &path, "a type", name);
    g->types = arena_grow(&g->arena, g->types, g->n_types, &g->cap_types, sizeof *g->types);
    g->types[g->n_types++] = t;
    f->n_types++;
    return t;
}

static void add_enum(Gen *g, File *f, const char *scope, const EnumProto *e, Path path)
{
    add_type(g, f, scope, text(e->name), path)->enumeration = e;
}

static void add_message(Gen *g, File *f, const char *scope, const MessageProto *m, Path path)
{
    Type *t = add_type(g, f, scope, text(m->name), path);
    t->message = m;
    t->map_entry = m->options && m->options->map_entry;
    for (size_t i = 0; i < m->n_enum_type; i++)
        add_enum(g, f, t->full_name, m->enum_type[i], gen_path(g, &path, MESSAGE_ENUM, i));
    for (size_t i = 0; i < m->n_nested_type; i++)
        add_message(g, f, t->full_name, m->nested_type[i], gen_path(g, &path, MESSAGE_NESTED, i));
}

static void add_types(Gen *g, File *f)
{
    const FileProto *p = f->proto;
    size_t first = g->n_types;
    const char *scope = text(p->package)[0] ? arena_printf(&g->arena, ".%s", p->package) : "";
    for (size_t i = 0; i < p->n_enum_type; i++)
        add_enum(g, f, scope, p->enum_type[i], gen_path(g, NULL, FILE_ENUM, i));
    for (size_t i = 0; i < p->n_message_type; i++)
        add_message(g, f, scope, p->message_type[i], gen_path(g, NULL, FILE_MESSAGE, i));
    f->types = arena_array(&g->arena, f->n_types, sizeof *f->types);
    for (size_t i = 0; i < f->n_types; i++) f->types[i] = g->types[first + i];
}

static int compare_types(const void *a, const void *b)
{
    return strcmp((*(Type *const *)a)->full_name, (*(Type *const *)b)->full_name);
}

static const Type *find_type(const Gen *g, const char *full_name)
{
    Type key = {.full_name = text(full_name)}, *k = &key;
    Type **found = bsearch(&k, g->types, g->n_types, sizeof *g->types, compare_types);
    return found ? *found : NULL;
}

/* The type that a field or method refers to; an error when it is not there or not to be used. */
static const Type *use_type(Gen *g, const File *f, const Path *path, const char *what, const char *full_name,
                            bool message)
{
    const Type *t = find_type(g, full_name);
    if (!t) gen_error(g, f, path, "%s: type %s is not defined", what, text(full_name));
    else if (!is_proto3(t->file))
        gen_error(g, f, path, "%s: type %s comes from %s, which is not proto3", what, full_name + 1,
                  t->file->proto->name);
    else if (!text(t->file->proto->package)[0])
        gen_error(g, f, path, "%s: type %s comes from %s, which has no package", what, full_name + 1,
                  t->file->proto->name);
    else if (!t->message != !message)
        gen_error(g, f, path, "%s: %s is no %s", what, full_name + 1, message ? "message" : "enum");
    return t;
}

/* ---- messages ---------------------------------------------------------------------------------------- */

#define T(name) GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_##name

static bool is_packable(const FieldProto *p)
{
    return p->type != T(STRING) && p->type != T(BYTES) && p->type != T(MESSAGE);
}

static void build_field(Gen *g, Type *t, size_t index, Field *out)
{
    const FieldProto *p = t->message->field[index];
    Path path = gen_path(g, &t->path, MESSAGE_FIELD, index);
    const char *what = arena_printf(&g->arena, "field %s.%s", t->full_name + 1, text(p->name));
    bool synthetic = p->has_proto3_optional && p->proto3_optional;
    *out = (Field){.proto = p, .oneof = -1, .comment = gen_comment(g, t->file, &path)};
    out->c_name = gen_member_name(g, text(p->name));
    check_name(g, t->file, &path, what, p->name);
    if (p->number < 1) gen_error(g, t->file, &path, "%s: field numbers begin at 1", what);
    if (!p->has_type || p->type == T(GROUP) || p->type < T(DOUBLE) || p->type > T(SINT64)) {
        gen_error(g, t->file, &path, "%s: groups are not part of proto3", what);
        return;
    }
    if (p->type == T(MESSAGE) || p->type == T(ENUM))
        out->type = use_type(g, t->file, &path, what, p->type_name, p->type == T(MESSAGE));
    out->list = p->label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED;
    out->map = out->list && out->type && out->type->map_entry;
    out->packed =
        out->list && is_packable(p) && !(p->options && p->options->has_packed && !p->options->packed);
    out->has = synthetic && p->type != T(MESSAGE);
    if (p->has_oneof_index && !synthetic && (size_t)p->oneof_index < t->n_oneofs) out->oneof = p->oneof_index;
    if (out->oneof >= 0 && strcmp(out->c_name, "which") == 0) out->c_name = "which_";
    out->c_path = out->oneof < 0
                      ? out->c_name
                      : arena_printf(&g->arena, "%s.%s", t->oneofs[out->oneof].c_name, out->c_name);
}

static int compare_fields(const void *a, const void *b)
{
    int32_t x = ((const Field *)a)->proto->number, y = ((const Field *)b)->proto->number;
    return x < y ? -1 : x > y;
}

/* Oneofs that only stand for an `optional` come last in the file's list (descriptor.proto says so). */
static void build_oneofs(Gen *g, Type *t)
{
    const MessageProto *m = t->message;
    t->n_oneofs = m->n_oneof_decl;
    for (size_t i = 0; i < m->n_field; i++) {
        const FieldProto *p = m->field[i];
        if (p->has_proto3_optional && p->proto3_optional && (size_t)p->oneof_index < t->n_oneofs)
            t->n_oneofs = (size_t)p->oneof_index;
    }
    t->oneofs = arena_array(&g->arena, t->n_oneofs, sizeof *t->oneofs);
    for (size_t i = 0; i < t->n_oneofs; i++) {
        Path path = gen_path(g, &t->path, MESSAGE_ONEOF, i);
        const char *name = text(m->oneof_decl[i]->name);
        check_name(g, t->file, &path, "a oneof", name);
        t->oneofs[i] = (Oneof){.name = name,
                               .c_name = gen_member_name(g, name),
                               .c_enum = arena_printf(&g->arena, "%s_%s_case", t->c_name, name),
                               .comment = gen_comment(g, t->file, &path)};
    }
}

static void build_message(Gen *g, Type *t)
{
    const MessageProto *m = t->message;
    build_oneofs(g, t);
    t->n_fields = m->n_field;
    t->fields = arena_array(&g->arena, t->n_fields, sizeof *t->fields);
    for (size_t i = 0; i < m->n_field; i++) build_field(g, t, i, &t->fields[i]);
    qsort(t->fields, t->n_fields, sizeof *t->fields, compare_fields);
    bool entry = t->n_fields == 2 && t->fields[0].proto->number == 1 && t->fields[1].proto->number == 2;
    if (t->map_entry && !entry) gen_error(g, t->file, &t->path, "%s is no entry of a map", t->full_name + 1);
}

/* ---- services ---------------------------------------------------------------------------------------- */

static void build_method(Gen *g, const File *f, const Service *s, const Path *path, const MethodProto *p,
                         Method *out)
{
    const char *what = arena_printf(&g->arena, "method %s.%s", s->full_name, text(p->name));
    *out = (Method){.proto = p,
                    .c_name = arena_printf(&g->arena, "%s_%s", gen_c_name(g, s->full_name), text(p->name)),
                    .request = use_type(g, f, path, what, p->input_type, true),
                    .reply = use_type(g, f, path, what, p->output_type, true),
                    .comment = gen_comment(g, f, path)};
    check_name(g, f, path, "a method", p->name);
    if (p->has_client_streaming && p->client_streaming)
        gen_error(g, f, path, "%s: a streamed request is not supported; only replies come in pieces", what);
    if (strlen(text(p->name)) > MAX_NAME)
        gen_error(g, f, path, "%s: the name has more than %d bytes", what, MAX_NAME);
}

static void build_services(Gen *g, File *f)
{
    f->n_services = f->proto->n_service;
    f->services = arena_array(&g->arena, f->n_services, sizeof *f->services);
    for (size_t i = 0; i < f->n_services; i++) {
        Service *s = &f->services[i];
        Path path = gen_path(g, NULL, FILE_SERVICE, i);
        s->proto = f->proto->service[i];
        s->full_name = arena_printf(&g->arena, "%s.%s", text(f->proto->package), text(s->proto->name));
        s->comment = gen_comment(g, f, &path);
        s->flat = strcmp(s->full_name, "parigot.kernel.v1.Kernel") == 0;
        s->host = in_package(text(f->proto->package), "parigot");
        s->n_methods = s->proto->n_method;
        s->methods = arena_array(&g->arena, s->n_methods, sizeof *s->methods);
        check_name(g, f, &path, "a service", s->proto->name);
        if (strlen(s->full_name) > MAX_NAME)
            gen_error(g, f, &path, "service %s: the name has more than %d bytes", s->full_name, MAX_NAME);
        for (size_t k = 0; k < s->n_methods; k++) {
            Path at = gen_path(g, &path, SERVICE_METHOD, k);
            build_method(g, f, s, &at, s->proto->method[k], &s->methods[k]);
        }
    }
}

/* ---- names: everything that the generated files define at file scope --------------------------------- */

static void note(Gen *g, const File *f, const Path *path, const char *owner, const char *stem,
                 const char *tail)
{
    gen_note_name(g, arena_printf(&g->arena, "%s%s", stem, tail), f, path, owner);
}

static void note_message(Gen *g, const Type *t)
{
    static const char *const tails[] = {"",        "_list",   "_fields",  "_descriptor",
                                        "_encode", "_decode", "_deliver", "_done"};
    const char *owner = arena_printf(&g->arena, "message %s", t->full_name + 1);
    for (size_t i = 0; i < ARRAY_LEN(tails); i++) note(g, t->file, &t->path, owner, t->c_name, tails[i]);
    for (size_t i = 0; i < t->n_oneofs; i++) {
        const char *stem = arena_printf(&g->arena, "%s_%s_", t->c_name, t->oneofs[i].name);
        owner = arena_printf(&g->arena, "oneof %s.%s", t->full_name + 1, t->oneofs[i].name);
        note(g, t->file, &t->path, owner, stem, "case");
        note(g, t->file, &t->path, owner, stem, "UNSET");
        for (size_t k = 0; k < t->n_fields; k++)
            if (t->fields[k].oneof == (int)i)
                note(g, t->file, &t->path, owner, stem, t->fields[k].proto->name);
    }
}

static void note_enum(Gen *g, const Type *t)
{
    const char *owner = arena_printf(&g->arena, "enum %s", t->full_name + 1);
    note(g, t->file, &t->path, owner, t->c_name, "");
    note(g, t->file, &t->path, owner, t->c_name, "_list");
    for (size_t i = 0; i < t->enumeration->n_value; i++) {
        const char *name = text(t->enumeration->value[i]->name);
        Path path = gen_path(g, &t->path, ENUM_VALUE, i);
        check_name(g, t->file, &path, "a value", name);
        note(g, t->file, &path, arena_printf(&g->arena, "value %s of enum %s", name, t->full_name + 1),
             arena_printf(&g->arena, "%s_", t->c_scope), name);
    }
}

static void note_service(Gen *g, const File *f, size_t index)
{
    static const char *const tails[] = {"",        "_call",  "_reply",  "_piece",
                                        "_import", "_entry", "_client", "_served"};
    const Service *s = &f->services[index];
    Path at = gen_path(g, NULL, FILE_SERVICE, index);
    for (size_t k = 0; k < s->n_methods; k++) {
        Path path = gen_path(g, &at, SERVICE_METHOD, k);
        const char *owner =
            arena_printf(&g->arena, "method %s.%s", s->full_name, text(s->methods[k].proto->name));
        for (size_t i = 0; i < ARRAY_LEN(tails); i++)
            note(g, f, &path, owner, s->methods[k].c_name, tails[i]);
    }
}

/* Members of one struct: fields, their has_ flags, oneofs; inside a oneof, its fields. */
static void check_members(Gen *g, const Type *t)
{
    size_t n = 0;
    struct {
        const char *name, *owner;
        int scope;
    } *m = arena_array(&g->arena, t->n_fields * 2 + t->n_oneofs, sizeof *m);
    for (size_t i = 0; i < t->n_fields; i++) {
        const Field *f = &t->fields[i];
        const char *owner = arena_printf(&g->arena, "field %s", text(f->proto->name));
        m[n].name = f->c_name;
        m[n].owner = owner;
        m[n++].scope = f->oneof;
        if (!f->has) continue;
        m[n].name = arena_printf(&g->arena, "has_%s", text(f->proto->name));
        m[n].owner = owner;
        m[n++].scope = -1;
    }
    for (size_t i = 0; i < t->n_oneofs; i++) {
        m[n].name = t->oneofs[i].c_name;
        m[n].owner = arena_printf(&g->arena, "oneof %s", t->oneofs[i].name);
        m[n++].scope = -1;
    }
    for (size_t i = 0; i < n; i++)
        for (size_t k = i + 1; k < n; k++)
            if (m[i].scope == m[k].scope && strcmp(m[i].name, m[k].name) == 0)
                gen_error(g, t->file, &t->path, "message %s: %s and %s would both be the member %s in C",
                          t->full_name + 1, m[i].owner, m[k].owner, m[i].name);
}

static void note_names(Gen *g, const File *f)
{
    for (size_t i = 0; i < f->n_types; i++) {
        if (f->types[i]->enumeration) note_enum(g, f->types[i]);
        else note_message(g, f->types[i]);
    }
    for (size_t i = 0; i < f->n_services; i++) note_service(g, f, i);
}

/* ---- all of it --------------------------------------------------------------------------------------- */

static bool is_wanted(const Request *r, const char *name)
{
    for (size_t i = 0; i < r->n_file_to_generate; i++)
        if (strcmp(r->file_to_generate[i], name) == 0) return true;
    return false;
}

static void open_file(Gen *g, File *f, const Request *r, const FileProto *p)
{
    f->proto = p;
    const char *name = text(p->name);
    size_t len = strlen(name);
    if (len > 6 && strcmp(name + len - 6, ".proto") == 0) len -= 6;
    f->stem = arena_strndup(&g->arena, name, len);
    f->generate = is_wanted(r, name);
    gen_index_places(g, f);
    add_types(g, f);
    if (!f->generate) return;
    if (!is_proto3(f)) gen_error(g, f, NULL, "only proto3 is supported: it needs syntax = \"proto3\"");
    if (!text(p->package)[0])
        gen_error(g, f, NULL, "the file has no package, so that its names in C would be anybody's");
    else check_package(g, f);
    check_file_name(g, f);
}

void gen_build(Gen *g, const Request *r)
{
    g->n_files = r->n_proto_file;
    g->files = arena_array(&g->arena, g->n_files, sizeof *g->files);
    for (size_t i = 0; i < g->n_files; i++) open_file(g, &g->files[i], r, r->proto_file[i]);
    qsort(g->types, g->n_types, sizeof *g->types, compare_types);
    for (size_t i = 0; i < g->n_files; i++) {
        File *f = &g->files[i];
        if (!is_proto3(f) || !text(f->proto->package)[0]) continue;
        for (size_t k = 0; k < f->n_types; k++)
            if (f->types[k]->message) build_message(g, f->types[k]);
        build_services(g, f);
        note_names(g, f);
        for (size_t k = 0; k < f->n_types && f->generate; k++)
            if (f->types[k]->message) check_members(g, f->types[k]);
    }
    gen_check_names(g);
}
