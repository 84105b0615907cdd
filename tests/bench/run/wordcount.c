/* A hash table of strings: bytes, compares, pointers. */
enum { TEXT = 400000, SLOTS = 16384 };
static char text[TEXT + 1];
static struct { const char *word; unsigned len, count; } table[SLOTS];
int run(int n)
{
    unsigned x = 7;
    for (int i = 0; i < TEXT; i++) {
        x = x * 1103515245 + 12345;
        unsigned r = x >> 16 & 31;
        text[i] = r < 5 ? ' ' : (char)('a' + r % 7);
    }
    unsigned distinct = 0, most = 0;
    for (int round = 0; round < n; round++) {
        distinct = most = 0;
        for (int i = 0; i < SLOTS; i++) table[i].word = 0, table[i].count = 0;
        for (const char *p = text; *p;) {
            while (*p == ' ') p++;
            const char *start = p;
            unsigned hash = 5381;
            while (*p && *p != ' ') hash = hash * 33 ^ (unsigned char)*p++;
            unsigned len = (unsigned)(p - start), at = hash % SLOTS;
            if (len == 0 || len > 5) continue;
            for (;; at = (at + 1) % SLOTS) {
                if (!table[at].word) {
                    table[at].word = start;
                    table[at].len = len;
                    distinct++;
                } else {
                    unsigned k = 0;
                    if (table[at].len == len) while (k < len && table[at].word[k] == start[k]) k++;
                    if (table[at].len != len || k < len) continue;
                }
                if (++table[at].count > most) most = table[at].count;
                break;
            }
        }
    }
    return (int)(distinct * 1000 + most);
}
