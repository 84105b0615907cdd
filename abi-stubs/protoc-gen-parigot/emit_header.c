/* emit_header.c: X.parigot.h, what a program includes. Everything is by pointer, so messages may stand in any
 * order and contain themselves: first all typedefs, then enums and lists, structs, functions. */
#include <string.h>
#include "gen.h"

#define T(name) GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_##name

/* The type of a scalar, also the stem of its list type: "parigot_int32_list". */
static const char *scalar_name(const Field *f)
{
    switch (f->proto->type) {
    case T(DOUBLE): return "double";
    case T(FLOAT): return "float";
    case T(INT64):
    case T(SFIXED64):
    case T(SINT64): return "int64";
    case T(UINT64):
    case T(FIXED64): return "uint64";
    case T(INT32):
    case T(SFIXED32):
    case T(SINT32): return "int32";
    case T(UINT32):
    case T(FIXED32): return "uint32";
    case T(BOOL): return "bool";
    case T(STRING): return "str";
    default: return "bytes";
    }
}

static void comment(TextBuf *out, const char *indent, const char *text)
{
    if (!text) return;
    text_printf(out, "%s/*", indent);
    for (const char *line = text; line;) {
        const char *end = strchr(line, '\n');
        size_t len = end ? (size_t)(end - line) : strlen(line);
        while (len && (line[len - 1] == ' ' || line[len - 1] == '\t')) len--;
        if (line != text) text_printf(out, "%s *", indent);
        text_printf(out, "%s%.*s%s", len && line[0] != ' ' ? " " : "", (int)len, line, end ? "\n" : "");
        line = end ? end + 1 : NULL;
    }
    text_printf(out, " */\n");
}

static void member(TextBuf *out, const char *indent, const Field *f)
{
    comment(out, indent, f->comment);
    if (f->has) text_printf(out, "%sbool has_%s;\n", indent, f->proto->name);
    text_printf(out, "%s", indent);
    const char *scalar = scalar_name(f);
    if (f->type && f->list) text_printf(out, "%s_list", f->type->c_name);
    else if (f->type && f->type->message) text_printf(out, "const %s *", f->type->c_name);
    else if (f->type) text_printf(out, "%s", f->type->c_name);
    else if (f->list) text_printf(out, "parigot_%s_list", scalar);
    else if (strcmp(scalar, "str") == 0 || strcmp(scalar, "bytes") == 0)
        text_printf(out, "parigot_%s", scalar);
    else if (strstr(scalar, "int")) text_printf(out, "%s_t", scalar);
    else text_printf(out, "%s", scalar);
    bool pointer = f->type && f->type->message && !f->list;
    text_printf(out, "%s%s;\n", pointer ? "" : " ", f->c_name);
}

/* struct { which; union { ... }; } */
static void oneof(TextBuf *out, const Type *t, int index)
{
    const Oneof *o = &t->oneofs[index];
    comment(out, "    ", o->comment);
    text_printf(out, "    struct {\n        %s which;\n        union {\n", o->c_enum);
    for (size_t i = 0; i < t->n_fields; i++)
        if (t->fields[i].oneof == index) member(out, "            ", &t->fields[i]);
    text_printf(out, "        };\n    } %s;\n", o->c_name);
}

/* A oneof stands where its field with the lowest number would. */
static bool is_first_of_oneof(const Type *t, size_t field)
{
    for (size_t i = 0; i < field; i++)
        if (t->fields[i].oneof == t->fields[field].oneof) return false;
    return true;
}

static void message(TextBuf *out, const Type *t)
{
    comment(out, "", t->comment);
    text_printf(out, "struct %s {\n", t->c_name);
    for (size_t i = 0; i < t->n_fields; i++) {
        const Field *f = &t->fields[i];
        if (f->oneof < 0) member(out, "    ", f);
        else if (is_first_of_oneof(t, i)) oneof(out, t, f->oneof);
    }
    if (!t->n_fields) text_printf(out, "    char nothing;\n");
    text_printf(out, "};\n\n");
}

static void enumeration(TextBuf *out, const Type *t)
{
    comment(out, "", t->comment);
    text_printf(out, "typedef enum %s {\n", t->c_name);
    for (size_t i = 0; i < t->enumeration->n_value; i++) {
        const Google__Protobuf__EnumValueDescriptorProto *v = t->enumeration->value[i];
        text_printf(out, "    %s_%s = ", t->c_scope, v->name);
        if (v->number == INT32_MIN) text_printf(out, "-2147483647 - 1,\n");
        else text_printf(out, "%d,\n", v->number);
    }
    text_printf(out, "} %s;\n\n", t->c_name);
}

static void oneof_enums(TextBuf *out, const Type *t)
{
    for (size_t i = 0; i < t->n_oneofs; i++) {
        const Oneof *o = &t->oneofs[i];
        text_printf(out, "typedef enum %s {\n    %s_%s_UNSET = 0,\n", o->c_enum, t->c_name, o->name);
        for (size_t k = 0; k < t->n_fields; k++)
            if (t->fields[k].oneof == (int)i)
                text_printf(out, "    %s_%s_%s = %d,\n", t->c_name, o->name, t->fields[k].proto->name,
                            t->fields[k].proto->number);
        text_printf(out, "} %s;\n\n", o->c_enum);
    }
}

/* ---- services ---------------------------------------------------------------------------------------- */

/* The kernel's methods take the fields of the request as they are. */
static void flat_method(TextBuf *out, const Service *s, const Method *m)
{
    text_printf(out, "PARIGOT_IMPORT(\"%s\", \"%s\")\nint32_t %s(", s->full_name, m->proto->name, m->c_name);
    for (size_t i = 0; i < m->request->n_fields; i++) {
        const Field *f = &m->request->fields[i];
        if (f->proto->type == T(BYTES))
            text_printf(out, "%sconst void *%s, size_t %s_len", i ? ", " : "", f->c_name, f->c_name);
        else text_printf(out, "%s%s_t %s", i ? ", " : "", scalar_name(f), f->c_name);
    }
    text_printf(out, ");\n");
}

static void method(TextBuf *out, const Service *s, const Method *m)
{
    const char *request = m->request->c_name, *reply = m->reply->c_name;
    comment(out, "", m->comment);
    if (!s->host) {
        text_printf(out, "void %s(parigot_app *, parigot_call *, const %s *);\n", m->c_name, request);
        text_printf(out, "parigot_status %s_%s(parigot_call *, const %s *);\n", m->c_name, gen_reply_verb(m),
                    reply);
    }
    text_printf(out, "int32_t %s_call(parigot_app *, const %s *, ", m->c_name, request);
    gen_done_type(out, m);
    text_printf(out, " *, void *arg);\n");
}

static void service(TextBuf *out, const File *f, const Service *s)
{
    text_printf(out, "/* ---- service %s ---- */\n", s->full_name);
    comment(out, "", s->comment);
    if (s->flat) {
        text_printf(out, "/* Plain calls of the kernel; the result is 0 or minus a status. */\n");
        for (size_t i = 0; i < s->n_methods; i++) flat_method(out, s, &s->methods[i]);
        text_printf(out, "\n");
        return;
    }
    text_printf(out, "/* X(): to be defined by a program that serves it; X_reply() ends the call, X_piece() "
                     "is one of many.\n"
                     " * X_call(): asks somebody else; the id of the call, or minus a status and done is "
                     "never called. */\n");
    for (size_t i = 0; i < s->n_methods; i++) {
        const Method *m = &s->methods[i];
        if (!gen_is_first_reply(f, s, m)) continue;
        text_printf(out, "typedef void ");
        gen_done_type(out, m);
        text_printf(out, "(parigot_app *, void *arg, const parigot_result_info *, const %s *);\n",
                    m->reply->c_name);
    }
    text_printf(out, "\n");
    for (size_t i = 0; i < s->n_methods; i++) method(out, s, &s->methods[i]);
    text_printf(out, "\n");
}

/* ---- the file ---------------------------------------------------------------------------------------- */

/* Is something of `other` named in f? */
static bool uses(const File *f, const File *other)
{
    for (size_t i = 0; i < f->n_types; i++)
        for (size_t k = 0; k < f->types[i]->n_fields; k++)
            if (f->types[i]->fields[k].type && f->types[i]->fields[k].type->file == other) return true;
    for (size_t i = 0; i < f->n_services; i++)
        for (size_t k = 0; k < f->services[i].n_methods; k++)
            if (f->services[i].methods[k].request->file == other ||
                f->services[i].methods[k].reply->file == other)
                return true;
    return false;
}

static bool is_public_import(const FileProto *p, const char *name)
{
    for (size_t i = 0; i < p->n_public_dependency; i++) {
        size_t index = (size_t)p->public_dependency[i];
        if (index < p->n_dependency && strcmp(p->dependency[index], name) == 0) return true;
    }
    return false;
}

/* The guard is the file's name with whatever is no letter or digit as _xx: no two files share one. */
static void guard(TextBuf *out, const char *directive, const File *f)
{
    text_printf(out, "#%s PARIGOT_GENERATED_", directive);
    for (const char *p = f->stem; *p; p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9');
        if (plain) text_printf(out, "%c", *p);
        else text_printf(out, "_%02x", (unsigned char)*p);
    }
    text_printf(out, "\n");
}

void gen_header(const Gen *g, const File *f, TextBuf *out)
{
    text_printf(out, "/* Made by protoc-gen-parigot from %s. Do not edit. */\n", f->proto->name);
    guard(out, "ifndef", f);
    guard(out, "define", f);
    text_printf(out, "#include <parigot/generated.h>\n");
    for (size_t i = 0; i < g->n_files; i++) {
        const File *other = &g->files[i];
        if (other != f && (uses(f, other) || is_public_import(f->proto, other->proto->name)))
            text_printf(out, "#include \"%s.parigot.h\"\n", other->stem);
    }
    text_printf(out, "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n");

    for (size_t i = 0; i < f->n_types; i++)
        if (f->types[i]->enumeration) enumeration(out, f->types[i]);
    for (size_t i = 0; i < f->n_types; i++) {
        const char *name = f->types[i]->c_name;
        if (f->types[i]->message) text_printf(out, "typedef struct %s %s;\n", name, name);
        text_printf(out, "typedef struct { const %s *ptr; size_t len; } %s_list;\n", name, name);
    }
    text_printf(out, "\n");
    for (size_t i = 0; i < f->n_types; i++) oneof_enums(out, f->types[i]);
    for (size_t i = 0; i < f->n_types; i++)
        if (f->types[i]->message) message(out, f->types[i]);

    text_printf(out, "/* ---- messages as bytes: memory from the arena; a decoded message points into the "
                     "bytes ---- */\n");
    for (size_t i = 0; i < f->n_types; i++) {
        const Type *t = f->types[i];
        if (!t->message) continue;
        text_printf(out, "extern const parigot_descriptor %s_descriptor;\n", t->c_name);
        if (t->map_entry) continue;
        text_printf(out, "parigot_status %s_encode(parigot_arena *, const %s *, parigot_bytes *);\n",
                    t->c_name, t->c_name);
        text_printf(out, "parigot_status %s_decode(parigot_arena *, parigot_bytes, const %s **);\n",
                    t->c_name, t->c_name);
    }
    text_printf(out, "\n");
    for (size_t i = 0; i < f->n_services; i++) service(out, f, &f->services[i]);
    text_printf(out, "#ifdef __cplusplus\n}\n#endif\n#endif\n");
}
