/* main.c of protoc-gen-parigot: protoc's request on stdin, its answer on stdout. plugin.proto has the
 * protocol: what is wrong with a .proto file goes into the answer, with status 0; what is wrong with the
 * request itself to stderr. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "bundle/bundle.h"
#include "gen.h"

typedef Google__Protobuf__Compiler__CodeGeneratorRequest Request;
typedef Google__Protobuf__Compiler__CodeGeneratorResponse Response;
typedef Google__Protobuf__Compiler__CodeGeneratorResponse__File OutFile;

enum { EXIT_USAGE = 2, EXIT_INTERNAL = 3 };
enum { MAX_DEPTH = 64 };                   /* of messages in the request; each nested type is one */
static const size_t max_request_bytes = (size_t)64 << 20, max_memory_bytes = (size_t)2 << 30;

static const char help[] =
    "usage: protoc --plugin=protoc-gen-parigot --parigot_out=DIR FILE.proto...\n"
    "\n"
    "A plug-in of protoc, which finds it on the PATH. For DIR/x/y.proto it writes\n"
    "  x/y.parigot.h        messages, enums, functions; include it\n"
    "  x/y.parigot.c        messages and the client side of services; compile it always\n"
    "  x/y.serve.parigot.c  the exported entries; compile it into the module that serves\n"
    "proto3 only; replies may be streams, requests may not. See protoc-gen-parigot(1).\n"
    "\n"
    "  --help, --version\n";

static _Noreturn void out_of_memory(void *ctx)
{
    (void)ctx;
    fputs("protoc-gen-parigot: error: out of memory\n", stderr);
    exit(EXIT_INTERNAL);
}

static _Noreturn void bad_request(const char *why)
{
    fprintf(stderr, "protoc-gen-parigot: error: the request on stdin %s\n", why);
    exit(EXIT_USAGE);
}

static uint8_t *read_request(Arena *a, size_t *len)
{
    size_t cap = 0;
    uint8_t *bytes = NULL;
    *len = 0;
    for (;;) {
        if (*len == cap) {
            cap = cap ? cap * 2 : 65536;
            uint8_t *larger = arena_alloc(a, cap);
            if (*len) memcpy(larger, bytes, *len);
            bytes = larger;
        }
        size_t n = fread(bytes + *len, 1, cap - *len, stdin);
        if (n == 0) break;
        *len += n;
        if (*len > max_request_bytes) bad_request("is longer than 64 MiB");
    }
    if (ferror(stdin)) bad_request(strerror(errno));
    return bytes;
}

/* protobuf-c bounds nothing: so the bytes are walked first. */
static Request *unpack_request(const uint8_t *bytes, size_t len)
{
    Diags diags = {.limit = 1};
    BundleWireLimits limits = {.max_depth = MAX_DEPTH, .max_memory_bytes = max_memory_bytes};
    if (!bundle_check_wire(&google__protobuf__compiler__code_generator_request__descriptor,
                           (Str){(const char *)bytes, len}, limits, "stdin", 0, &diags))
        bad_request(diags.n ? arena_printf(&diags.arena, "is no good CodeGeneratorRequest: %s", diags.items[0].text)
                            : "is no good CodeGeneratorRequest");
    Request *request = google__protobuf__compiler__code_generator_request__unpack(NULL, len, bytes);
    if (!request) bad_request("is not a CodeGeneratorRequest");
    return request;
}

/* One file of the answer. */
static void add_file(Gen *g, Response *r, const File *f, const char *tail,
                     void (*emit)(const Gen *, const File *, TextBuf *))
{
    TextBuf text = {0};
    OutFile *out = arena_alloc(&g->arena, sizeof *out);
    google__protobuf__compiler__code_generator_response__file__init(out);
    emit(g, f, &text);
    if (text.failed) out_of_memory(NULL);
    out->name = arena_printf(&g->arena, "%s%s", f->stem, tail);
    out->content = text.ptr;
    r->file[r->n_file++] = out;
}

static void generate(Gen *g, const Request *request, Response *r)
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
    if (g->errors.failed) out_of_memory(NULL);
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

static int answer(const Response *r, Arena *a)
{
    size_t size = google__protobuf__compiler__code_generator_response__get_packed_size(r);
    uint8_t *bytes = arena_alloc(a, size);
    google__protobuf__compiler__code_generator_response__pack(r, bytes);
    if (fwrite(bytes, 1, size, stdout) == size && fflush(stdout) == 0) return EXIT_SUCCESS;
    fprintf(stderr, "protoc-gen-parigot: error: stdout: %s\n", strerror(errno));
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return fputs(help, stdout) < 0 ? EXIT_USAGE : EXIT_SUCCESS;
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return puts("protoc-gen-parigot " PARIGOT_VERSION) < 0 ? EXIT_USAGE : EXIT_SUCCESS;
    if (argc > 1) {
        fprintf(stderr, "protoc-gen-parigot: error: unknown argument %s\n%s", argv[1], help);
        return EXIT_USAGE;
    }
    if (isatty(STDIN_FILENO)) {
        fputs(help, stderr);
        return EXIT_USAGE;
    }
    Gen g = {.arena = {.on_oom = out_of_memory}};
    Response response;
    size_t len;
    const uint8_t *bytes = read_request(&g.arena, &len);
    Request *request = unpack_request(bytes, len);
    google__protobuf__compiler__code_generator_response__init(&response);
    generate(&g, request, &response);
    int status = answer(&response, &g.arena);
    for (size_t i = 0; i < response.n_file; i++) free(response.file[i]->content);
    text_free(&g.errors);
    arena_free(&g.arena);
    google__protobuf__compiler__code_generator_request__free_unpacked(request, NULL);
    return status;
}
