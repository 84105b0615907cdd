/* Recursion with bit sets: few memory accesses, many branches. */
static int place(unsigned all, unsigned columns, unsigned left, unsigned right)
{
    if (columns == all) return 1;
    int count = 0;
    for (unsigned free = all & ~(columns | left | right); free != 0; free &= free - 1) {
        unsigned bit = free & -free;
        count += place(all, columns | bit, (left | bit) << 1, (right | bit) >> 1);
    }
    return count;
}
int run(int n) { return place((1u << n) - 1, 0, 0, 0); }
