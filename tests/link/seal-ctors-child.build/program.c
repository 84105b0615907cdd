/* One constructor that writes one variable, at 0x11010: constants lie at 0x11000. */
#define ENTRY(name) __attribute__((export_name(name)))
const volatile unsigned constants[4] = {1, 2, 3, 4};
static volatile unsigned table[4];
__attribute__((constructor)) static void make(void)
{
    for (unsigned i = 0; i < 4; i++) table[i] = constants[i] * constants[i];
}
ENTRY("parigot_alloc") int take(int n) { return n < 0 ? 0 : 0x20000; }
ENTRY("parigot_init") unsigned start(int i, int n) { return table[i & 3] + constants[n & 3]; }
