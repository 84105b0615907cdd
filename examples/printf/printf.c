/* An ordinary C program: main(), printf, malloc, qsort, over Debian's wasi-libc. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char text[] = "the quick brown fox jumps over the lazy dog while the other dog sleeps under the brown tree";

typedef struct Word {
    const char *text;
    size_t len;
    unsigned times;
} Word;

static int by_times(const void *a, const void *b)
{
    const Word *x = a, *y = b;
    if (x->times != y->times) return x->times < y->times ? 1 : -1;
    int c = memcmp(x->text, y->text, x->len < y->len ? x->len : y->len);
    return c ? c : (x->len > y->len) - (x->len < y->len);
}

static void count(Word **words, size_t *n, const char *word, size_t len)
{
    for (size_t i = 0; i < *n; i++)
        if ((*words)[i].len == len && memcmp((*words)[i].text, word, len) == 0) {
            (*words)[i].times++;
            return;
        }
    Word *more = realloc(*words, (*n + 1) * sizeof *more);
    if (!more) {
        perror("printf");
        exit(EXIT_FAILURE);
    }
    *words = more;
    more[(*n)++] = (Word){word, len, 1};
}

int main(void)
{
    Word *words = NULL;
    size_t n = 0, all = 0;
    for (const char *p = text; *p; all++) {
        size_t len = strcspn(p, " ");
        count(&words, &n, p, len);
        p += len + strspn(p + len, " ");
    }
    qsort(words, n, sizeof *words, by_times);
    for (size_t i = 0; i < n && words[i].times > 1; i++)
        printf("%-6.*s %2u  %4.1f %%\n", (int)words[i].len, words[i].text, words[i].times,
               100.0 * words[i].times / (double)all);
    printf("%zu words, %zu of them different\n", all, n);
    free(words);
    return EXIT_SUCCESS;
}
