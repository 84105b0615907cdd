// sealing.mjs MODULE LAYOUT CALLS: runs exports, each on a fresh instance. LAYOUT is [stack_low, stack_high, sealed_high], CALLS a JSON
// array of [name, arguments]. Prints a JSON array: what each returned, or how it trapped; and whether all below stack_low and from
// stack_high to sealed_high is as it was.
import fs from 'fs';

const [path, bounds, calls] = process.argv.slice(2);
const [low, high, end] = JSON.parse(bounds);
const module = new WebAssembly.Module(fs.readFileSync(path));
const out = [];
for (const [name, args] of JSON.parse(calls)) {
    const exports = new WebAssembly.Instance(module).exports;
    const kept = () => Buffer.concat([Buffer.from(exports.memory.buffer, 0, low), Buffer.from(exports.memory.buffer, high, end - high)]);
    const before = kept();
    if (exports['parigot:fuel']) exports['parigot:fuel'].value = 1n << 60n;
    let result = 'returned';
    try { exports[name](...args); } catch (e) { result = e instanceof RangeError ? 'deep' : e.message; }
    out.push({result, intact: before.equals(kept())});
}
console.log(JSON.stringify(out));
