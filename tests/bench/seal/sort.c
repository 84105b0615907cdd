/* Insertion and merge sort of arrays that are on the stack or on memory of their own, through one pointer. */
static void sort(unsigned *a, unsigned *room, unsigned n)
{
    if (n <= 12) {
        for (unsigned i = 1; i < n; i++) {
            unsigned v = a[i], k = i;
            for (; k > 0 && a[k - 1] > v; k--) a[k] = a[k - 1];
            a[k] = v;
        }
        return;
    }
    unsigned half = n / 2, i = 0, k = half, out = 0;
    sort(a, room, half);
    sort(a + half, room, n - half);
    while (i < half && k < n) room[out++] = a[i] <= a[k] ? a[i++] : a[k++];
    while (i < half) room[out++] = a[i++];
    for (i = 0; i < out; i++) a[i] = room[i];
}

static unsigned once(unsigned *a, unsigned *room, unsigned n, unsigned seed)
{
    for (unsigned i = 0; i < n; i++) a[i] = seed = seed * 1664525 + 1013904223;
    sort(a, room, n);
    return a[0] ^ a[n / 2] ^ a[n - 1];
}

int run(int rounds)
{
    enum { LARGE = 8192, SMALL = 1024 };
    unsigned *large = (unsigned *)(__builtin_wasm_memory_grow(0, 1) * 65536), here[2 * SMALL], sum = 0;
    for (int r = 0; r < rounds; r++) {
        sum += once(large, large + LARGE, LARGE, (unsigned)r);
        for (unsigned k = 0; k < 4; k++) sum += once(here, here + SMALL, SMALL, (unsigned)r + k);
    }
    return (int)sum;
}
