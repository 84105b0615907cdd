#!/usr/bin/env python3
"""Real programs, metered: do they do what they did? metered.py PARIGOT_LD PARIGOT_RUN CACHE [--fetch] [PROGRAM ...]

stb, zlib, Lua and SQLite (recipes.py, HOSTED), each a module whose export run() runs its program and returns a checksum of what it
wrote. Each is metered by `parigot-ld --rewrite --meter --policy=audit`, coarse and exact, and run in node, parigot-run and
wasm-interp (whichever are there), as it was and metered: the checksum is the same everywhere, the fuel used is the same number
everywhere and twice; exact fuel is, to the unit, what an independent count of executed instructions says, and coarse fuel is
not below it. With one unit less they run dry. stb is the package libstb-dev; the sources of the others are those
that run.py keeps in CACHE, and --fetch gets them. Reports in TAP; what is not there is skipped.
"""
import argparse
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..')]

import build  # noqa: E402
import metering  # noqa: E402
import recipes  # noqa: E402
import sources  # noqa: E402

RUN = [['run', []]]


def link(parigot_ld, built):
    output = os.path.join(built.folder, 'run.wasm')
    subprocess.run([*build.CLANG, '-nostartfiles', f'-fuse-ld={parigot_ld}', '-Wl,--policy=none,--no-entry',
                    *build.link_words(built, [built]), '-o', output], check=True)
    return output


def judge(tool, path):
    """What it cost, for people."""
    bench = metering.Bench(tool, path, policy='audit')
    original, used = bench.in_node(RUN)
    if metering.is_trap(original[0]['result']):
        raise metering.Failure(f'it does not run: {original[0]["result"]}')
    bench.runs_dry(RUN, used)
    bench.elsewhere(RUN, [path, *bench.metered.values()])
    sizes = [os.path.getsize(p) for p in (path, *bench.metered.values())]
    fuel = {kind: int(calls[0]['used']) for kind, calls in used.items()}
    return (f'fuel: exact {fuel["exact"]}, coarse {fuel["coarse"]} (+{fuel["coarse"] / fuel["exact"] - 1:.1%}); bytes: {sizes[0]}, '
            f'coarse +{sizes[1] / sizes[0] - 1:.1%}, exact +{sizes[2] / sizes[0] - 1:.1%}')


def missing(library, options):
    """Why that program cannot be run, or nothing."""
    for program in ('clang-19', 'node'):
        if not shutil.which(program):
            return f'{program} is not installed'
    if not os.path.isdir(os.path.join(options.cache, 'sources', library.package)):  # an absolute one stays what it is
        if os.path.isabs(library.package):
            return f'there is no {library.package}'
        if not options.fetch:
            return 'no sources: tests/interop/programs/metered.py --fetch gets them'
    return ''


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('ld')
    parser.add_argument('run')
    parser.add_argument('cache', help='build/programs')
    parser.add_argument('--fetch', action='store_true', help='get the sources from Debian when they are not there')
    parser.add_argument('programs', nargs='*', metavar='PROGRAM', choices=[[], *(l.name for l in recipes.HOSTED)])
    options = parser.parse_args()
    chosen = [l for l in recipes.HOSTED if not options.programs or l.name in options.programs]
    skipped = {l.name: reason for l in chosen if (reason := missing(l, options))}
    try:
        here = [l for l in chosen if l.name not in skipped]
        all_built = {b.library.name: b for b in build.build(options.cache, False, lambda text: print('# ' + text), here, 'hosted')}
    except sources.NoSources as error:
        print(f'1..0 # SKIP {error}')
        return 0
    tool, failed = metering.Tool(options), False
    print(f'1..{len(chosen)}')
    for number, library in enumerate(chosen, 1):
        built = all_built.get(library.name)
        if not built:
            print(f'ok {number} - {library.name}, metered # SKIP {skipped.get(library.name, "it was not built")}')
            continue
        try:
            told = judge(tool, link(os.path.abspath(options.ld), built))
            print(f'ok {number} - {built.library.name}, metered\n# {told}', flush=True)
        except (metering.Failure, subprocess.SubprocessError) as error:
            failed = True
            print(f'not ok {number} - {built.library.name}, metered')
            print('\n'.join('#   ' + line for line in str(error).splitlines()), flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
