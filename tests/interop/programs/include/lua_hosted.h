/* lua_hosted.h: Lua without longjmp: an error that is raised traps. Included before each of Lua's sources. */
#ifndef LUA_HOSTED_H
#define LUA_HOSTED_H

#include "lua_wasi.h"

#define LUAI_THROW(state, catcher) __builtin_trap()
#define LUAI_TRY(state, catcher, ...) { __VA_ARGS__ }
#define luai_jmpbuf int

#endif
