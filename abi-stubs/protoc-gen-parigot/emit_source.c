/* emit_source.c: X.parigot.c, tables of the messages and the client side, and X.serve.parigot.c, the exported
 * entries. Each function is a thin one: what can be shared is in the guest library. */
#include <string.h>
#include "gen.h"

#define T(name) GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_##name

const char *gen_reply_verb(const Method *m) { return m->proto->server_streaming ? "piece" : "reply"; }

void gen_done_type(TextBuf *out, const Method *m) { text_printf(out, "%s_done", m->reply->c_name); }

bool gen_is_first_reply(const File *f, const Service *service, const Method *method)
{
    for (const Service *s = f->services; s <= service; s++) {
        if (s->flat) continue;
        for (const Method *m = s->methods; m < s->methods + s->n_methods && m != method; m++)
            if (m->reply == method->reply) return false;
    }
    return true;
}

/* ---- messages ---------------------------------------------------------------------------------------- */

static const char *type_name(const Field *f)
{
    static const char *const names[] = {
        [T(DOUBLE)] = "DOUBLE",   [T(FLOAT)] = "FLOAT",       [T(INT64)] = "INT64",
        [T(UINT64)] = "UINT64",   [T(INT32)] = "INT32",       [T(FIXED64)] = "FIXED64",
        [T(FIXED32)] = "FIXED32", [T(BOOL)] = "BOOL",         [T(STRING)] = "STRING",
        [T(MESSAGE)] = "MESSAGE", [T(BYTES)] = "BYTES",       [T(UINT32)] = "UINT32",
        [T(ENUM)] = "ENUM",       [T(SFIXED32)] = "SFIXED32", [T(SFIXED64)] = "SFIXED64",
        [T(SINT32)] = "SINT32",   [T(SINT64)] = "SINT64",
    };
    return names[f->proto->type];
}

static const char *presence_name(const Type *t, const Field *f)
{
    if (f->map) return "MAP";
    if (f->packed) return "PACKED";
    if (f->list) return "LIST";
    if (f->oneof >= 0) return "ONEOF";
    if (f->has) return "HAS";
    return t->map_entry ? "ALWAYS" : "NONZERO";
}

static void table(TextBuf *out, const Type *t)
{
    if (t->n_fields) text_printf(out, "static const parigot_field %s_fields[] = {\n", t->c_name);
    for (size_t i = 0; i < t->n_fields; i++) {
        const Field *f = &t->fields[i];
        text_printf(out, "    {%d, PARIGOT_%s, PARIGOT_%s, offsetof(%s, %s), ", f->proto->number,
                    type_name(f), presence_name(t, f), t->c_name, f->c_path);
        if (f->has) text_printf(out, "offsetof(%s, has_%s), ", t->c_name, f->proto->name);
        else if (f->oneof >= 0)
            text_printf(out, "offsetof(%s, %s.which), ", t->c_name, t->oneofs[f->oneof].c_name);
        else text_printf(out, "0, ");
        if (f->type && f->type->message) text_printf(out, "&%s_descriptor},\n", f->type->c_name);
        else text_printf(out, "NULL},\n");
    }
    if (t->n_fields) text_printf(out, "};\n");
    text_printf(out, "const parigot_descriptor %s_descriptor = {sizeof(%s), %zu, ", t->c_name, t->c_name,
                t->n_fields);
    if (t->n_fields) text_printf(out, "%s_fields};\n\n", t->c_name);
    else text_printf(out, "NULL};\n\n");
}

static void codec(TextBuf *out, const Type *t)
{
    const char *name = t->c_name;
    text_printf(out,
                "parigot_status %s_encode(parigot_arena *arena, const %s *message, parigot_bytes *bytes)\n"
                "{\n    return parigot_gen_encode(arena, &%s_descriptor, message, bytes);\n}\n\n",
                name, name, name);
    text_printf(out,
                "parigot_status %s_decode(parigot_arena *arena, parigot_bytes bytes, const %s **message)\n"
                "{\n    parigot_status status;\n"
                "    *message = parigot_gen_decode(arena, &%s_descriptor, bytes.ptr, bytes.len, &status);\n"
                "    return status;\n}\n\n",
                name, name, name);
}

/* ---- client ------------------------------------------------------------------------------------------ */

/* Calls a done function by its own type. */
static void deliver(TextBuf *out, const Method *m)
{
    const char *reply = m->reply->c_name;
    text_printf(out,
                "static void %s_deliver(parigot_gen_function *done, parigot_app *app, void *arg,\n"
                "                       const parigot_result_info *info, const void *reply)\n"
                "{\n    ((",
                reply);
    gen_done_type(out, m);
    text_printf(out, " *)done)(app, arg, info, reply);\n}\n\n");
}

static void client(TextBuf *out, const Service *s, const Method *m)
{
    const char *name = m->c_name, *request = m->request->c_name, *reply = m->reply->c_name;
    text_printf(out,
                "PARIGOT_IMPORT(\"%s\", \"%s\")\n"
                "int32_t %s_import(const void *ptr, size_t len, uintptr_t cookie);\n\n",
                s->full_name, m->proto->name, name);
    text_printf(
        out, "static const parigot_method %s_client = {&%s_descriptor, &%s_descriptor, %s, %s_deliver};\n\n",
        name, request, reply, m->proto->server_streaming ? "true" : "false", reply);
    text_printf(out, "int32_t %s_call(parigot_app *app, const %s *request, ", name, request);
    gen_done_type(out, m);
    text_printf(out,
                " *done, void *arg)\n{\n"
                "    parigot_gen_call call;\n"
                "    (void)app;\n"
                "    int32_t status = parigot_gen_begin(&call, &%s_client, request, (parigot_gen_function "
                "*)done, arg);\n"
                "    if (status < 0) return status;\n"
                "    return parigot_gen_sent(&call, %s_import(call.ptr, call.len, call.cookie));\n}\n\n",
                name, name);
}

void gen_source(const Gen *g, const File *f, TextBuf *out)
{
    (void)g;
    text_printf(out,
                "/* Made by protoc-gen-parigot from %s. Do not edit.\n"
                " * Messages and the client side of services; what is not used is dropped by the linker. */\n"
                "#include \"%s.parigot.h\"\n\n",
                f->proto->name, f->stem);
    for (size_t i = 0; i < f->n_types; i++)
        if (f->types[i]->message) table(out, f->types[i]);
    for (size_t i = 0; i < f->n_types; i++)
        if (f->types[i]->message && !f->types[i]->map_entry) codec(out, f->types[i]);
    for (size_t i = 0; i < f->n_services; i++) {
        const Service *s = &f->services[i];
        for (size_t k = 0; k < s->n_methods && !s->flat; k++) {
            if (gen_is_first_reply(f, s, &s->methods[k])) deliver(out, &s->methods[k]);
            client(out, s, &s->methods[k]);
        }
    }
}

/* ---- server ------------------------------------------------------------------------------------------ */

static void entry(TextBuf *out, const Service *s, const Method *m)
{
    const char *name = m->c_name, *request = m->request->c_name, *reply = m->reply->c_name;
    text_printf(out,
                "static const parigot_method %s_served = {&%s_descriptor, &%s_descriptor, %s, NULL};\n\n",
                name, request, reply, m->proto->server_streaming ? "true" : "false");
    text_printf(out,
                "PARIGOT_EXPORT(\"%s/%s\")\n"
                "void %s_entry(parigot_state *state, uint32_t id, void *ptr, size_t len);\n"
                "void %s_entry(parigot_state *state, uint32_t id, void *ptr, size_t len)\n{\n"
                "    parigot_call *call;\n"
                "    const %s *request = parigot_gen_enter(state, id, ptr, len, &%s_served, &call);\n"
                "    if (request) %s(parigot_gen_app(state), call, request);\n"
                "    parigot_gen_leave(state);\n}\n\n",
                s->full_name, m->proto->name, name, name, request, name, name);
    text_printf(out,
                "parigot_status %s_%s(parigot_call *call, const %s *reply)\n"
                "{\n    return parigot_gen_%s(call, &%s_served, reply);\n}\n\n",
                name, gen_reply_verb(m), reply, gen_reply_verb(m), name);
}

void gen_serve(const Gen *g, const File *f, TextBuf *out)
{
    (void)g;
    text_printf(
        out,
        "/* Made by protoc-gen-parigot from %s. Do not edit.\n"
        " * The exported entries: compile this into a module that provides the services, and no other. */\n"
        "#include \"%s.parigot.h\"\n\n",
        f->proto->name, f->stem);
    for (size_t i = 0; i < f->n_services; i++)
        for (size_t k = 0; k < f->services[i].n_methods && !f->services[i].host; k++)
            entry(out, &f->services[i], &f->services[i].methods[k]);
}
