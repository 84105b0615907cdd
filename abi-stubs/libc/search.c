/* search.c: memmem and strstr by the two-way algorithm (Crochemore and Perrin, "Two-way string-matching",
 * 1991): linear time for every text and pattern, and no memory. */
#include <stdint.h>
#include <string.h>

/* The start of the largest suffix of x in one of the two orders of letters, and its period. */
static size_t largest_suffix(const unsigned char *x, size_t len, int reversed, size_t *period)
{
    size_t suffix = 0, j = 1, k = 0, p = 1; /* suffix: candidate; j: challenger; k: letters that agree */
    while (j + k < len) {
        unsigned char a = x[j + k], b = x[suffix + k];
        if (a == b) {
            if (k + 1 == p) {
                j += p;
                k = 0;
            } else {
                k++;
            }
        } else if ((a < b) != reversed) { /* the challenger is smaller: the period grows over it */
            j += k + 1;
            k = 0;
            p = j - suffix;
        } else {
            suffix = j++;
            k = 0;
            p = 1;
        }
    }
    *period = p;
    return suffix;
}

void *memmem(const void *text, size_t n, const void *what, size_t m)
{
    const unsigned char *t = text, *x = what;
    if (m == 0) return (void *)(uintptr_t)t;
    if (m > n) return NULL;
    if (m == 1) return memchr(text, x[0], n);
    size_t period, other_period;
    size_t cut = largest_suffix(x, m, 0, &period), other = largest_suffix(x, m, 1, &other_period);
    if (other > cut) {
        cut = other;
        period = other_period;
    }
    int periodic = cut + period <= m && memcmp(x, x + period, cut) == 0;
    size_t shift = cut > m - cut ? cut + 1 : m - cut + 1, known = 0;
    for (size_t at = 0; at <= n - m;) {
        size_t i = cut > known ? cut : known;
        while (i < m && x[i] == t[at + i]) i++;
        if (i < m) { /* the right half differs: on behind the letter */
            at += i - cut + 1;
            known = 0;
            continue;
        }
        i = cut;
        while (i > known && x[i - 1] == t[at + i - 1]) i--;
        if (i <= known) return (void *)(uintptr_t)(t + at);
        at += periodic ? period : shift;
        known = periodic ? m - period : 0;
    }
    return NULL;
}

char *strstr(const char *s, const char *what) { return memmem(s, strlen(s), what, strlen(what)); }
