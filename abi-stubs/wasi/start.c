/* start.c: a program over wasi-libc as a module: memory for messages comes from wasi-libc's malloc (one
 * allocator a module), and standard error, which is unbuffered, gets a buffer for one line: the log takes
 * lines.
 *
 * The linker takes this object for parigot_alloc. */
#include <parigot/generated.h>
#include <stdlib.h>
#include "../lib/runtime.h"

/* wasi-libc's <stdio.h>, as far as it is needed: its headers and ours do not go together. */
typedef struct FILE FILE;
extern FILE *const stderr __attribute__((weak)); /* only programs that name it have it */
int setvbuf(FILE *, char *, int, size_t);
enum { IOLBF = 1, LINE_BYTES = 1024, UNGET_BYTES = 8 };

PARIGOT_EXPORT("parigot_alloc") void *parigot_alloc(size_t len);
void *parigot_alloc(size_t len) { return parigot_message_buffer(len); }

void parigot_libc_start(void)
{
    if (!&stderr) return;
    char *line = malloc(LINE_BYTES + UNGET_BYTES); /* without: unbuffered, as it was */
    if (line) setvbuf(stderr, line, IOLBF, LINE_BYTES + UNGET_BYTES);
}
