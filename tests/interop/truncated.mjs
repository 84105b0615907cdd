// truncated.mjs METERED STOPPER SEED CALLS: makes each call (as metering.mjs has them) with less fuel than it uses, a
// few times, and looks for the moment of the original at which it stopped. STOPPER is the original, made to stop by itself
// once what has run costs more than its global `limit` (wasm_edit.py): with some limit, up to the fuel that there was, its
// memory, its globals and what it told its imports must be those of METERED. Prints a complaint, or nothing.
import fs from 'fs';

const [meteredPath, stopperPath, seed, calls] = process.argv.slice(2);
const metered = new WebAssembly.Module(fs.readFileSync(meteredPath)), stopper = new WebAssembly.Module(fs.readFileSync(stopperPath));
const BUDGETS = 3, MOST = 3000, PLENTY = 10n ** 15n;
let random = Number(seed) + 1;

function draw(n) {
    random = (random * 1103515245 + 12345) % 2147483648;
    return 1 + random % n;
}

// What is left behind by one call in a fresh instance.
function state(module, [name, args], set) {
    const log = [], imports = {};
    for (const i of WebAssembly.Module.imports(module)) (imports[i.module] ??= {})[i.name] = (...args) => { log.push(args.join()); return 0; };
    const exports = new WebAssembly.Instance(module, imports).exports;
    set(exports);
    let how = 'returned';
    try {
        exports[name](...args.map(a => typeof a === 'string' ? BigInt(a) : a));
    } catch (e) {
        if (e instanceof RangeError) how = 'deep';
        else if (e instanceof WebAssembly.RuntimeError) how = 'trap';
        else throw e;
    }
    const globals = Object.keys(exports).filter(n => /^state \d+$/.test(n)).map(n => String(exports[n].value));
    const memory = Buffer.from(exports['state memory']?.buffer ?? []);
    return {how, effects: [...log, '|', ...globals].join('\n'), memory, fuel: exports['parigot:fuel']?.value};
}

function complain(call, fuel) {
    const dry = state(metered, call, e => { e['parigot:fuel'].value = fuel; });
    if (dry.how !== 'trap' || dry.fuel >= 0n) return dry.how === 'deep' ? '' : `${call[0]} with fuel ${fuel} does not run dry\n`;
    for (let limit = fuel; limit >= 0n; limit--) {
        const there = state(stopper, call, e => { e.limit.value = limit; });
        if (there.how === 'deep') return '';
        if (there.effects === dry.effects && there.memory.equals(dry.memory)) return '';
    }
    return `${call[0]} with fuel ${fuel}: what it left behind is at no moment that of the original\n`;
}

let complaints = '';
for (const call of JSON.parse(calls)) {
    const whole = state(metered, call, e => { e['parigot:fuel'].value = PLENTY; });
    const used = PLENTY - whole.fuel;
    if (whole.how !== 'returned' || used < 2n) continue;
    for (let i = 0; i < BUDGETS; i++)
        complaints += complain(call, BigInt(draw(Math.min(Number(used) - 1, MOST))));
}
process.stdout.write(complaints);
