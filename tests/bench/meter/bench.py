#!/usr/bin/env python3
"""What a meter costs: bench.py [--build DIR] [--rounds N] [--exact] [--sizes FILE.wasm ...] [KERNEL ...].

Each kernel of tests/bench/run is compiled by clang-19 -O2 to a bare module and metered. Columns are the CPU time of the
metered module over that of the original, in percent more, in node (its optimising compiler alone: when the other one is left
behind is chance) and by wasm2c and gcc -O2 (what is installed), each in
one process that runs the kernel several times, originals and metered ones taking turns; in iwasm, when it is installed, and in
parigot-run's interpreter (`ours`), a process each; the least of N rounds in each of three processes counts.
`fuel` is what coarse metering charges over what exact metering does; `code` how much larger the module is.
With --sizes only sizes and speed of rewriting are told, of those modules: by how much metered code is larger than the
module without debug information, and how much of it goes through all that parigot-ld does, the proof included, in a second.
"""
import argparse
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', '..', 'interop'))
import wasm_edit  # noqa: E402  (it is not in this folder)

KERNELS = os.path.join(HERE, '..', 'run')
SIZES = {'fib': 32, 'sieve': 8, 'matmul': 4, 'nbody': 400000, 'mandelbrot': 300, 'quicksort': 4, 'crc32': 100,
         'sha256': 20000, 'queens': 12, 'interpreter': 4000000, 'wordcount': 8}
PROCESSES = 3  # where code and data come to lie differs from one to the next
NODE = '''
const fs = require('fs');
const [original, metered, n, rounds] = process.argv.slice(2);
const load = f => new WebAssembly.Instance(new WebAssembly.Module(fs.readFileSync(f))).exports;
const both = [load(original), load(metered)], least = [1e9, 1e9];
const fuel = both[1]['parigot:fuel'];
let used = 0n;
const plenty = 1n << 60n;
for (let r = 0; r < rounds; r++)
    for (const k of [0, 1]) {
        if (k) fuel.value = plenty;
        const before = process.cpuUsage().user;
        both[k].run(Number(n));
        least[k] = Math.min(least[k], process.cpuUsage().user - before);
        if (k) used = plenty - fuel.value;
    }
console.log(`${least[0]} ${least[1]} ${used}`);
'''
MAIN = '''
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "original.h"
#include "metered.h"
static double now(void) { struct timespec t; clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); return t.tv_sec * 1e6 + t.tv_nsec / 1e3; }
int main(int argc, char **argv)
{
    int n = atoi(argv[1]), rounds = atoi(argv[2]);
    double least[2] = {1e12, 1e12};
    const unsigned long long plenty = 1ull << 60;
    unsigned long long left = 0;
    static Z_original_instance_t a;
    static Z_metered_instance_t b;
    (void)argc;
    wasm_rt_init();
    Z_original_init_module();
    Z_metered_init_module();
    Z_original_instantiate(&a);
    Z_metered_instantiate(&b);
    for (int r = 0; r < rounds; r++) {
        double t = now();
        Z_originalZ_run(&a, (u32)n);
        double d = now() - t;
        if (d < least[0]) least[0] = d;
        *Z_meteredZ_parigotZ3Afuel(&b) = plenty;
        t = now();
        Z_meteredZ_run(&b, (u32)n);
        d = now() - t;
        if (d < least[1]) least[1] = d;
        left = *Z_meteredZ_parigotZ3Afuel(&b);
    }
    printf("%f %f %llu\\n", least[0], least[1], plenty - left);
    return 0;
}
'''


def run(command, **more):
    return subprocess.run(command, capture_output=True, text=True, check=True, **more).stdout


def in_node(folder, kernel, kind, n, rounds):
    script = os.path.join(folder, 'run.js')
    with open(script, 'w', encoding='ascii') as f:
        f.write(NODE)
    return run(['node', '--no-liftoff', script, os.path.join(folder, kernel + '.wasm'), os.path.join(folder, f'{kernel}.{kind}.wasm'), str(n),
                str(rounds)]).split()


def by_wasm2c(folder, kernel, kind, n, rounds):
    runtime = next((d for d in ('/usr/share/wabt/wasm2c', '/usr/src/wasm2c') if os.path.isdir(d)), None)
    with open(os.path.join(folder, 'main.c'), 'w', encoding='ascii') as f:
        f.write(MAIN)
    for name, module in (('original', kernel + '.wasm'), ('metered', f'{kernel}.{kind}.wasm')):
        run(['wasm2c', os.path.join(folder, module), '-n', name, '-o', os.path.join(folder, name + '.c')])
    program = os.path.join(folder, 'program')
    run(['gcc', '-O2', '-w', '-I', runtime] + [os.path.join(folder, f) for f in ('main.c', 'original.c', 'metered.c')] +
        [os.path.join(runtime, 'wasm-rt-impl.c'), '-lm', '-o', program])
    return run([program, str(n), str(rounds)]).split()


def cpu_seconds(command):
    """Of one process, as the scheduler counted: getrusage is counted in ticks on many kernels."""
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    seconds = time.clock_gettime(~child.pid << 3 | 2)  # clock_getcpuclockid(3)
    if child.wait() != 0:
        raise SystemExit(f'{" ".join(command)}: status {child.returncode}')
    return seconds


def interpreted(runner, folder, kernel, kind, n, rounds):
    """Whole processes: start-up, the same for both, is about a percent of what is measured."""
    least = [1e9, 1e9]
    for _ in range(rounds):
        for k, module in enumerate((kernel + '.wasm', f'{kernel}.{kind}.wasm')):
            command = [runner, '--allow-unsigned', '--policy=none', '--invoke=run', os.path.join(folder, module), str(n)]
            least[k] = min(least[k], cpu_seconds(command))
    return [1e6 * seconds for seconds in least]


def by_iwasm(folder, kernel, kind, n, rounds):
    """Stock iwasm has no way to set the gauge: a function that does, and calls the kernel, is added to both modules."""
    least, driven = [1e9, 1e9], []
    for module in (kernel + '.wasm', f'{kernel}.{kind}.wasm'):
        driven.append(os.path.join(folder, module.removesuffix('.wasm') + '.driven.wasm'))
        with open(os.path.join(folder, module), 'rb') as f, open(driven[-1], 'wb') as out:
            out.write(wasm_edit.drive(f.read(), [('run', [n])], 1 << 60))
    for _ in range(rounds):
        for k, path in enumerate(driven):
            least[k] = min(least[k], cpu_seconds(['iwasm', '-f', 'call0', path]))
    return [1e6 * seconds for seconds in least]


ENGINES = [('node', ['node'], in_node), ('wasm2c', ['wasm2c', 'gcc'], by_wasm2c), ('iwasm', ['iwasm'], by_iwasm)]


def strip(ld, module, out):
    run([ld, '--policy=none', '--strip-debug', '--rewrite', module, '-o', out])


def meter(ld, module, kind, out):
    run([ld, '--policy=none', f'--meter={kind}', '--rewrite', module, '-o', out])


def speed(ld, module, rounds):
    """MB/s of all that parigot-ld does: by the CPU time of one thread, and by the clock with as many as there are processors."""
    command = [ld, '--policy=none', '--meter', '--rewrite', module, '-o', '/dev/null']
    least = [1e9, 1e9]
    for _ in range(rounds):
        least[0] = min(least[0], cpu_seconds(command + ['--threads=1']))
        start = time.perf_counter()
        run(command)
        least[1] = min(least[1], time.perf_counter() - start)
    return [os.path.getsize(module) / 1e6 / seconds for seconds in least]


def geomean(ratios):
    return math.exp(sum(math.log(r) for r in ratios) / len(ratios))


def percent(ratio):
    return f'{100 * (ratio - 1):+.1f} %'


def sizes(ld, modules, folder, rounds):
    ratios = []
    print(f'{"module":40} {"MB":>8} {"larger":>9} {"CPU MB/s":>9} {"MB/s":>7}')
    for path in modules:
        out = os.path.join(folder, 'out.wasm')
        try:
            strip(ld, path, path_stripped := os.path.join(folder, 'in.wasm'))
            meter(ld, path_stripped, 'coarse', out)
            by_cpu, by_clock = speed(ld, path_stripped, rounds)
        except subprocess.CalledProcessError as e:
            print(f'{os.path.basename(path):40} {e.stderr.splitlines()[0] if e.stderr else "failed"}')
            continue
        size = os.path.getsize(path_stripped)
        ratios.append(os.path.getsize(out) / size)
        print(f'{os.path.basename(path):40} {size / 1e6:8.2f} {percent(ratios[-1]):>9} {by_cpu:9.0f} {by_clock:7.0f}')
    if ratios:
        print(f'geomean {percent(geomean(ratios))}, worst {percent(max(ratios))}')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', default=os.path.join(HERE, '..', '..', '..', 'build'))
    parser.add_argument('--rounds', type=int, default=15)
    parser.add_argument('--exact', action='store_true', help='the overhead of exact metering')
    parser.add_argument('--sizes', action='store_true')
    parser.add_argument('names', nargs='*')
    options = parser.parse_args()
    ld = os.path.join(options.build, 'linker', 'parigot-ld')
    with tempfile.TemporaryDirectory() as folder:
        if options.sizes:
            sizes(ld, options.names, folder, options.rounds)
            return 0
        engines = [e for e in ENGINES if all(shutil.which(p) for p in e[1])]
        runner = os.path.join(options.build, 'loader', 'parigot-run')
        engines.append(('ours', [], lambda *of: interpreted(runner, *of)))
        totals = {e[0]: [] for e in engines}
        totals['code'] = []
        print(f'{"kernel":14}' + ''.join(f'{e[0]:>11}' for e in engines) + f'{"fuel":>11}{"code":>11}')
        kind = 'exact' if options.exact else 'coarse'
        for kernel in options.names or sorted(SIZES):
            wasm = os.path.join(folder, kernel + '.wasm')
            run(['clang-19', '--target=wasm32', '-O2', '-ffreestanding', '-mbulk-memory', '-nostdlib', '-w',
                 os.path.join(KERNELS, kernel + '.c'), '-Wl,--no-entry', '-Wl,--export=run', '-o', wasm])
            for k in ('coarse', 'exact'):
                meter(ld, wasm, k, os.path.join(folder, f'{kernel}.{k}.wasm'))
            row, fuel = '', {}
            for name, _, engine in engines:
                runs = [engine(folder, kernel, kind, SIZES[kernel], options.rounds) for _ in range(PROCESSES)]
                least, metered = (min(float(r[k]) for r in runs) for k in (0, 1))
                totals[name].append(max(metered, 1) / max(least, 1))
                row += f'{percent(totals[name][-1]):>11}'
                if len(runs[0]) > 2:
                    fuel[name] = runs[0][2]
            if len(set(fuel.values())) > 1:
                raise SystemExit(f'{kernel}: engines disagree about the fuel: {fuel}')
            exact = in_node(folder, kernel, 'exact', SIZES[kernel], 1)[2]
            coarse = in_node(folder, kernel, 'coarse', SIZES[kernel], 1)[2]
            totals['code'].append(os.path.getsize(os.path.join(folder, f'{kernel}.{kind}.wasm')) / os.path.getsize(wasm))
            print(f'{kernel:14}{row}{percent(int(coarse) / int(exact)):>11}{percent(totals["code"][-1]):>11}', flush=True)
        kernels = options.names or sorted(SIZES)
        for name, ratios in totals.items():
            others = [r for k, r in zip(kernels, ratios) if k != 'fib'] or ratios
            print(f'{name}: geomean {percent(geomean(ratios))}, worst {percent(max(ratios))}; '
                  f'without fib {percent(geomean(others))}, {percent(max(others))}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
