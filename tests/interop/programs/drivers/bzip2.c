/* bzip2: both block sizes at the ends, the small decompressor, a damaged stream. */
#include "bzlib.h"
#include "sample.h"

enum { N = 300000 };

void bz_internal_error(int code)
{
    printf("internal error %d\n", code);
    exit(3);
}

int main(void)
{
    int bad = 0;
    printf("bzip2 %s\n", BZ2_bzlibVersion());
    unsigned char *in = malloc(N), *packed = malloc(2 * N), *back = malloc(N);
    sample_text(in, N);
    for (int block = 1; block <= 9; block += 4)
        for (int small = 0; small <= 1; small++) {
            unsigned size = 2 * N, got = N;
            int a = BZ2_bzBuffToBuffCompress((char *)packed, &size, (char *)in, N, block, 0, 30);
            int b = BZ2_bzBuffToBuffDecompress((char *)back, &got, (char *)packed, size, small, 0);
            printf("%d %d ", a, b);
            bad |= sample_report("block", in, N, packed, size, back, got);
            packed[size / 2] ^= 1;
            got = N;
            printf("damaged: %d\n", BZ2_bzBuffToBuffDecompress((char *)back, &got, (char *)packed, size, small, 0));
        }
    return bad;
}
