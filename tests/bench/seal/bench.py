#!/usr/bin/env python3
"""What store checks cost: bench.py [--build DIR] [--rounds N] [--sizes FILE.wasm ...] [KERNEL ...].

The kernels of tests/bench/run, and those here, which write through pointers more than most programs do, are compiled by
clang-19 -O2 and linked by parigot-ld with --seal=engine and --seal=check; their static variables are let through by waivers.
Columns are the time with checks over that without, in percent more, in node (by its optimising compiler alone; by the clock, since
its other threads are none of it), by wasm2c and gcc -O2, and by parigot-run (CPU time); the least of N rounds counts, both
taking turns. `code` is how much larger the code section is. All must
give the same results. With --sizes only the growth of these modules is told, which must have been linked by parigot-ld.
"""
import argparse
import glob
import math
import os
import re
import resource
import shutil
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
KERNELS = {os.path.basename(f)[:-2]: f for d in (os.path.join(HERE, '..', 'run'), HERE) for f in glob.glob(os.path.join(d, '*.c'))}
SIZES = {'fib': 32, 'sieve': 8, 'matmul': 4, 'nbody': 400000, 'mandelbrot': 300, 'quicksort': 4, 'crc32': 100, 'sha256': 20000,
         'queens': 10, 'interpreter': 4000000, 'wordcount': 8, 'list': 30, 'sort': 30, 'bytes': 300}
POLICY = 'policy = 1; name = "bench"; base = "strict"; exports = { allow = [ "run" ]; };'
NODE = '''
const fs = require('fs');
const [one, two, n, rounds] = process.argv.slice(2);
const both = [one, two].map(f => new WebAssembly.Module(fs.readFileSync(f))), least = [1e12, 1e12], results = [];
for (let r = 0; r < rounds; r++)
    for (const k of [0, 1]) {
        const run = new WebAssembly.Instance(both[k]).exports.run;
        const before = performance.now();
        results[k] = run(Number(n));
        least[k] = Math.min(least[k], performance.now() - before);
    }
console.log(`${least[0]} ${least[1]} ${results[0]} ${results[1]}`);
'''
MAIN = '''
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "one.h"
#include "two.h"
static double now(void) { struct timespec t; clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); return t.tv_sec * 1e6 + t.tv_nsec / 1e3; }
int main(int argc, char **argv)
{
    int n = atoi(argv[1]), rounds = atoi(argv[2]), x = 0, y = 0;
    double least[2] = {1e12, 1e12};
    (void)argc;
    wasm_rt_init();
    Z_one_init_module();
    Z_two_init_module();
    for (int r = 0; r < rounds; r++) {
        static Z_one_instance_t a;
        static Z_two_instance_t b;
        Z_one_instantiate(&a);
        Z_two_instantiate(&b);
        double t = now();
        x = (int)Z_oneZ_run(&a, (u32)n);
        double d = now() - t;
        if (d < least[0]) least[0] = d;
        t = now();
        y = (int)Z_twoZ_run(&b, (u32)n);
        d = now() - t;
        if (d < least[1]) least[1] = d;
        Z_one_free(&a);
        Z_two_free(&b);
    }
    printf("%f %f %d %d\\n", least[0], least[1], x, y);
    return 0;
}
'''


def run(command, **more):
    return subprocess.run(command, capture_output=True, text=True, check=True, **more).stdout


def in_node(options, folder, one, two, n):
    script = os.path.join(folder, 'run.js')
    with open(script, 'w', encoding='ascii') as f:
        f.write(NODE)
    return run(['node', '--no-liftoff', '--no-wasm-lazy-compilation', script, one, two, str(n), str(options.rounds)]).split()


def by_wasm2c(options, folder, one, two, n):
    runtime = next((d for d in ('/usr/share/wabt/wasm2c', '/usr/src/wasm2c') if os.path.isdir(d)), None)
    with open(os.path.join(folder, 'main.c'), 'w', encoding='ascii') as f:
        f.write(MAIN)
    for name, module in (('one', one), ('two', two)):
        run(['wasm2c', module, '-n', name, '-o', os.path.join(folder, name + '.c')])
    program = os.path.join(folder, 'program')
    run(['gcc', '-O2', '-w', '-I', runtime] + [os.path.join(folder, f) for f in ('main.c', 'one.c', 'two.c')] +
        [os.path.join(runtime, 'wasm-rt-impl.c'), '-lm', '-o', program])
    return run([program, str(n), str(options.rounds)]).split()


def by_ours(options, folder, one, two, n):
    tool, policy = os.path.join(options.build, 'loader', 'parigot-run'), os.path.join(folder, 'bench.cfg')
    least, results = [1e12, 1e12], ['', '']
    for _ in range(max(3, options.rounds // 3)):
        for k, module in enumerate((one, two)):
            before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
            results[k] = run([tool, '--allow-unsigned', '--policy=' + policy, '--invoke=run', module, str(n)]).strip()
            least[k] = min(least[k], resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before)
    return least + results


ENGINES = [('node', ['node'], in_node), ('wasm2c', ['wasm2c', 'gcc'], by_wasm2c), ('parigot-run', [], by_ours)]


def link(options, folder, kernel):
    """The kernel twice: without and with checks. Whatever it is refused for by P104 is waived."""
    ld, policy, obj = os.path.join(options.build, 'linker', 'parigot-ld'), os.path.join(folder, 'bench.cfg'), os.path.join(folder, 'k.o')
    with open(policy, 'w', encoding='ascii') as f:
        f.write(POLICY)
    run(['clang-19', '--target=wasm32', '-O2', '-ffreestanding', '-mbulk-memory', '-w', '-c', KERNELS[kernel], '-o', obj])
    command = [ld, '--policy=' + policy, '--export=run', '--max-memory=67108864', '--error-limit=0', obj]
    refused = subprocess.run(command + ['-o', os.path.join(folder, 'x.wasm')], capture_output=True, text=True, check=False).stderr
    names = sorted(set(re.findall(r'writable data: (\S+),', refused)))
    with open(policy, 'a', encoding='ascii') as f:
        f.write('\nwaivers = ( ' + ', '.join(f'{{ name = "w{i}"; rule = "P104"; symbol = "{name}"; reason = "a benchmark"; }}'
                                              for i, name in enumerate(names)) + ' );')
    modules = []
    for seal in ('engine', 'check'):
        modules.append(os.path.join(folder, f'{kernel}.{seal}.wasm'))
        run(command + ['--seal=' + seal, '-o', modules[-1]])
    return modules


def code_size(path):
    with open(path, 'rb') as f:
        data = f.read()
    at = 8
    while at < len(data):
        kind, size, shift, at = data[at], 0, 0, at + 1
        while True:
            size |= (data[at] & 0x7f) << shift
            shift, at = shift + 7, at + 1
            if data[at - 1] < 0x80:
                break
        if kind == 10:
            return size
        at += size
    return 0


def geomean(ratios):
    return math.exp(sum(math.log(r) for r in ratios) / len(ratios))


def percent(ratio):
    return f'{100 * (ratio - 1):+.1f} %'


def tell_totals(totals):
    for name, ratios in totals.items():
        if ratios:
            print(f'{name}: geomean {percent(geomean(ratios))}, worst {percent(max(ratios))}')


def sizes(options, folder):
    ld = os.path.join(options.build, 'linker', 'parigot-ld')
    totals = {'code': [], 'module': []}
    print(f'{"module":30}{"KB":>9}{"code":>11}{"module":>11}')
    for path in options.names:
        one, two = os.path.join(folder, 'one.wasm'), os.path.join(folder, 'two.wasm')
        run([ld, '--policy=none', '--strip-debug', '--rewrite', path, '-o', one])
        run([ld, '--policy=none', '--seal=check', '--rewrite', one, '-o', two])
        totals['code'].append(code_size(two) / code_size(one))
        totals['module'].append(os.path.getsize(two) / os.path.getsize(one))
        print(f'{os.path.basename(path):30}{os.path.getsize(one) / 1e3:>9.1f}{percent(totals["code"][-1]):>11}{percent(totals["module"][-1]):>11}')
    tell_totals(totals)


def times(options, folder):
    engines = [e for e in ENGINES if all(shutil.which(p) for p in e[1])]
    totals = {e[0]: [] for e in engines} | {'code': []}
    print(f'{"kernel":14}' + ''.join(f'{e[0]:>13}' for e in engines) + f'{"code":>11}')
    for kernel in options.names or sorted(SIZES):
        one, two = link(options, folder, kernel)
        row, results = '', set()
        for name, _, engine in engines:
            without, checked, *values = engine(options, folder, one, two, SIZES[kernel])
            totals[name].append(max(float(checked), 1e-9) / max(float(without), 1e-9))
            row += f'{percent(totals[name][-1]):>13}'
            results |= set(values)
        if len(results) != 1:
            raise SystemExit(f'{kernel}: results differ: {results}')
        totals['code'].append(code_size(two) / code_size(one))
        print(f'{kernel:14}{row}{percent(totals["code"][-1]):>11}', flush=True)
    tell_totals(totals)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', default=os.path.join(HERE, '..', '..', '..', 'build'))
    parser.add_argument('--rounds', type=int, default=15)
    parser.add_argument('--sizes', action='store_true')
    parser.add_argument('names', nargs='*')
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.sizes:
            sizes(options, folder)
        else:
            times(options, folder)


if __name__ == '__main__':
    main()
