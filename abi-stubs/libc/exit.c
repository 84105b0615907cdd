/* exit.c: exit ends the program as parigot_exit does. */
#include <stdlib.h>
#include "../lib/runtime.h"

void exit(int code) { parigot_exit(code); }
void _Exit(int code) { parigot_exit(code); }
