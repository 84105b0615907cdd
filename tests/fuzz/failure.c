/* Fuzz target: what a guest gives to Kernel/Fail. What is handed on is a Failure that protobuf-c reads, within its size, with no
 * reason: that is the kernel's to say. */
#include <stdlib.h>
#include <string.h>

#include "loader/kernel_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t out[KERNEL_MAX_FAILURE_BYTES], again[KERNEL_MAX_FAILURE_BYTES];
    size_t n = failure_clean(out, data, size);
    if (n > sizeof out || n > size) abort();
    if (n == 0) return 0;
    Parigot__Kernel__V1__Failure *f = parigot__kernel__v1__failure__unpack(NULL, n, out);
    if (!f || f->reason || f->base.n_unknown_fields) abort();
    parigot__kernel__v1__failure__free_unpacked(f, NULL);
    if (failure_clean(again, out, n) != n || memcmp(out, again, n) != 0) abort(); /* clean already */
    return 0;
}
