#!/usr/bin/env python3
"""Time kernels on parigot-run and its peers, against gcc -O2: bench.py [--build DIR] [--rounds N] [KERNEL ...].

Each kernel is one C file with `int run(int n)`, compiled by gcc -O2 to a program and by clang-19 -O2 to a bare module.
Columns are CPU time (user and system) as a multiple of the native program's, the least of N rounds, start-up taken off by
running with n = 0 or 1 as well. Engines that are not on the PATH are left out. Results are compared.
"""
import argparse
import math
import os
import resource
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SIZES = {'fib': 35, 'sieve': 20, 'matmul': 12, 'nbody': 400000, 'mandelbrot': 400, 'quicksort': 10, 'crc32': 500,
         'sha256': 60000, 'queens': 11, 'interpreter': 4000000, 'wordcount': 20}
NATIVE_MAIN = '''
#include <stdio.h>
#include <stdlib.h>
int run(int);
int main(int argc, char **argv) { (void)argc; printf("%d\\n", run(atoi(argv[1]))); return 0; }
'''
NODE = '''
const fs = require('fs');
const m = new WebAssembly.Instance(new WebAssembly.Module(fs.readFileSync(process.argv[2])));
console.log(m.exports.run(parseInt(process.argv[3])));
'''


def cpu_time(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = subprocess.run(command, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, result.stdout.decode().split()[-1].split(':')[-1]


def measure(command, n, rounds):
    least, value = min((cpu_time(command(n)) for _ in range(rounds)), key=lambda r: r[0])
    start, _ = min((cpu_time(command(0)) for _ in range(rounds)), key=lambda r: r[0])
    return max(least - start, 1e-4), int(value) & 0xffffffff


def compile_kernel(kernel, folder):
    source = os.path.join(HERE, kernel + '.c')
    native, wasm = os.path.join(folder, kernel), os.path.join(folder, kernel + '.wasm')
    main = os.path.join(folder, 'main.c')
    with open(main, 'w', encoding='ascii') as out:
        out.write(NATIVE_MAIN)
    subprocess.run(['gcc', '-O2', '-w', source, main, '-o', native, '-lm'], check=True)
    subprocess.run(['clang-19', '--target=wasm32', '-O2', '-ffreestanding', '-mbulk-memory', '-nostdlib', '-w', source,
                    '-Wl,--no-entry', '-Wl,--export=run', '-o', wasm], check=True)
    return native, wasm


def engines(build, folder, wasm):
    node = os.path.join(folder, 'run.js')
    with open(node, 'w', encoding='ascii') as out:
        out.write(NODE)
    run = os.path.join(build, 'loader', 'parigot-run')
    found = {'parigot': lambda n: [run, wasm, '--allow-unsigned', '--policy=none', '--invoke=run', str(n)],
             'checked': lambda n: [run, wasm, '--checked', '--allow-unsigned', '--policy=none', '--invoke=run', str(n)]}
    if shutil.which('node'):
        found['node'] = lambda n: ['node', node, wasm, str(n)]
    if shutil.which('wasm3'):
        found['wasm3'] = lambda n: ['wasm3', '--func', 'run', wasm, str(n)]
    if shutil.which('iwasm'):
        found['iwasm'] = lambda n: ['iwasm', '-f', 'run', wasm, str(n)]
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', default=os.path.join(HERE, '..', '..', '..', 'build'))
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('kernels', nargs='*', default=list(SIZES))
    options = parser.parse_args()
    logs, wrong = {}, 0
    with tempfile.TemporaryDirectory(prefix='parigot-bench-') as folder:
        for kernel in options.kernels:
            native, wasm = compile_kernel(kernel, folder)
            base, expected = measure(lambda n: [native, str(n)], SIZES[kernel], options.rounds)
            cells = [f'{kernel:12} gcc {base * 1000:7.1f} ms']
            for name, command in engines(options.build, folder, wasm).items():
                seconds, value = measure(command, SIZES[kernel], options.rounds)
                note = '' if value == expected else ' WRONG'
                wrong += value != expected
                cells.append(f'{name} {seconds / base:6.2f}{note}')
                logs.setdefault(name, []).append(math.log(seconds / base))
            print('   '.join(cells), flush=True)
        print('geomean      ' + '                ' + '   '.join(
            f'{name} {math.exp(sum(values) / len(values)):6.2f}' for name, values in logs.items()))
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
