/* recode.c: messages of type tests.guest.v1.All through the guest's codec, for a comparison with protoc. On stdin and
 * stdout each message has its length in front, four bytes, little-endian; a refused one has the length 0xffffffff. */
#include <stdio.h>
#include <stdlib.h>
#include "abi-stubs/lib/runtime.h"
#include "all.parigot.h"

static void put_length(uint32_t n)
{
    for (int i = 0; i < 4; i++) putchar((int)(n >> 8 * i & 0xff));
}

int main(void)
{
    uint8_t head[4];
    while (fread(head, 1, 4, stdin) == 4) {
        uint32_t len = head[0] | (uint32_t)head[1] << 8 | (uint32_t)head[2] << 16 | (uint32_t)head[3] << 24;
        uint8_t *bytes = malloc(len ? len : 1);
        if (!bytes || fread(bytes, 1, len, stdin) != len) return EXIT_FAILURE;
        parigot_arena arena = {NULL};
        const tests_guest_v1_All *message;
        parigot_bytes out;
        if (tests_guest_v1_All_decode(&arena, (parigot_bytes){bytes, len}, &message) == PARIGOT_OK &&
            tests_guest_v1_All_encode(&arena, message, &out) == PARIGOT_OK) {
            put_length((uint32_t)out.len);
            fwrite(out.ptr, 1, out.len, stdout);
        } else {
            put_length(UINT32_MAX);
        }
        parigot_arena_free(&arena);
        free(bytes);
    }
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
