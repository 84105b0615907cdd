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

enum { EXIT_USAGE = 2, EXIT_INTERNAL = 3 };
enum { MAX_DEPTH = 64 }; /* of messages in the request; each nested type is one */
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
    ProtoWireLimits limits = {.max_depth = MAX_DEPTH, .max_memory_bytes = max_memory_bytes};
    if (!proto_check_wire(&google__protobuf__compiler__code_generator_request__descriptor,
                           (Str){(const char *)bytes, len}, limits, BUNDLE_WIRE_CODES, "stdin", 0, &diags))
        bad_request(
            diags.n ? arena_printf(&diags.arena, "is no good CodeGeneratorRequest: %s", diags.items[0].text)
                    : "is no good CodeGeneratorRequest");
    Request *request = google__protobuf__compiler__code_generator_request__unpack(NULL, len, bytes);
    if (!request) bad_request("is not a CodeGeneratorRequest");
    return request;
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
    gen_answer(&g, request, &response);
    if (g.errors.failed) out_of_memory(NULL);
    int status = answer(&response, &g.arena);
    gen_free(&g, &response);
    google__protobuf__compiler__code_generator_request__free_unpacked(request, NULL);
    return status;
}
