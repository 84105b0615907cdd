#!/usr/bin/env python3
"""optimize.py PARIGOT_LD KERNELS [--seeds=N] [--first=SEED]: do optimised modules do what they did?

The benchmark's kernels and random modules (`wasm-opt -ttf`) go through `parigot-ld --rewrite -O`, at each level, plain and
metered, and run in node: results, traps and what they told their imports are those of the original. A module with lines,
which goes another way (wasm-opt and a source map), does the same. Reports in TAP.
"""
import argparse
import glob
import os
import shutil
import sys

import metering
import tap
import wasm_edit
from metering import in_node, run
from tap import Failure

LEVELS = '1234sz'


def optimized(ld, path, level, *more):
    out = f'{path.removesuffix(".wasm")}.O{level}{"".join(more)}.wasm'
    run([ld, '--policy=none', f'-O{level}', '--rewrite', path, *more, '-o', out])
    if shutil.which('wasm-validate'):
        run(['wasm-validate', '--enable-tail-call', out])
    return out


def compare(path, calls, original):
    for a, b in zip(original, in_node(path, calls), strict=True):
        if 'deep' in (a['result'], b['result']):
            return  # how deep a stack is, is the engine's business; nothing after it need be the same
        for key in ('result', 'log'):
            if a[key] != b[key]:
                raise Failure(f'{os.path.basename(path)} {a["name"]}: {key}: {a[key]!r} became {b[key]!r}')


def test_kernel(ld, folder, source):
    kernel = os.path.basename(source).removesuffix('.c')
    path, calls = os.path.join(folder, kernel + '.wasm'), [['run', [metering.SIZES.get(kernel, 1)]]]
    run(['clang-19', '--target=wasm32', '-O1', '-g', '-ffreestanding', '-mbulk-memory', '-w', '-c', source, '-o', path + '.o'])
    run(['wasm-ld-19', '--no-entry', '--export=run', path + '.o', '-o', path])
    original = in_node(path, calls)
    for level in LEVELS:
        for more in ([], ['--strip-debug'], ['--strip-debug', '--meter']):
            compare(optimized(ld, path, level, *more), calls, original)


def test_random(ld, folder, seed):
    path, r = metering.random_module(folder, seed)
    calls = [[name, [r.choice([0, 1, -1, 77])] * len(params)] for name, params in wasm_edit.functions(path).items()]
    original = in_node(path, calls)
    for level in r.sample(LEVELS, 3):
        compare(optimized(ld, path, level, *r.choice([[], ['--meter']])), calls, original)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('ld')
    parser.add_argument('kernels', help='a folder of C files with int run(int)')
    parser.add_argument('--seeds', type=int, default=12)
    parser.add_argument('--first', type=int, default=0)
    options = parser.parse_args()
    tests = [(os.path.basename(k), ['clang-19', 'wasm-ld-19'], test_kernel, (k,))
             for k in sorted(glob.glob(os.path.join(options.kernels, '*.c')))]
    tests += [(f'random module {s}', [], test_random, (s,)) for s in range(options.first, options.first + options.seeds)]
    beside = os.path.join(os.path.dirname(os.path.abspath(options.ld)), 'parigot-opt')
    return tap.run(tests, options.ld, ['node', 'wasm-opt', beside])


if __name__ == '__main__':
    sys.exit(main())
