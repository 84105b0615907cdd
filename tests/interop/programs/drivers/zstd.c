/* zstd: fast, middle and best levels, a dictionary, a checksum, an error by name. */
#include "sample.h"
#include "zstd.h"

enum { N = 300000 };

int main(void)
{
    int bad = 0;
    printf("zstd %s\n", ZSTD_versionString());
    size_t room = ZSTD_compressBound(N);
    unsigned char *in = malloc(N), *packed = malloc(room), *back = malloc(N);
    sample_text(in, N);
    static const int levels[] = {-5, 1, 3, 6, 9, 13, 17};
    for (size_t l = 0; l < sizeof levels / sizeof *levels; l++) {
        size_t size = ZSTD_compress(packed, room, in, N, levels[l]);
        size_t got = ZSTD_decompress(back, N, packed, size);
        printf("level %d ", levels[l]);
        bad |= sample_report("plain", in, N, packed, size, back, got);
    }
    ZSTD_CCtx *c = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
    ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, 5);
    ZSTD_CCtx_loadDictionary(c, in, 5000);
    size_t size = ZSTD_compress2(c, packed, room, in + 5000, N - 5000);
    ZSTD_DCtx *d = ZSTD_createDCtx();
    size_t got = ZSTD_decompress_usingDict(d, back, N, packed, size, in, 5000);
    bad |= sample_report("dictionary", in + 5000, N - 5000, packed, size, back, got);
    packed[size / 2] ^= 4;
    printf("damaged: %s\n", ZSTD_getErrorName(ZSTD_decompress_usingDict(d, back, N, packed, size, in, 5000)));
    ZSTD_freeCCtx(c);
    ZSTD_freeDCtx(d);
    return bad;
}
