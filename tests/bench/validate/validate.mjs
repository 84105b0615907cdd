// validate.mjs FILE N: WebAssembly.validate N times; prints "verdict wall-us cpu-us" a line.
//
// Run with --single-threaded --v8-pool-size=0, so that no function is validated by another thread. Nothing is validated lazily:
// WebAssembly.validate looks at every function before it answers, whatever the flags of compilation say.
import { readFileSync } from 'node:fs';

const [file, times] = process.argv.slice(2);
const bytes = readFileSync(file);
for (let i = 0; i < Number(times); i++) {
    const cpu = process.cpuUsage(), from = process.hrtime.bigint();
    const verdict = WebAssembly.validate(bytes);
    const wall = Number((process.hrtime.bigint() - from) / 1000n), used = process.cpuUsage(cpu);
    console.log(verdict, wall, used.user + used.system);
}
