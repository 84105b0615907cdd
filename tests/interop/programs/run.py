#!/usr/bin/env python3
"""Real programs, linked by parigot-ld and by wasm-ld: do both behave the same? run.py [--build DIR] [--debug] [LIBRARY ...]

The libraries come from Debian's source packages (fetched by apt into BUILD/programs, about 35 MB) and are compiled by
clang-19 against wasi-libc; recipes.py lists them. Each library's program is linked by wasm-ld-19 and by
parigot-ld --policy=none, both through clang -fuse-ld, and run by node's WASI; status and output must be equal, and the two
modules are compared by structure. Reports in TAP; exits 1 when something differs. Not part of `meson test`: it needs the
network once, and a few minutes.
"""
import argparse
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, '..', '..', '..')
sys.path[:0] = [HERE, os.path.join(HERE, '..')]

import build  # noqa: E402
import compare_modules  # noqa: E402
import recipes  # noqa: E402
import sources  # noqa: E402

WASI = os.path.join(HERE, '..', 'wasi.mjs')


def run_program(wasm, library):
    """(status, output) under node's WASI, with drivers/ readable as /drivers."""
    result = subprocess.run(
        ['node', '--no-warnings', '--experimental-wasi-unstable-preview1', WASI, '--dir', f'/drivers={HERE}/drivers', wasm,
         *library.arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False)
    return result.returncode, result.stdout


def link(linker, built, all_built, output, *more):
    """The module, or what the linker said."""
    result = subprocess.run([*build.CLANG, f'-fuse-ld={linker}', *more, *build.link_words(built, all_built), '-o', output],
                            capture_output=True, text=True, check=False)
    return output, result.stderr if result.returncode else ''


def judge(built, all_built, parigot_ld):
    """Complaints about one library's program; none is good."""
    theirs, failed = link('/usr/bin/wasm-ld-19', built, all_built, os.path.join(built.folder, 'wasm-ld.wasm'))
    if failed:
        return ['wasm-ld does not link it: ' + failed]
    ours, failed = link(parigot_ld, built, all_built, os.path.join(built.folder, 'parigot-ld.wasm'), '-Wl,--policy=none')
    if failed:
        return [failed]
    expected, got = run_program(theirs, built.library), run_program(ours, built.library)
    complaints = []
    if expected[0] != built.library.status:
        complaints.append(f'linked by wasm-ld it ends with {expected[0]}: ' + expected[1].decode(errors='replace')[-500:])
    if got != expected:
        complaints.append(f'linked by parigot-ld it ends with {got[0]}: ' + got[1].decode(errors='replace')[-500:])
    return complaints + compare_modules.compare(theirs, ours)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', default=os.path.join(ROOT, 'build'), help='build folder of parigot (default build)')
    parser.add_argument('--debug', action='store_true', help='compile with -g')
    parser.add_argument('libraries', nargs='*', metavar='LIBRARY', choices=[[], *(l.name for l in recipes.LIBRARIES)])
    options = parser.parse_args()
    parigot_ld = os.path.abspath(os.path.join(options.build, 'linker', 'parigot-ld'))
    try:
        all_built = build.build(os.path.join(options.build, 'programs'), options.debug, lambda text: print('# ' + text))
    except sources.NoSources as error:
        print(f'1..0 # SKIP {error}')
        return 0
    chosen = [b for b in all_built if not options.libraries or b.library.name in options.libraries]
    failed = False
    print(f'1..{len(chosen)}')
    for number, built in enumerate(chosen, 1):
        complaints = judge(built, all_built, parigot_ld)
        failed |= bool(complaints)
        print(f'{"not ok" if complaints else "ok"} {number} - {built.library.name}')
        for line in '\n'.join(complaints).splitlines()[:60]:
            print('#   ' + line)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
