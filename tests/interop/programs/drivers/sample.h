/* sample.h: input and a checksum that all drivers share. Everything is the same on each run. */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Text that compresses like prose: words drawn by a fixed generator. */
static inline void sample_text(unsigned char *out, size_t n)
{
    static const char *const words[] = {"linear", "memory", "module", "import", "export", "table", "trap",
                                        "stack",  "global", "signed", "bundle", "world",  "call",  "\n"};
    unsigned state = 12345;
    for (size_t at = 0; at < n;) {
        state = state * 1103515245u + 12345u;
        const char *word = words[(state >> 16) % (sizeof words / sizeof *words)];
        for (; *word && at < n; word++) out[at++] = (unsigned char)*word;
        if (at < n) out[at++] = (state >> 28) ? ' ' : (unsigned char)(state >> 20);
    }
}

static inline unsigned sample_sum(const void *data, size_t n)
{
    unsigned sum = 2166136261u;
    for (size_t i = 0; i < n; i++) sum = (sum ^ ((const unsigned char *)data)[i]) * 16777619u;
    return sum;
}

/* Report a round trip: sizes, checksum, and whether what came back is what went in. */
static inline int sample_report(const char *what, const void *in, size_t n, const void *packed, size_t packed_size,
                                const void *back, size_t back_size)
{
    int same = n == back_size && memcmp(in, back, n) == 0;
    printf("%s: %zu -> %zu (%08x) -> %zu %s\n", what, n, packed_size, sample_sum(packed, packed_size), back_size,
           same ? "same" : "DIFFERENT");
    return same ? 0 : 1;
}

#endif
