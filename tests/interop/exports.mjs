// Call exports of a module that imports nothing: exports.mjs MODULE NAME[:ARG] ... prints a result or "trap" for each.
import { readFileSync } from 'fs';

const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(process.argv[2])), {});
for (const call of process.argv.slice(3)) {
    const [name, ...args] = call.split(':');
    let result;
    try {
        result = exports[name](...args.map(Number));
    } catch (error) {
        result = error instanceof WebAssembly.RuntimeError ? 'trap' : error.message;
    }
    console.log(call, String(result));
}
