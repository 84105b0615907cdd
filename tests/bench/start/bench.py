#!/usr/bin/env python3
"""Time the start of a world beside other engines: bench.py [--build DIR] [--bytes N] [--rounds N] [--markdown].

Two signed bundles of one program that ends in its first function: `tiny`, and `large`, with N bytes (1.5 MB) of code that a table
keeps alive. Each row is a whole process: CPU time (user and system), the least of all rounds, and the most memory that it
held. parigot-run checks signature, generation, digests and policy, validates every function and runs the program. Of the others
none verifies a bundle; they are given a module of the same code, without imports, whose export does nothing. /bin/true is what
the machine takes for any process.
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, '..', '..', '..'))
GUEST = '''
#include "parigot.h"
%s
parigot_app *parigot_start(const parigot_kernel_v1_InitRequest *init)
{
    %s
    parigot_exit(PARIGOT_OK);
}
'''
# Bodies of the large program's functions; each gets constants of its own.
BODIES = (
    'for (unsigned i = 0; i < n; i++) x = (x ^ p[i & 63]) * {a}u + (x >> {s});',
    'for (unsigned i = 1; i < n; i++) if (p[i & 63] > {b}u) x += p[(i * {s}) & 63]; else x -= i ^ {a}u;',
    'switch (x % 7) {{ case 0: x += {a}u; break; case 1: x ^= n << {s}; break; case 2: x = p[x & 63]; break;'
    ' case 3: while (n--) x = x * 5 + {b}u; break; case 5: x |= {b}u; break; default: x -= {a}u; }}',
    'double d = x; for (unsigned i = 0; i < n; i++) d = d * {s}.5 + p[i & 63] / {b}.0; x = (unsigned)(long long)d;',
    'unsigned long long h = {a}u; for (unsigned i = 0; i < n; i++) {{ h ^= p[i & 63]; h *= {b}ull; h = h << {s} | h >> (64 - {s}); }} x ^= (unsigned)h;',
)


def functions(count):
    out = []
    for i in range(count):
        numbers = {'a': 2654435761 * (i + 1) % 2**32, 'b': 1000003 * (i + 7) % 2**31, 's': i % 23 + 3}
        out.append(f'static unsigned f{i}(const unsigned *p, unsigned n, unsigned x)\n{{\n' +
                   ''.join('    ' + BODIES[(i + k) % len(BODIES)].format(**numbers) + '\n' if k == 0 else
                           f'    {{ {BODIES[(i + k * k) % len(BODIES)].format(**numbers)} }}\n' for k in range(4)) +
                   '    return x;\n}\n')
    out.append('typedef unsigned fn(const unsigned *, unsigned, unsigned);\n')
    out.append(f'fn *const functions[{count}] = {{{", ".join(f"f{i}" for i in range(count))}}};\n')
    return ''.join(out)


def run(words, folder):
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f'bench.py: {" ".join(words)} ends with {done.returncode}: {done.stderr}')


def measure(spawn, words):
    """(milliseconds, KiB) of one run that has to succeed."""
    done = subprocess.run([spawn, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f'bench.py: {" ".join(words)}: {done.stderr}')
    us, kib = done.stdout.split()
    return int(us) / 1e3, int(kib)


def make(name, count, build, folder):
    """The signed bundle NAME.pbundle, and NAME.wasm for engines that know no services."""
    tools = {tool: os.path.join(build, part, tool) for tool, part in
             (('parigot-cc', 'linker'), ('parigot-ld', 'linker'), ('parigot-bundle', 'bundle'))}
    code = functions(count) if count else ''
    use = 'if (init->module.len > 1000) (void)functions[init->module.len % 7](0, 0, 0);' if count else '(void)init;'
    with open(os.path.join(folder, name + '.c'), 'w', encoding='ascii') as out:
        out.write(GUEST % (code, use))
    with open(os.path.join(folder, name + '_bare.c'), 'w', encoding='ascii') as out:
        out.write(code + f'int run(int n)\n{{\n    return {"n > 1000 ? (int)functions[n % 7](0, 0, 0) : n" if count else "n"};\n}}\n')
    run([tools['parigot-cc'], '-O1', '-Wl,--strip-all', name + '.c', '-o', name + '_guest.wasm'], folder)
    run(['clang-19', '--target=wasm32', '-O1', '-nostdlib', '-mbulk-memory', name + '_bare.c', '-Wl,--no-entry',
         '-Wl,--export=run', '-Wl,--strip-all', '-fuse-ld=' + shutil.which('wasm-ld-19'), '-o', name + '.wasm'], folder)
    run([tools['parigot-bundle'], 'create', name + '_guest.wasm', '-o', name + '.pbundle', '--sign', 'k'], folder)


def peers(folder, name):
    wasm = os.path.join(folder, name + '.wasm')
    script = os.path.join(folder, 'run.js')
    with open(script, 'w', encoding='ascii') as out:
        out.write('const fs = require("fs");\n'
                  'new WebAssembly.Instance(new WebAssembly.Module(fs.readFileSync(process.argv[2]))).exports.run(1);\n')
    rows = {'wasm3': ['wasm3', '--func', 'run', wasm, '1'], 'iwasm': ['iwasm', '-f', 'run', wasm, '1'], 'node': ['node', script, wasm]}
    return {engine: words for engine, words in rows.items() if shutil.which(engine)}


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument('--build', default=os.path.join(ROOT, 'build'))
    options.add_argument('--bytes', type=int, default=1500000)
    options.add_argument('--rounds', type=int, default=100)
    options.add_argument('--markdown', action='store_true')
    o = options.parse_args()
    build = os.path.abspath(o.build)
    with tempfile.TemporaryDirectory(prefix='parigot-bench-') as folder:
        run([os.path.join(build, 'bundle', 'parigot-bundle'), 'keygen', '-W', '-s', 'k', '-p', 'k.pub'], folder)
        make('tiny', 0, build, folder)
        tiny = os.path.getsize(os.path.join(folder, 'tiny_guest.wasm'))
        make('large', 100, build, folder)
        each = (os.path.getsize(os.path.join(folder, 'large_guest.wasm')) - tiny) / 100
        make('large', round((o.bytes - tiny) / each), build, folder)
        spawn = os.path.join(folder, 'spawn')
        run(['cc', '-O2', os.path.join(HERE, 'spawn.c'), '-o', spawn], folder)
        loader = {name: path for name in ('parigot-run', 'parigot-run-static')
                  if os.path.exists(path := os.path.join(build, 'loader', name))}
        rows = {('', '/bin/true'): ['/bin/true'], ('', 'parigot-run --version'): [loader['parigot-run'], '--version']}
        for name in ('tiny', 'large'):
            for engine, path in loader.items():
                rows[name, engine] = [path, '-p', os.path.join(folder, 'k.pub'), '--state=' + os.path.join(folder, 'seen'),
                                      os.path.join(folder, name + '.pbundle')]
            rows |= {(name, engine): words for engine, words in peers(folder, name).items()}
        least = dict.fromkeys(rows, (float('inf'), 0))
        for _ in range(o.rounds):
            for key, words in rows.items():
                least[key] = min(least[key], measure(spawn, words))
        for name in ('tiny', 'large'):
            print(f'{name}: module of {os.path.getsize(os.path.join(folder, name + "_guest.wasm"))} bytes, '
                  f'bundle of {os.path.getsize(os.path.join(folder, name + ".pbundle"))}')
    for (name, engine), (ms, kib) in least.items():
        cells = (name, engine, f'{ms:.2f} ms', f'{kib / 1024:.1f} MiB')
        print('| ' + ' | '.join(cells) + ' |' if o.markdown else '{:6}{:24}{:>12}{:>12}'.format(*cells))


if __name__ == '__main__':
    main()
