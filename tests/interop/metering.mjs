// metering.mjs MODULE FUEL CALLS: runs exports one after the other, each with that much fuel; CALLS is a JSON array of
// [name, arguments], those of i64 as text. Prints a JSON array: what each returned, or "trap"; what it used by `parigot:fuel`,
// or counted by `count`; and whether it ran dry.
import fs from 'fs';

const [path, fuel, calls] = process.argv.slice(2);
const module = new WebAssembly.Module(fs.readFileSync(path));
const log = [];
const imports = {};
for (const i of WebAssembly.Module.imports(module)) {
    if (i.kind !== 'function') throw new Error(`import of a ${i.kind}: ${i.module} ${i.name}`);
    (imports[i.module] ??= {})[i.name] = (...args) => { log.push(args.map(text)); return 0; };
}
const exports = new WebAssembly.Instance(module, imports).exports;
const gauge = exports['parigot:fuel'], counter = exports.count;
const bits = new DataView(new ArrayBuffer(8));

function text(v) {
    if (Array.isArray(v)) return v.map(text).join(' ');
    if (typeof v !== 'number' || Number.isInteger(v)) return Object.is(v, -0) ? '-0' : String(v);
    bits.setFloat64(0, v);
    return Number.isNaN(v) ? 'nan' : bits.getBigUint64(0).toString(16);
}

const out = [];
for (const [name, args] of JSON.parse(calls)) {
    let result;
    log.length = 0;
    if (gauge) gauge.value = BigInt(fuel);
    if (counter) counter.value = 0n;
    try { result = text(exports[name](...args.map(a => typeof a === 'string' ? BigInt(a) : a))); } catch (e) {
        if (e instanceof RangeError) result = 'deep';
        else if (e instanceof WebAssembly.RuntimeError) result = 'trap: ' + e.message;
        else result = 'error: ' + e.message;
    }
    out.push({name, result, log: [...log], used: gauge ? String(BigInt(fuel) - gauge.value) : counter ? String(counter.value) : '',
              dry: Boolean(gauge && gauge.value < 0n)});
}
console.log(JSON.stringify(out));
