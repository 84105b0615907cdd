#!/usr/bin/env python3
"""What -O is worth: bench.py [--build DIR] [--rounds N] [--levels 2,s] [FILE.wasm ...].

Each kernel of tests/bench/run, compiled by clang-19 -O2 to a bare module, and each file, goes through parigot-ld --rewrite
--strip-debug without -O and with it. Columns, for each level: size against that without -O, in percent; time of the export
run() against the same, in node (by the clock), in one process that runs all in turns, and in parigot-run's interpreter (CPU), a process each;
the least of N rounds counts. `opt` is the CPU time of parigot-ld and its child, in seconds. Modules without an export
run() are only measured by size.
"""
import argparse
import glob
import json
import math
import os
import resource
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '..', 'meter')]
from bench import KERNELS, SIZES  # noqa: E402

NODE = '''
const fs = require('fs');
const [n, rounds, ...files] = process.argv.slice(2);
const load = module => {
    const imports = {};
    for (const i of WebAssembly.Module.imports(module)) (imports[i.module] ??= {})[i.name] = () => 0;
    return new WebAssembly.Instance(module, imports).exports;
};
const modules = files.map(f => new WebAssembly.Module(fs.readFileSync(f)));
const least = files.map(() => 1e12), all = modules.map(load), results = files.map(() => '');
for (let r = 0; r < rounds * (n === '' ? 10 : 1); r++) // large ones need a while until their code is compiled well
    modules.forEach((module, k) => {
        const exports = n === '' ? load(module) : all[k], before = performance.now();
        results[k] = String(n === '' ? exports.run() : exports.run(Number(n)));
        least[k] = Math.min(least[k], performance.now() - before);
    });
if (new Set(results).size !== 1) throw new Error('results differ: ' + results);
console.log(JSON.stringify(least));
'''


def cpu(command):
    """Of a command and its children, in seconds; None when it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return None if done.returncode else after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def rewrite(ld, path, out, level):
    return cpu([ld, '--policy=none', '--strip-debug', '--rewrite', path, f'-O{level}', '-o', out])


def in_node(folder, n, rounds, files):
    script = os.path.join(folder, 'node.js')
    with open(script, 'w', encoding='ascii') as f:
        f.write(NODE)
    done = subprocess.run(['node', script, n, str(rounds), *files], capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else None


def in_ours(run, n, rounds, files):
    least = [math.inf] * len(files)
    for _ in range(rounds):
        for k, path in enumerate(files):
            took = cpu([run, '--allow-unsigned', '--policy=none', '--invoke=run', path, *([n] if n else [])])
            if took is None:
                return None
            least[k] = min(least[k], took)
    return least


def percent(a, b):
    return f'{(b / a - 1) * 100:+.1f} %'


def kernel(folder, name):
    """In two steps: with -O2 clang would hand what it links on to wasm-opt."""
    path = os.path.join(folder, name + '.wasm')
    subprocess.run(['clang-19', '--target=wasm32', '-O2', '-ffreestanding', '-mbulk-memory', '-w', '-c',
                    os.path.join(KERNELS, name + '.c'), '-o', path + '.o'], check=True)
    subprocess.run(['wasm-ld-19', '--no-entry', '--export=run', path + '.o', '-o', path], check=True)
    return path


def measure(o, folder, name, path, n):
    """The row's cells, and ratios for the means."""
    ld, run = os.path.join(o.build, 'linker', 'parigot-ld'), os.path.join(o.build, 'loader', 'parigot-run')
    files, took = [], []
    for level in ['0', *o.levels.split(',')]:
        files.append(os.path.join(folder, f'{name}.O{level}.wasm'))
        took.append(rewrite(ld, path, files[-1], level))
    if None in took:
        return None
    sizes = [os.path.getsize(f) for f in files]
    node = in_node(folder, n, o.rounds, files) if shutil.which('node') else None
    ours = in_ours(run, n, o.rounds, files)
    cells, ratios = [f'{sizes[0]:,}'], []
    for k in range(1, len(files)):
        for values in (sizes, node, ours):
            cells.append(percent(values[0], values[k]) if values else '')
            ratios.append(values[k] / values[0] if values else None)
        cells.append(f'{took[k]:.2f}')
        ratios.append(None)
    return cells, ratios


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', default='build')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--levels', default='2,s')
    parser.add_argument('files', nargs='*')
    o = parser.parse_args()
    head = ['module', 'bytes'] + [f'-O{level} {what}' for level in o.levels.split(',') for what in ('size', 'node', 'interpreter', 'opt')]
    print('| ' + ' | '.join(head) + ' |\n' + '|---' * len(head) + '|')
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        work = [(os.path.basename(f).removesuffix('.wasm'), f, '') for f in o.files]
        if not o.files:
            names = sorted(os.path.basename(k).removesuffix('.c') for k in glob.glob(os.path.join(KERNELS, '*.c')))
            work = [(name, kernel(folder, name), str(SIZES[name])) for name in names]
        for name, path, n in work:
            row = measure(o, folder, name, path, n)
            if not row:
                print(f'| {name} | refused |')
                continue
            print(f'| {name} | ' + ' | '.join(row[0]) + ' |', flush=True)
            ratios.append(row[1])
    means = []
    for column in zip(*ratios):
        there = [r for r in column if r]
        means.append(percent(1, math.exp(sum(map(math.log, there)) / len(there))) if there else '')
    print('| geomean | | ' + ' | '.join(means) + ' |')


if __name__ == '__main__':
    main()
