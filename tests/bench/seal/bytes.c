/* Byte by byte: a text is encoded, decoded and compared, as parsers and printers do it. One store for few other instructions: the
 * worst that there is. */
static unsigned char *put(unsigned char *at, unsigned value)
{
    for (; value >= 0x80; value >>= 7) *at++ = (unsigned char)(value | 0x80);
    *at++ = (unsigned char)value;
    return at;
}

static const unsigned char *get(const unsigned char *at, unsigned *value)
{
    unsigned shift = 0;
    *value = 0;
    do *value |= (unsigned)(*at & 0x7f) << shift, shift += 7;
    while (*at++ & 0x80);
    return at;
}

int run(int rounds)
{
    enum { VALUES = 10000 };
    unsigned char *text = (unsigned char *)(__builtin_wasm_memory_grow(0, 2) * 65536);
    unsigned sum = 0;
    for (int r = 0; r < rounds; r++) {
        unsigned char *end = text;
        for (unsigned i = 0; i < VALUES; i++) end = put(end, i * i + (unsigned)r);
        unsigned value, n = 0;
        for (const unsigned char *at = text; at < end; n++) {
            at = get(at, &value);
            sum = sum * 33 + value;
        }
        for (unsigned char *p = text; p < end; p++) *p ^= 0x20;
        sum += n;
    }
    return (int)sum;
}
