/* lua_wasi.h: what Lua's os library asks of a system and WASI has not. Included before each of Lua's sources. */
#ifndef LUA_WASI_H
#define LUA_WASI_H

#include <stdio.h>
#include <stdlib.h>

static inline int no_system(const char *command)
{
    return command ? -1 : 0;
}

static inline FILE *no_tmpfile(void)
{
    return NULL;
}

#define system no_system
#define tmpfile no_tmpfile

#endif
