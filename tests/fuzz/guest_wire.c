/* Fuzz target: bytes from anybody, through the guest's decoder. What it accepts must survive being encoded and decoded
 * again, to the same bytes. */
#include <stdlib.h>
#include <string.h>
#include "abi-stubs/lib/runtime.h"
#include "all.parigot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const parigot_descriptor *type = &tests_guest_v1_All_descriptor;
    parigot_arena arena = {NULL};
    parigot_status status;
    parigot_bytes first, second;
    const void *message = parigot_gen_decode(&arena, type, data, size, &status);
    if ((message != NULL) != (status == PARIGOT_OK)) abort();
    if (message) {
        if (parigot_gen_encode(&arena, type, message, &first) != PARIGOT_OK) abort();
        message = parigot_gen_decode(&arena, type, first.ptr, first.len, &status);
        if (!message || parigot_gen_encode(&arena, type, message, &second) != PARIGOT_OK) abort();
        if (first.len != second.len || (first.len && memcmp(first.ptr, second.ptr, first.len) != 0)) abort();
    }
    parigot_arena_free(&arena);
    return 0;
}
