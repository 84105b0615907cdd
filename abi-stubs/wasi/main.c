/* main.c: parigot_start() of a program that has main() instead. It runs while the module is started; when it
 * returns, or calls exit(), the module ends with its status. A program that has parigot_start() itself does
 * not take this. */
#include <stdlib.h>
#include "../lib/runtime.h"

int __main_void(void); /* main(void), or wasi-libc's, which calls main(argc, argv) */

parigot_app *parigot_start(const parigot_kernel_v1_InitRequest *init)
{
    (void)init;
    exit(__main_void()); /* wasi-libc's exit: what is buffered is written */
}
