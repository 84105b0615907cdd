#!/usr/bin/env python3
"""Time parigot-ld beside wasm-ld: bench.py [--build DIR] [--rounds N] [--markdown] [ROW ...].

Rows (all, unless some are named):
  tiny            one small object
  libraries       the upstream C libraries and their test programs as one program, with wasi-libc
  libraries-debug the same compiled with -g
  many            a thousand generated objects of a hundred functions each
  many-debug      the same with debug information (165 MB)
Inputs are made once, below BUILD/bench and BUILD/programs; the libraries are fetched with apt from Debian's source archive,
and a row whose inputs cannot be made is skipped with a word. Every linker runs once in each round, in turn, after one
round that does not count. Wall time is the least and the median, "faster" by the least; CPU time (user and system) is the
median, "less" by it, and says more on a busy machine; memory is the largest resident set. Peers that are not installed are
left out.
"""
import argparse
import os
import shutil
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, '..', '..', '..'))
sys.path[:0] = [HERE, os.path.join(ROOT, 'tests', 'interop', 'programs')]

import build as programs  # noqa: E402
import many_objects  # noqa: E402
import sources  # noqa: E402

TINY = '''int add(int a, int b) { return a + b; }
int parigot_init(int at, int size) { return add(at, size); }
int parigot_alloc(int size) { return 0; }
'''
# The other policies of ours are asked to link what wasm-ld links: large modules, and writable data where the row has some.
POLICY = 'policy = 1;\nname = "bench-{0}";\nbase = "{0}";\nlimits = {{ module = "1 GiB"; custom = "1 GiB"; }};\n'


class NotThere(Exception):
    """The inputs of a row cannot be made; the text says why."""


class Row:
    """What one row links: paths of its inputs, more words for every linker, one more policy under which ours links it.

    `exports` is for wasm-ld and --policy=none alone: elsewhere the ABI says what is exported.
    """
    def __init__(self, title, inputs, exports=(), words=(), policy=None):
        self.title, self.inputs, self.exports, self.words, self.policy = title, inputs, exports, words, policy


def run(*command):
    subprocess.run(command, check=True)


def write(path, text):
    with open(path, 'w', encoding='utf-8') as out:
        out.write(text)
    return path


def tiny(folder):
    output = os.path.join(folder, 'tiny.o')
    run('clang-19', '--target=wasm32', '-O2', '-c', write(os.path.join(folder, 'tiny.c'), TINY), '-o', output)
    return Row('one tiny object', [output], exports=['--no-entry', '--export=parigot_init'], policy='strict')


def main_of_all(folder, built, debug):
    """An object whose main calls the main of each library's program, and those programs' objects under their new names."""
    calls, objects = [], []
    flags = ['-g'] if debug else []
    for b in built:
        name = b.library.name + '_main'
        parameters, arguments = ('int, char **', 'argc, argv') if b.library.driver.startswith('@') else ('void', '')
        calls.append((f'int {name}({parameters});\n', f'    bad |= {name}({arguments});\n'))
        source, _, words = b.driver_job
        objects.append(os.path.join(folder, f'{name}{"-debug" if debug else ""}.o'))
        programs.compile_one((source, objects[-1], [*words, f'-Dmain={name}']))
    text = (''.join(c[0] for c in calls) + 'int main(int argc, char **argv)\n{\n    int bad = 0;\n' +
            ''.join(c[1] for c in calls) + '    return bad;\n}\n')
    objects.append(os.path.join(folder, f'all{"-debug" if debug else ""}.o'))
    programs.compile_one((write(os.path.join(folder, 'all.c'), text), objects[-1], ['-O2', *flags]))
    return objects


def libraries(folder, debug=False):
    try:
        built = programs.build(os.path.join(os.path.dirname(folder), 'programs'), debug, lambda t: print(t, file=sys.stderr))
    except sources.NoSources as error:
        raise NotThere(str(error)) from error
    own = main_of_all(folder, built, debug)
    objects = [path for b in built for path in b.objects]
    more = sorted({os.path.basename(p).split('-', 1)[1]: p for b in built for p in b.driver[1:]}.values())
    builtins = subprocess.run(['clang-19', '--target=wasm32-wasi', '-print-libgcc-file-name'], check=True,
                              capture_output=True, text=True).stdout.strip()
    words = ['-L/usr/lib/wasm32-wasi', *programs.LIBRARIES, '-lc', builtins]
    title = f'{len(built)} real libraries' + (', -g' if debug else '')
    return Row(title, ['/usr/lib/wasm32-wasi/crt1-command.o', *own, *more, *objects], words=words)


def many(folder, debug=False):
    paths = many_objects.make(os.path.join(folder, 'many-debug' if debug else 'many'), 1000, 100, debug)
    return Row('1,000 objects x 100 functions' + (', -g' if debug else ''), paths, policy='reset')


ROWS = {'tiny': tiny, 'libraries': libraries, 'libraries-debug': lambda f: libraries(f, True), 'many': many,
        'many-debug': lambda f: many(f, True)}


def linkers(options, folder, row):
    """{name: words before the inputs}: the peers that are there, then ours, as they are and under the row's policy."""
    found = {name: [name, *row.exports] for name in ('wasm-ld-19', 'wasm-ld-22') if shutil.which(name)}
    ours = os.path.join(options.build, 'linker', 'parigot-ld')
    found['parigot-ld'] = [ours, '--policy=none', *row.exports]
    if row.policy:
        path = write(os.path.join(folder, row.policy + '.cfg'), POLICY.format(row.policy))
        found[f'parigot-ld {row.policy}'] = [ours, '--policy=' + path, '--export=parigot_init', '--export=parigot_alloc']
    return found


def measure(measurer, command, output):
    """(wall, CPU in seconds, peak in MiB) of one link; the output of the one before is out of the way."""
    if os.path.exists(output):
        os.remove(output)
    result = subprocess.run([measurer, *command, '-o', output], capture_output=True, text=True, check=True)
    wall, cpu, peak, status = map(int, result.stdout.split()[-4:])
    if status or not os.path.exists(output):
        raise NotThere(f'status {status}: ' + (result.stderr.strip().splitlines() or [''])[0])
    return wall / 1e6, cpu / 1e6, peak / 1024


def bench_row(options, measurer, folder, row):
    """{linker: [measurement of each round]}; a linker that fails is left out with a word."""
    response = write(os.path.join(folder, 'row.rsp'), '\n'.join(f'"{w}"' for w in [*row.inputs, *row.words]) + '\n')
    commands, results = linkers(options, folder, row), {}
    output = os.path.join(folder, 'out.wasm')
    for number in range(options.rounds + 1):
        for name, words in list(commands.items()):
            try:
                values = measure(measurer, [*words, '@' + response], output)
            except NotThere as error:
                print(f'{row.title}: {name}: left out: {error}', file=sys.stderr)
                del commands[name]
                results.pop(name, None)
                continue
            if number:
                results.setdefault(name, []).append(values)
    if os.path.exists(output):
        os.remove(output)
    return results


def cells(title, name, values, base):
    """A line of the table; `base` holds what wasm-ld 19 measured."""
    wall, cpu = [v[0] for v in values], statistics.median(v[1] for v in values)
    faster = less = ''
    if base:
        faster = f'{min(v[0] for v in base) / min(wall):.1f}x'
        less = f'{statistics.median(v[1] for v in base) / cpu:.1f}x'
    return [title, name, f'{min(wall) * 1000:.1f}', f'{statistics.median(wall) * 1000:.1f}', faster, f'{cpu * 1000:.1f}', less,
            f'{max(v[2] for v in values):.1f}']


HEAD = ['row', 'linker', 'wall ms, least', 'median', 'faster', 'CPU ms', 'less', 'peak MiB']


def print_table(rows, markdown):
    if markdown:
        print('| ' + ' | '.join(HEAD) + ' |\n|---|---|---:|---:|---:|---:|---:|---:|')
        for row in rows:
            print('| ' + ' | '.join(row) + ' |')
        return
    widths = [max(len(r[i]) for r in [HEAD, *rows]) for i in range(len(HEAD))]
    for row in [HEAD, *rows]:
        print('  '.join(c.ljust(w) if i < 2 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths))))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', default=os.path.join(ROOT, 'build'))
    parser.add_argument('--rounds', type=int, default=10)
    parser.add_argument('--markdown', action='store_true', help='write the table as Markdown')
    parser.add_argument('rows', nargs='*', metavar='ROW', help=', '.join(ROWS))
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    for name in options.rows:
        if name not in ROWS:
            parser.error(f'no such row: {name}')
    folder = os.path.join(options.build, 'bench')
    os.makedirs(folder, exist_ok=True)
    measurer = os.path.join(folder, 'measure')
    run('cc', '-O2', os.path.join(HERE, 'measure.c'), '-o', measurer)
    table = []
    for name in options.rows or ROWS:
        try:
            row = ROWS[name](folder)
        except (NotThere, OSError, subprocess.CalledProcessError) as error:
            print(f'{name}: skipped: {error}', file=sys.stderr)
            continue
        size = sum(map(os.path.getsize, row.inputs)) / 1e6
        results = bench_row(options, measurer, folder, row)
        base = results.get('wasm-ld-19', [])
        title = f'{row.title} ({size:.1f} MB)' if size >= 0.1 else row.title
        table += [cells(title, linker, values, base) for linker, values in results.items()]
    print_table(table, options.markdown)
    print(f'load while measuring: {" ".join(f"{l:.1f}" for l in os.getloadavg())}; {os.cpu_count()} processors', file=sys.stderr)
    return 0


if __name__ == '__main__':
    sys.exit(main())
