#!/usr/bin/env python3
"""Time parigot-validate beside V8 and wasm-validate: bench.py [--build DIR] [--rounds N] [--cpu] [--markdown] [MODULE ...].

The modules are real programs of 1 to 40 MB from the npm registry, in versions and with digests of their own
(tests/interop/npm_modules.py); they are fetched once into BUILD/npm, or another cache. A module that cannot be had is left out
with a word, and so is a tool that is not installed. All use one thread:

  none    libparigot-validator in a process of its own (in_process.c), three times: the specification alone
  strict  the same with the rules as well
  V8      WebAssembly.validate in node, three times in a process
  tool    parigot-validate --policy=strict --jobs=1, as a whole process: start-up, reading the file, findings as text
  wabt    wasm-validate, as a whole process, once: it takes seconds

For the first three, start-up and reading the file do not count. All take turns in each round, after one round that does not count; times are the
least of all rounds, wall time or (--cpu) user and system time, which says more on a busy machine. Memory is the
largest resident set less the size of the file. "x V8" is how many times as fast as V8, and the last line its geometric mean.
"""
import argparse
import math
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, '..', '..', '..'))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'interop'))

import npm  # noqa: E402
from npm_modules import MODULES  # noqa: E402

NAMES = ['7z', 'automerge', 'resvg', 'tesseract', 'webauthn', 'canvaskit', 'matrix-crypto', 'pglite', 'ruff', 'esbuild', 'ruby',
         'excelize', 'swc', 'php', 'typst', 'biome', 'duckdb']
TIMES = 3 # in a process
NODE = ['node', '--single-threaded', '--v8-pool-size=0', os.path.join(HERE, 'validate.mjs')]


class Failed(Exception):
    """A tool gives another verdict than the others, or none; the text says which."""


def tools(build):
    """{name: words before the file}; what is installed of the peers, and ours."""
    library = os.path.join(build, 'tests', 'bench-validate')
    found = {'none': [library, 'none', str(TIMES)], 'strict': [library, 'strict', str(TIMES)],
             'tool': [os.path.join(build, 'validator', 'parigot-validate'), '--jobs=1', '--policy=strict']}
    if shutil.which('node'):
        found['V8'] = NODE
    if shutil.which('wasm-validate'):
        found['wabt'] = ['wasm-validate']
    return found


def measure(measurer, name, words, path):
    """(wall, CPU in seconds, peak in MiB) of one run. The module is valid; under strict it has findings or has not."""
    words = [*words, path, *([str(TIMES)] if name == 'V8' else [])]
    lines = subprocess.run([measurer, *words], capture_output=True, text=True, check=True).stdout.splitlines()
    wall, cpu, peak, status = map(int, lines[-1].split())
    if status > (name == 'tool'):
        raise Failed(f'status {status} of {name}: ' + ' '.join(lines[:1]))
    if name in ('none', 'strict'):
        wall, cpu = (float(word) * 1e3 for word in lines[0].split()[-8:-6])
        if name == 'none' and lines[0].split()[-2] != '0':
            raise Failed('not valid')
    if name == 'V8':
        inside = [line.split() for line in lines[:-1]]
        if any(verdict != 'true' for verdict, _, _ in inside):
            raise Failed('V8 says that it is not valid')
        wall, cpu = min(int(w) for _, w, _ in inside), min(int(c) for _, _, c in inside)
    return wall / 1e6, cpu / 1e6, peak / 1024


def bench(options, measurer, path):
    """{tool: (least seconds, largest peak in MiB)} of one module."""
    results = {}
    for number in range(options.rounds + 1):
        for name, words in tools(options.build).items():
            if name == 'wabt' and number:
                continue
            values = measure(measurer, name, words, path)
            if number or name == 'wabt':
                results.setdefault(name, []).append(values)
    return {name: (min(v[options.cpu] for v in values), max(v[2] for v in values)) for name, values in results.items()}


def row(title, size, results):
    """Cells of one module, and its ratios {tool: times as fast as V8}."""
    mega = size / 1e6
    speed = {name: mega / seconds for name, (seconds, _) in results.items()}
    times = {name: s / speed['V8'] for name, s in speed.items() if 'V8' in speed}
    beyond = {name: peak - size / (1 << 20) for name, (_, peak) in results.items()}
    cells = [title, f'{mega:.1f}']
    for name in ('none', 'strict'):
        cells += [f'{speed[name]:.0f}', f'{times[name]:.2f}' if times else '']
    cells += [f'{speed[name]:.{digits}f}' if name in speed else '' for name, digits in (('V8', 0), ('tool', 0), ('wabt', 1))]
    cells += [f'{beyond[name]:.1f}' if name in beyond else '' for name in ('tool', 'V8', 'wabt')]
    return cells, times


HEAD = ['module', 'MB', 'none, MB/s', 'x V8', 'strict, MB/s', 'x V8', 'V8, MB/s', 'tool, MB/s', 'wabt, MB/s',
        'tool, MiB beyond the file', 'V8', 'wabt']


def print_table(rows, markdown):
    if markdown:
        print('| ' + ' | '.join(HEAD) + ' |\n|---|' + '---:|' * (len(HEAD) - 1))
        for cells in rows:
            print('| ' + ' | '.join(cells) + ' |')
        return
    widths = [max(len(r[i]) for r in [HEAD, *rows]) for i in range(len(HEAD))]
    for cells in [HEAD, *rows]:
        print('  '.join(c.rjust(w) if i else c.ljust(w) for i, (c, w) in enumerate(zip(cells, widths))).rstrip())


def geomean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', default=os.path.join(ROOT, 'build'))
    parser.add_argument('--cache', help='folder of fetched modules (default: BUILD/npm)')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--cpu', action='store_true', help='compare CPU time, not wall time')
    parser.add_argument('--markdown', action='store_true', help='write the table as Markdown')
    parser.add_argument('modules', nargs='*', metavar='MODULE', help=', '.join(NAMES))
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    if options.rounds < 1:
        parser.error('--rounds: at least 1')
    for name in options.modules:
        if name not in NAMES:
            parser.error(f'no such module: {name}')
    os.makedirs(os.path.join(options.build, 'bench'), exist_ok=True)
    measurer = os.path.join(options.build, 'bench', 'measure')
    subprocess.run(['cc', '-O2', os.path.join(ROOT, 'tests', 'bench', 'link', 'measure.c'), '-o', measurer], check=True)
    subprocess.run(['ninja', '-C', options.build, 'tests/bench-validate', 'validator/parigot-validate'], check=True,
                   stdout=subprocess.DEVNULL)
    table, ratios = [], []
    for module in MODULES:
        if module.name not in (options.modules or NAMES):
            continue
        try:
            path = npm.fetch(options.cache or os.path.join(options.build, 'npm'), module.package, module.member, module.sha256)
            cells, times = row(f'{module.name} ({module.language})', os.path.getsize(path), bench(options, measurer, path))
        except (npm.NotThere, Failed, OSError, subprocess.CalledProcessError) as error:
            print(f'{module.name}: left out: {error}', file=sys.stderr)
            continue
        table.append(cells)
        ratios += [times] if times else []
    if ratios:
        means = {name: f'{geomean([r[name] for r in ratios]):.2f}' for name in ('none', 'strict')}
        table.append(['geometric mean', '', '', means['none'], '', means['strict']] + [''] * 6)
    print_table(table, options.markdown)
    print(f'load while measuring: {" ".join(f"{l:.1f}" for l in os.getloadavg())}; {os.cpu_count()} processors', file=sys.stderr)
    return 0 if table else 1


if __name__ == '__main__':
    sys.exit(main())
