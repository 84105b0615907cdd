/* Recursion over arrays, branches that cannot be foretold. */
enum { COUNT = 200000 };
static int data[COUNT];
static void sort(int *low, int *high)
{
    while (low < high) {
        int pivot = low[(high - low) / 2], *i = low, *j = high;
        while (i <= j) {
            while (*i < pivot) i++;
            while (*j > pivot) j--;
            if (i <= j) {
                int t = *i;
                *i++ = *j;
                *j-- = t;
            }
        }
        if (j - low < high - i) {
            sort(low, j);
            low = i;
        } else {
            sort(i, high);
            high = j;
        }
    }
}
int run(int n)
{
    unsigned x = 1, sum = 0;
    for (int round = 0; round < n; round++) {
        for (int i = 0; i < COUNT; i++) {
            x = x * 1664525 + 1013904223;
            data[i] = (int)(x >> 4);
        }
        sort(data, data + COUNT - 1);
        for (int i = 0; i < COUNT; i += 1000) sum = sum * 31 + (unsigned)data[i];
    }
    return (int)sum;
}
