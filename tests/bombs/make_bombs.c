/* make_bombs.c: make-bombs FOLDER [BYTES]: writes every bomb to a file, BYTES long or so (1000000), to see what a tool does
 * with them; prints their names. */
#include "tests/bombs/bombs.h"

#include <stdio.h>
#include <stdlib.h>

static int write_bomb(const char *folder, const Bomb *b, int number, uint32_t n)
{
    char path[4096], name[100];
    snprintf(name, sizeof name, "%s", b->name);
    for (char *p = name; *p; p++)
        if (*p == ' ' || *p == ',') *p = '-';
    snprintf(path, sizeof path, "%s/%02d-%s.wasm", folder, number, name);
    Writer w = {0};
    Diags diags = {0};
    b->write(&w, n);
    bool ok = !w.failed && file_write(path, w.ptr, w.len, 0666, false, &diags);
    if (ok) puts(path);
    else fprintf(stderr, "make-bombs: %s: %s\n", path, diags.n ? diags.items[0].text : "out of memory");
    diag_free(&diags);
    wr_free(&w);
    return ok ? 0 : 2;
}

int main(int argc, char **argv)
{
    const Bomb *const lists[] = {bombs_code, bombs_sections, bombs_custom};
    unsigned long n = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000000;
    int status = 0, number = 0;
    if (argc < 2 || argc > 3 || n < 1000 || n > 1u << 30) {
        fputs("usage: make-bombs FOLDER [BYTES]        (1000 to 2^30 bytes)\n", stderr);
        return 2;
    }
    for (size_t l = 0; l < ARRAY_LEN(lists); l++)
        for (const Bomb *b = lists[l]; b->name; b++) status |= write_bomb(argv[1], b, ++number, (uint32_t)n);
    return status;
}
