/* A table look-up for each byte, one long chain of dependences. */
static unsigned table[256];
static unsigned char data[65536];
int run(int n)
{
    for (unsigned i = 0; i < 256; i++) {
        unsigned c = i;
        for (int k = 0; k < 8; k++) c = c & 1 ? 0xedb88320u ^ c >> 1 : c >> 1;
        table[i] = c;
    }
    for (unsigned i = 0; i < sizeof data; i++) data[i] = (unsigned char)(i * 31 + (i >> 8));
    unsigned crc = 0xffffffffu;
    for (int round = 0; round < n; round++)
        for (unsigned i = 0; i < sizeof data; i++) crc = table[(crc ^ data[i]) & 0xff] ^ crc >> 8;
    return (int)crc;
}
