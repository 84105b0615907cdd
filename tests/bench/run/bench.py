#!/usr/bin/env python3
"""Time kernels and programs on parigot-run and its peers, against gcc -O2: bench.py [--build DIR] [--rounds N] [--slow] [KERNEL ...].

Each kernel is one C file with `int run(int n)`, compiled by gcc -O2 to a program and by clang-19 -O2 to a bare module; `lua` and
`sqlite` are those programs with a script each, from the sources that tests/interop/programs/run.py --fetch keeps in
BUILD/programs. Columns are CPU time (user and system) as a multiple of the native program's, the least of N rounds, start-up taken
off by running with n = 0 as well. Engines that are not on the PATH are left out, and so is wasm-interp without --slow: it takes
minutes. Results are compared. The geometric means are over the kernels alone.
"""
import argparse
import math
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = os.path.join(HERE, '..', '..', 'interop', 'programs')
sys.path[:0] = [PROGRAMS]

import build as programs  # noqa: E402
import recipes  # noqa: E402
import sources  # noqa: E402

SIZES = {'fib': 35, 'sieve': 20, 'matmul': 12, 'nbody': 400000, 'mandelbrot': 400, 'quicksort': 10, 'crc32': 500,
         'sha256': 60000, 'queens': 11, 'interpreter': 4000000, 'wordcount': 20, 'lua': 40, 'sqlite': 60}
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
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, re.search(r'(0x[0-9a-f]+|-?\d+)(:i32)?\s*$', result.stdout.decode()).group(1)  # engines show it in their ways


def measure(command, n, rounds):
    command(0)  # what is made on the way is not measured
    command(n)
    least, value = min((cpu_time(command(n)) for _ in range(rounds)), key=lambda r: r[0])
    start, _ = min((cpu_time(command(0)) for _ in range(rounds)), key=lambda r: r[0])
    return max(least - start, 1e-4), int(value, 0) & 0xffffffff


# As kernels: the same sources for both compilers.
MODULE_ONLY = ('-DHOSTED_OWN_RUN',)
LIBRARIES = {
    'lua': recipes.Library('bench-lua', 'lua5.4', ('src/*.c',), without=('lua.c', 'luac.c'), includes=('src',),
                           flags=(*recipes.LUA, *MODULE_ONLY, '-include', 'lua_hosted.h'),
                           driver=os.path.join(HERE, 'programs', 'lua.c'), more=('hosted.c',)),
    'sqlite': recipes.Library('bench-sqlite', 'sqlite3', ('sqlite3.c',), prepare=recipes.prepare_sqlite,
                              flags=(*recipes.SQLITE, *MODULE_ONLY, '-I', os.path.join(PROGRAMS, 'drivers')),
                              driver=os.path.join(HERE, 'programs', 'sqlite.c'), more=('hosted.c',)),
}


class Missing(Exception):
    """Why a program cannot be built here."""


class Kernel:
    """A kernel for all engines: `native`, `wasm`, and fixed(n), a module whose only export calls run(n)."""
    def __init__(self, name, options, folder):
        self.folder = os.path.join(folder, name)
        self.name, self.native, self.wasm = name, os.path.join(self.folder, 'native'), os.path.join(self.folder, 'run.wasm')
        os.makedirs(self.folder)
        main = os.path.join(self.folder, 'main.c')
        with open(main, 'w', encoding='ascii') as out:
            out.write(NATIVE_MAIN)
        sources_and_flags = self.prepare_program(options) if name in LIBRARIES else self.prepare_kernel()
        subprocess.run(['gcc', '-O2', '-w', '-Wl,--no-warnings', main, *sources_and_flags, '-lm', '-o', self.native], check=True)
        self.link('run', [], self.wasm)

    def prepare_kernel(self):
        self.clang = ['clang-19', '--target=wasm32', '-O2', '-ffreestanding', '-mbulk-memory', '-nostdlib', '-w']
        self.words = [os.path.join(HERE, self.name + '.c')]
        return self.words

    def prepare_program(self, options):
        library = LIBRARIES[self.name]
        cache = os.path.join(options.build, 'programs')
        source = os.path.join(cache, 'sources', library.package)
        if not os.path.isdir(source):
            raise Missing('no sources: tests/interop/programs/run.py --fetch gets them')
        try:
            built = programs.build(cache, report=lambda text: None, libraries=[library])
        except sources.NoSources as error:
            raise Missing(str(error)) from error
        if not built:
            raise Missing('its sources cannot be prepared (tclsh?)')
        self.clang = [*programs.CLANG, '-O2', '-w', '-nostartfiles', '-fuse-ld=' + shutil.which('wasm-ld-19')]
        self.words = programs.link_words(built[0], built)
        return [*(recipes.SQLITE if self.name == 'sqlite' else ()), '-I', os.path.join(PROGRAMS, 'drivers'),
                *(word for path in library.includes for word in ('-I', os.path.join(source, path))),
                library.driver, *recipes.source_files(library, source)]

    def link(self, export, more, output):
        subprocess.run([*self.clang, *more, *self.words, '-Wl,--no-entry', f'-Wl,--export={export}', '-o', output], check=True)

    def fixed(self, n):
        output = os.path.join(self.folder, f'fixed-{n}.wasm')
        if not os.path.exists(output):
            source = output + '.c'
            with open(source, 'w', encoding='ascii') as out:
                out.write(f'int run(int); int fixed(void) {{ return run({n}); }}\n')
            self.link('fixed', [source], output)
        return output


def native_code(options, wasm):
    """As parigot-bundle create --native makes it; None where it cannot be made."""
    tool, output = os.path.join(options.build, 'tests', 'bench-native'), wasm + '.so'
    subprocess.run(['ninja', '-C', options.build, 'tests/bench-native'], check=True, stdout=subprocess.DEVNULL)
    made = subprocess.run([tool, '--make', wasm, output], check=False, stderr=subprocess.DEVNULL)
    return output if made.returncode == 0 else None


def engines(options, folder, kernel):
    node = os.path.join(folder, 'run.js')
    with open(node, 'w', encoding='ascii') as out:
        out.write(NODE)
    run, wasm = os.path.join(options.build, 'loader', 'parigot-run'), kernel.wasm
    found = {'parigot': lambda n: [run, wasm, '--allow-unsigned', '--policy=none', '--invoke=run', str(n)],
             'checked': lambda n: [run, wasm, '--checked', '--allow-unsigned', '--policy=none', '--invoke=run', str(n)]}
    native = native_code(options, wasm)
    if native:
        tool = os.path.join(options.build, 'tests', 'bench-native')
        found['native'] = lambda n: [tool, wasm, native, 'run', str(n)]
    if shutil.which('node'):
        found['node'] = lambda n: ['node', node, wasm, str(n)]
    if shutil.which('wasm3'):
        found['wasm3'] = lambda n: ['wasm3', '--func', 'run', wasm, str(n)]
    if shutil.which('iwasm'):
        found['iwasm'] = lambda n: ['iwasm', '-f', 'run', wasm, str(n)]
    if options.slow and shutil.which('wasm-interp'):
        found['wasm-interp'] = lambda n: ['wasm-interp', '--run-all-exports', kernel.fixed(n)]
    return found


SLOW = ('wasm-interp',)  # measured once


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', default=os.path.join(HERE, '..', '..', '..', 'build'))
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--slow', action='store_true', help='wasm-interp too, once')
    parser.add_argument('kernels', nargs='*', default=list(SIZES))
    options = parser.parse_args()
    logs, wrong = {}, 0
    with tempfile.TemporaryDirectory(prefix='parigot-bench-') as folder:
        for name in options.kernels:
            try:
                kernel = Kernel(name, options, folder)
            except Missing as reason:
                print(f'{name:12} left out: {reason}', flush=True)
                continue
            base, expected = measure(lambda n: [kernel.native, str(n)], SIZES[name], options.rounds)
            cells = [f'{name:12} gcc {base * 1000:7.1f} ms']
            for engine, command in engines(options, folder, kernel).items():
                try:
                    seconds, value = measure(command, SIZES[name], 1 if engine in SLOW else options.rounds)
                except subprocess.CalledProcessError as error:
                    cells.append(f'{engine}   fails ({error.returncode})')
                    continue
                note = '' if value == expected else ' WRONG'
                wrong += value != expected
                cells.append(f'{engine} {seconds / base:6.2f}{note}')
                if name not in LIBRARIES:
                    logs.setdefault(engine, []).append(math.log(seconds / base))
            print('   '.join(cells), flush=True)
        print('geomean      ' + '                ' + '   '.join(
            f'{engine} {math.exp(sum(values) / len(values)):6.2f}' for engine, values in logs.items()))
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
