/* utf8.c: well-formed UTF-8, Unicode 15 table 3-7: no surrogates, nothing longer than needed, at most
 * U+10FFFF. */
#include "runtime.h"

static bool tail(uint8_t b) { return (b & 0xc0) == 0x80; }

unsigned parigot_utf8_char(const uint8_t *p, const uint8_t *end)
{
    size_t left = (size_t)(end - p);
    uint8_t lead = p[0];
    if (lead < 0x80) return 1;
    if (lead < 0xc2 || lead > 0xf4 || left < 2 || !tail(p[1])) return 0;
    if (lead < 0xe0) return 2;
    if (left < 3 || !tail(p[2])) return 0;
    if (lead == 0xe0 && p[1] < 0xa0) return 0;
    if (lead == 0xed && p[1] > 0x9f) return 0;
    if (lead < 0xf0) return 3;
    if (left < 4 || !tail(p[3])) return 0;
    if (lead == 0xf0 && p[1] < 0x90) return 0;
    if (lead == 0xf4 && p[1] > 0x8f) return 0;
    return 4;
}

bool parigot_utf8_valid(const void *text, size_t len)
{
    if (!len) return true; /* text may be NULL then */
    const uint8_t *p = text, *end = p + len;
    while (p < end) {
        uint64_t eight;
        if (end - p >= 8 && (__builtin_memcpy(&eight, p, 8), !(eight & 0x8080808080808080u))) {
            p += 8; /* plain ASCII, eight at a time */
            continue;
        }
        unsigned n = parigot_utf8_char(p, end);
        if (!n) return false;
        p += n;
    }
    return true;
}

void parigot_utf8_mend(const char *text, size_t len)
{
    uint8_t *p = (uint8_t *)(uintptr_t)text, *end = p + len;
    while (p < end) {
        unsigned n = parigot_utf8_char(p, end);
        if (!n) *p = '?';
        p += n ? n : 1;
    }
}
