/* lua.c: Lua 5.4 as a kernel: run(n) makes a state and runs the script n times: calls, tables, strings, closures, the
 * collector. Nothing raises an error: as a module, Lua is built without longjmp (tests/interop/programs/include/lua_hosted.h). */
#include <lauxlib.h>
#include <lualib.h>

static const char script[] =
    "local function fib(n) return n < 2 and n or fib(n - 1) + fib(n - 2) end\n"
    "local sum = fib(20)\n"
    "local parts = {}\n"
    "for i = 1, 2000 do parts[#parts + 1] = string.format('%d:%x', i, i * i) end\n"
    "local text = table.concat(parts, ',')\n"
    "for c in text:gmatch('%d+') do sum = (sum * 31 + #c) & 0xffffff end\n"
    "local t = {}\n"
    "for i = 1, 5000 do t[i] = (i * 7919) % 10007 end\n"
    "table.sort(t, function(a, b) return a > b end)\n"
    "local V = setmetatable({}, { __call = function(c, x, y) return setmetatable({ x = x, y = y }, c) end })\n"
    "V.__index, V.__add = V, function(a, b) return V(a.x + b.x, a.y + b.y) end\n"
    "local v = V(0, 0)\n"
    "for i = 1, 5000 do v = v + V(i, t[i]) end\n"
    "local words = {}\n"
    "for i = 1, 5000 do local k = 'k' .. i % 613; words[k] = (words[k] or 0) + i end\n"
    "return (sum + v.x + v.y + words.k7 + t[17]) & 0x7fffffff\n";

int run(int n)
{
    lua_Integer sum = 0;
    for (int i = 0; i < n; i++) {
        lua_State *lua = luaL_newstate();
        luaL_openlibs(lua);
        if (luaL_loadbuffer(lua, script, sizeof script - 1, "=script") || lua_pcall(lua, 0, 1, 0)) return -1;
        sum = sum * 31 + lua_tointeger(lua, -1);
        lua_close(lua);
    }
    return (int)(sum & 0x7fffffff);
}
