/* brotli: three qualities, through its built-in dictionary (120 KB of constant data). */
#include <brotli/decode.h>
#include <brotli/encode.h>

#include "sample.h"

enum { N = 100000 };

int main(void)
{
    int bad = 0;
    printf("brotli %u %u\n", BrotliEncoderVersion(), BrotliDecoderVersion());
    unsigned char *in = malloc(N), *packed = malloc(2 * N), *back = malloc(N);
    sample_text(in, N);
    for (int quality = 1; quality <= 9; quality += 4) {
        size_t size = 2 * N, got = N;
        BrotliEncoderCompress(quality, 22, BROTLI_MODE_TEXT, N, in, &size, packed);
        BrotliDecoderResult r = BrotliDecoderDecompress(size, packed, &got, back);
        printf("quality %d result %d ", quality, r);
        bad |= sample_report("text", in, N, packed, size, back, got);
    }
    return bad;
}
