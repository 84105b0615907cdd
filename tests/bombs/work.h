/* work.h: how much work was done, and how much memory was held, in a program that is linked with work.c.
 *
 * Time is no measure for a test: it differs from run to run. Here each basic block of the code under test counts (it is
 * compiled with -fsanitize-coverage=trace-pc, so that nothing needs to count itself and nothing can forget to), and the
 * bytes that functions of the C library look at or write (the program is linked with --wrap for these). The same module
 * costs the same number each time. Memory is what malloc and mmap have handed out and not got back. */
#ifndef PARIGOT_TESTS_WORK_H
#define PARIGOT_TESTS_WORK_H

#include <stddef.h>
#include <stdint.h>

typedef struct Work {
    uint64_t steps;    /* basic blocks, and eight bytes at once of what library functions do */
    size_t peak_bytes; /* most memory held since the start, beyond what was held then */
} Work;

void work_start(void);
Work work_done(void);

#endif
