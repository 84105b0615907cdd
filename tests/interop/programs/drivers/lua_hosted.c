/* lua: a script in a fresh state: the compiler, strings, tables, closures, metatables, the collector. Nothing raises
 * an error or yields: without longjmp there is nobody to catch it. */
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>

static const char script[] =
    "local parts = {}\n"
    "for i = 1, 300 do parts[#parts + 1] = string.format('%d:%x:%.3f', i, i * i, i / 3) end\n"
    "local text = table.concat(parts, ',')\n"
    "print(#text, text:sub(1, 40), select(2, text:gsub('%d+', 'n')))\n"
    "local h = 0 for c in text:gmatch('.') do h = (h * 31 + c:byte()) & 0xffffffff end print(('%08x'):format(h))\n"
    "print(pcall(function() return 1, 2 end))\n"
    "local V = setmetatable({}, { __call = function(c, x, y) return setmetatable({ x = x, y = y }, c) end })\n"
    "V.__index, V.__add, V.__tostring = V, function(a, b) return V(a.x + b.x, a.y + b.y) end,\n"
    "    function(v) return '(' .. v.x .. ',' .. v.y .. ')' end\n"
    "print(tostring(V(1, 2) + V(3, 4.5)), 7 // 2, 7 % -3, 2 ^ 0.5, 1e15, math.maxinteger, 0x7fffffffffffffff + 1)\n"
    "local t = {} for i = 1, 500 do t[i] = (i * 7919) % 1009 end\n"
    "table.sort(t, function(a, b) return a > b end)\n"
    "local function fib(n) return n < 2 and n or fib(n - 1) + fib(n - 2) end\n"
    "print(t[1], t[250], t[500], #t, utf8.char(233, 8364), load('return 1 + ...')(41), fib(16))\n"
    "local weak = setmetatable({}, { __mode = 'v' }) weak[1] = {} collectgarbage() print(weak[1])\n"
    "for i = 1, 50 do local s = {} for j = 1, 50 do s[j] = tostring(i * j) end t[i] = table.concat(s) end print(#table.concat(t))\n";

int main(void)
{
    lua_State *lua = luaL_newstate();
    luaL_openlibs(lua);
    int status = luaL_loadbuffer(lua, script, sizeof script - 1, "=script");
    if (!status) status = lua_pcall(lua, 0, 0, 0);
    if (status) printf("%s\n", lua_tostring(lua, -1));
    lua_close(lua);
    return status;
}
