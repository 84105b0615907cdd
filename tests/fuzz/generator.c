/* Fuzz target: a request of protoc's, or what looks like one, through protoc-gen-parigot. */
#include "abi-stubs/protoc-gen-parigot/gen.h"
#include "bundle/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Gen g = {0};
    Diags diags = {.limit = 1};
    Response response;
    ProtoWireLimits limits = {.max_depth = 64, .max_memory_bytes = (size_t)256 << 20};
    google__protobuf__compiler__code_generator_response__init(&response);
    if (proto_check_wire(&google__protobuf__compiler__code_generator_request__descriptor,
                          (Str){(const char *)data, size}, limits, BUNDLE_WIRE_CODES, "fuzz", 0, &diags)) {
        Request *request = google__protobuf__compiler__code_generator_request__unpack(NULL, size, data);
        if (request) gen_answer(&g, request, &response);
        gen_free(&g, &response);
        if (request) google__protobuf__compiler__code_generator_request__free_unpacked(request, NULL);
    }
    diag_free(&diags);
    return 0;
}
