// Run a WASI command: wasi.mjs [--dir GUEST=HOST] MODULE [ARG ...]. Ends with the program's status, 134 after a trap.
import { readFileSync } from 'fs';
import { WASI } from 'wasi';

const words = process.argv.slice(2);
const preopens = {};
while (words[0] === '--dir') {
    const [guest, host] = words[1].split('=');
    preopens[guest] = host;
    words.splice(0, 2);
}
const wasi = new WASI({ version: 'preview1', args: words, env: {}, preopens, returnOnExit: true });
const module = new WebAssembly.Module(readFileSync(words[0]));
const instance = new WebAssembly.Instance(module, { wasi_snapshot_preview1: wasi.wasiImport });
try {
    process.exitCode = wasi.start(instance);
} catch (error) {
    console.error(error.message);
    process.exitCode = 134;
}
