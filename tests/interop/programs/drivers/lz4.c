/* lz4: the fast and the thorough compressor, and frames with checksums. */
#include "lz4.h"
#include "lz4frame.h"
#include "lz4hc.h"
#include "sample.h"

enum { N = 200000 };

int main(void)
{
    int bad = 0;
    printf("lz4 %s\n", LZ4_versionString());
    int room = LZ4_compressBound(N);
    char *in = malloc(N), *packed = malloc((size_t)room + 1000), *back = malloc(N);
    sample_text((unsigned char *)in, N);
    for (int level = 0; level <= 12; level += 4) {
        int size = level ? LZ4_compress_HC(in, packed, N, room, level) : LZ4_compress_default(in, packed, N, room);
        int got = LZ4_decompress_safe(packed, back, size, N);
        bad |= sample_report("block", in, N, packed, (size_t)size, back, (size_t)got);
    }
    LZ4F_preferences_t p = {.frameInfo = {.contentChecksumFlag = LZ4F_contentChecksumEnabled}};
    size_t size = LZ4F_compressFrame(packed, (size_t)room + 1000, in, N, &p), from = size, got = N;
    LZ4F_dctx *d;
    LZ4F_createDecompressionContext(&d, LZ4F_VERSION);
    size_t state = LZ4F_decompress(d, back, &got, packed, &from, NULL);
    printf("%zu ", state);
    bad |= sample_report("frame", in, N, packed, size, back, got);
    LZ4F_freeDecompressionContext(d);
    return bad;
}
