/* answer.c: protoc's request to its answer: the files, or what is wrong. */
#include <stdlib.h>
#include "gen.h"

/* One file of the answer. */
static void add_file(Gen *g, Response *r, const File *f, const char *tail,
                     void (*emit)(const Gen *, const File *, TextBuf *))
{
    TextBuf text = {0};
    OutFile *out = arena_alloc(&g->arena, sizeof *out);
    google__protobuf__compiler__code_generator_response__file__init(out);
    emit(g, f, &text);
    if (text.failed) g->errors.failed = true;
    out->name = arena_printf(&g->arena, "%s%s", f->stem, tail);
    out->content = text.ptr;
    r->file[r->n_file++] = out;
}

void gen_answer(Gen *g, const Request *request, Response *r)
{
    r->has_supported_features = true;
    r->supported_features =
        GOOGLE__PROTOBUF__COMPILER__CODE_GENERATOR_RESPONSE__FEATURE__FEATURE_PROTO3_OPTIONAL;
    if (request->parameter && *request->parameter) {
        r->error =
            arena_printf(&g->arena, "unknown option \"%s\": protoc-gen-parigot has none", request->parameter);
        return;
    }
    gen_build(g, request);
    if (g->errors.len) {
        r->error = g->errors.ptr;
        return;
    }
    r->file = arena_array(&g->arena, g->n_files * 3, sizeof *r->file);
    for (size_t i = 0; i < g->n_files; i++) {
        const File *f = &g->files[i];
        if (!f->generate) continue;
        add_file(g, r, f, ".parigot.h", gen_header);
        add_file(g, r, f, ".parigot.c", gen_source);
        bool served = false;
        for (size_t k = 0; k < f->n_services; k++) served = served || !f->services[k].host;
        if (served) add_file(g, r, f, ".serve.parigot.c", gen_serve);
    }
}

void gen_free(Gen *g, Response *r)
{
    for (size_t i = 0; i < r->n_file; i++) free(r->file[i]->content);
    text_free(&g->errors);
    arena_free(&g->arena);
}
