/* zlib: every level and strategy, the streaming interface in small pieces, gzip framing, a damaged stream. */
#include "sample.h"
#include "zlib.h"

#ifndef BYTES
#define BYTES 200000
#endif
enum { N = BYTES };

static int one(int level, int strategy, int window)
{
    unsigned char *in = malloc(N), *packed = malloc(2 * N), *back = malloc(N);
    sample_text(in, N);
    z_stream z = {0};
    deflateInit2(&z, level, Z_DEFLATED, window, 8, strategy);
    z.next_in = in;
    z.next_out = packed;
    int state = Z_OK;
    while (state == Z_OK) {
        size_t fed = (size_t)(z.next_in - in), piece = N - fed < 777 ? N - fed : 777;
        z.avail_in = (unsigned)piece;
        z.avail_out = 1000;
        state = deflate(&z, fed + piece == N ? Z_FINISH : Z_NO_FLUSH);
    }
    size_t size = z.total_out;
    deflateEnd(&z);
    z_stream u = {.next_in = packed, .avail_in = (unsigned)size, .next_out = back, .avail_out = N};
    inflateInit2(&u, window);
    state = inflate(&u, Z_FINISH);
    char name[64];
    snprintf(name, sizeof name, "level %d strategy %d window %d state %d", level, strategy, window, state);
    int bad = sample_report(name, in, N, packed, size, back, u.total_out);
    inflateEnd(&u);
    packed[size / 2] ^= 0x55;
    unsigned long left = N;
    printf("  crc %08lx adler %08lx damaged: %d\n", crc32(0, in, N), adler32(1, in, N), uncompress(back, &left, packed, size));
    free(in), free(packed), free(back);
    return bad;
}

int main(void)
{
    int bad = 0;
    printf("zlib %s\n", zlibVersion());
    for (int level = 0; level <= 9; level += 3)
        for (int strategy = 0; strategy <= 4; strategy++) bad |= one(level, strategy, 15);
    return bad | one(6, 0, 31) | one(6, 0, -15);
}
