-- Run by Lua's own interpreter: strings, tables, closures, coroutines, errors, metatables, numbers, the compiler.
local parts = {}
for i = 1, 2000 do parts[#parts + 1] = string.format("%d:%x:%.3f", i, i * i, i / 3) end
local text = table.concat(parts, ",")
print(#text, text:sub(1, 40), select(2, text:gsub("%d+", "n")))

local function sum(s) local h = 0 for c in s:gmatch(".") do h = (h * 31 + c:byte()) & 0xffffffff end return h end
print(("%08x"):format(sum(text)))

local co = coroutine.wrap(function(a) for i = 1, 3 do a = a + coroutine.yield(a * i) end return "done" end)
print(co(1), co(10), co(100), co(1000))

print(pcall(error, { code = 7 }) , select(2, pcall(function() local x = nil; return x.y end)))
print(pcall(string.rep, "x", -1), pcall(string.format, "%d", "one"))
print(xpcall(function() error("deep", 2) end, function(m) return "handled: " .. m end))
local function depth(n) return n == 0 and error("bottom") or 1 + depth(n - 1) end
print(select(2, pcall(depth, 150)))

local V = setmetatable({}, { __call = function(c, x, y) return setmetatable({ x = x, y = y }, c) end })
V.__index, V.__add, V.__tostring = V, function(a, b) return V(a.x + b.x, a.y + b.y) end,
    function(v) return "(" .. v.x .. "," .. v.y .. ")" end
print(tostring(V(1, 2) + V(3, 4.5)), 7 // 2, 7 % -3, 2 ^ 0.5, 1e15, 2 ^ 53, math.maxinteger, 0x7fffffffffffffff + 1)

local t = {}
for i = 1, 1000 do t[i] = (i * 7919) % 1009 end
table.sort(t, function(a, b) return a > b end)
print(t[1], t[500], t[1000], #t, utf8.char(233, 8364), load("return 1 + ...")(41))
local weak = setmetatable({}, { __mode = "v" })
weak[1] = {}
collectgarbage()
print(weak[1], collectgarbage("count") < 4000, os.time({ year = 2020, month = 1, day = 2, hour = 12 }) ~= nil, arg[1])
goto out
print("not reached")
::out::
io.write("end\n")
os.exit(5)
