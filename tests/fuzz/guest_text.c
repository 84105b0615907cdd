/* Fuzz target: text through the guest's strtod and strtof, which must say what the host's say, and its printf with the
 * text as the format, which must stay within its buffer. */
#include <stdbool.h>
#include <stdint.h>
#include "guest_libc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(double a, double b) { return isnan(a) ? isnan(b) : a == b && signbit(a) == signbit(b); }

/* "%s" and "%*d" read arguments that are not there: only conversions of numbers, without a star. */
static bool is_harmless(const char *format)
{
    for (const char *p = strchr(format, '%'); p; p = strchr(p, '%')) {
        p += 1 + strspn(p + 1, "-+ #0'");
        p += strspn(p, "0123456789");
        if (*p == '.') p += 1 + strspn(p + 1, "0123456789");
        if (!*p) return true;
        if (!strchr("aAeEfFgG%", *p)) return false;
        p++;
    }
    return true;
}

#pragma GCC diagnostic ignored "-Wformat-nonliteral"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), *a, *b;
    if (!text) abort();
    if (size) memcpy(text, data, size);
    text[size] = 0;
    if (!strchr(text, '(')) { /* "nan(...)": the host's takes the parentheses too */
        double x = guest_strtod(text, &a), y = strtod(text, &b);
        if (a != b || !same(x, y)) abort();
        float f = guest_strtof(text, &a), g = strtof(text, &b);
        if (a != b || !same(f, g)) abort();
        for (int base = 0; base <= 36; base += base ? 7 : 2) {
            if (guest_strtoll(text, &a, base) != strtoll(text, &b, base) || a != b) abort();
            if (guest_strtoull(text, &a, base) != strtoull(text, &b, base) || a != b) abort();
        }
    }
    if (is_harmless(text)) {
        double d[8];
        for (size_t i = 0; i < sizeof d; i++) ((uint8_t *)d)[i] = size ? data[i * 7 % size] : 0;
        size_t room = size % 100;
        char *out = malloc(room ? room : 1);
        if (!out) abort();
        guest_snprintf(out, room, text, d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7]);
        free(out);
    }
    free(text);
    return 0;
}
