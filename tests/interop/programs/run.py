#!/usr/bin/env python3
"""Real programs, linked by parigot-ld and by wasm-ld: do both behave the same? run.py [--build DIR] [--debug] [--options] [LIBRARY ...]

The libraries come from Debian's source packages (fetched by apt into BUILD/programs, about 35 MB) and are compiled by
clang-19 against wasi-libc; recipes.py lists them. Each library's program is linked by wasm-ld-19 and by
parigot-ld --policy=none, both through clang -fuse-ld, and run by node's WASI; status and output must be equal, and the two
modules are compared by structure. Reports in TAP; exits 1 when something differs. Not part of `meson test`: it needs the
network once, and a few minutes.
"""
import argparse
import glob
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, '..', '..', '..'))
sys.path[:0] = [HERE, os.path.join(HERE, '..')]

import build  # noqa: E402
import compare_modules  # noqa: E402
import recipes  # noqa: E402
import sources  # noqa: E402

NODE_WASI = ['--no-warnings', '--experimental-wasi-unstable-preview1', os.path.join(HERE, '..', 'wasi.mjs')]
CROSS = os.path.join(ROOT, 'docs', 'cross')


def run_program(wasm, library):
    """(status, output) under node's WASI, with drivers/ readable as /drivers."""
    result = subprocess.run(['node', *NODE_WASI, '--dir', f'/drivers={HERE}/drivers', wasm, *library.arguments],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False)
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


OPTION_SETS = [
    ['-O0'], ['-O2'], ['--strip-all'], ['--strip-debug'], ['--compress-relocations', '-S'], ['--no-gc-sections'],
    ['--export-all'], ['--export-dynamic'], ['--whole-archive'], ['--import-undefined'], ['--no-merge-data-segments'],
    ['--stack-first'], ['--global-base=4096'], ['--initial-memory=16777216', '--max-memory=33554432'], ['--import-memory'],
    ['--export-table', '--growable-table'], ['--import-table'], ['--table-base=10'], ['--no-demangle', '-zstack-size=1048576'],
    ['--build-id=sha1'], ['--extra-features=simd128'], ['--no-check-features'],
]


def judge_options(built, all_built, parigot_ld):
    """Complaints about one library's program, linked with each set of options; the modules are only compared."""
    complaints = []
    for words in OPTION_SETS:
        flags = [f'-Wl,{w}' for w in words]
        theirs, refused = link('/usr/bin/wasm-ld-19', built, all_built, os.path.join(built.folder, 'wasm-ld.wasm'), *flags)
        ours, failed = link(parigot_ld, built, all_built, os.path.join(built.folder, 'parigot-ld.wasm'), '-Wl,--policy=none',
                            *flags)
        if bool(refused) != bool(failed):
            complaints.append(f'{" ".join(words)}: wasm-ld: {refused or "links it"}\nparigot-ld: {failed or "links it"}')
        elif not failed:
            complaints += [f'{" ".join(words)}: {c}' for c in compare_modules.compare(theirs, ours)]
    return complaints


def run_quietly(*command, **options):
    """Complaints: what a command that failed said last."""
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=500, check=False, **options)
    return [f'{" ".join(command[:3])}: ' + result.stdout.decode(errors='replace')[-800:]] if result.returncode else []


def own_tests(folder, programs, last_line):
    """Complaints about programs that check themselves, run in their folder."""
    complaints = [] if programs else [f'nothing was built in {folder}']
    for program in programs:
        # Deeply nested documents take more of node's own stack than it has by default.
        result = subprocess.run(['node', '--stack-size=6000', *NODE_WASI, '--dir', '.=.', program], cwd=folder,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=100, check=False)
        if result.returncode or last_line not in (result.stdout.splitlines() or [''])[-1]:
            complaints.append(f'{os.path.basename(program)}: status {result.returncode}: {result.stdout[-300:]}')
    return complaints


def cmake_upstream(cache, parigot_ld):
    """cJSON by its own CMakeLists.txt, with its twenty test programs."""
    target = os.path.join(cache, 'cmake-cjson')
    shutil.rmtree(target, ignore_errors=True)
    complaints = run_quietly(
        'cmake', '-G', 'Ninja', '-S', os.path.join(cache, 'sources', 'cjson'), '-B', target, '-DBUILD_SHARED_LIBS=OFF',
        f'-DCMAKE_TOOLCHAIN_FILE={CROSS}/wasm32-wasi.cmake', f'-DPARIGOT_LD={parigot_ld}', '-DENABLE_CJSON_UTILS=ON',
        '-DENABLE_CUSTOM_COMPILER_FLAGS=OFF', '-DCMAKE_C_FLAGS=-DUNITY_EXCLUDE_SETJMP_H -w')
    complaints = complaints or run_quietly('nice', 'ninja', '-C', target)
    tests = os.path.join(target, 'tests')
    return complaints or own_tests(tests, sorted(glob.glob(os.path.join(tests, '*_tests.wasm')) +
                                                 glob.glob(os.path.join(tests, 'p*_*.wasm'))), 'OK')


def meson_upstream(cache, parigot_ld):
    """lz4 by its own meson.build, with its examples."""
    target = os.path.join(cache, 'meson-lz4')
    shutil.rmtree(target, ignore_errors=True)
    os.makedirs(target)
    here = os.path.join(target, 'here.ini')
    with open(here, 'w', encoding='utf-8') as out:
        out.write(f"[constants]\nparigot_ld = '{parigot_ld}'\n")
    complaints = run_quietly('meson', 'setup', os.path.join(target, 'build'),
                             os.path.join(cache, 'sources', 'lz4', 'contrib', 'meson'), '-Dexamples=true',
                             '--cross-file', f'{CROSS}/wasm32-wasi.ini', '--cross-file', here)
    complaints = complaints or run_quietly('nice', 'ninja', '-C', os.path.join(target, 'build'))
    found = glob.glob(os.path.join(target, 'build', '**', 'simpleBuffer'), recursive=True)
    return complaints or own_tests(target, found, '')


UPSTREAM_BUILDS = {'cmake': ('cjson', cmake_upstream), 'meson': ('lz4', meson_upstream)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', default=os.path.join(ROOT, 'build'), help='build folder of parigot (default build)')
    parser.add_argument('--debug', action='store_true', help='compile with -g')
    parser.add_argument('--options', action='store_true', help='link with each of some sets of options too, and compare')
    parser.add_argument('libraries', nargs='*', metavar='LIBRARY', choices=[[], *(l.name for l in recipes.LIBRARIES)])
    options = parser.parse_args()
    parigot_ld = os.path.abspath(os.path.join(options.build, 'linker', 'parigot-ld'))
    try:
        all_built = build.build(os.path.join(options.build, 'programs'), options.debug, lambda text: print('# ' + text))
    except sources.NoSources as error:
        print(f'1..0 # SKIP {error}')
        return 0
    chosen = [b for b in all_built if not options.libraries or b.library.name in options.libraries]
    points = [(b.library.name, lambda b=b: judge(b, all_built, parigot_ld)) for b in chosen]
    if options.options:
        points += [(f'{b.library.name}, with options', lambda b=b: judge_options(b, all_built, parigot_ld)) for b in chosen]
    cache = os.path.abspath(os.path.join(options.build, 'programs'))
    for tool, (name, function) in UPSTREAM_BUILDS.items():
        if shutil.which(tool) and name in [b.library.name for b in chosen]:
            points.append((f'{name}, by its own {tool} files', lambda f=function: f(cache, parigot_ld)))
    failed = False
    print(f'1..{len(points)}')
    for number, (title, check) in enumerate(points, 1):
        complaints = check()
        failed |= bool(complaints)
        print(f'{"not ok" if complaints else "ok"} {number} - {title}', flush=True)
        for line in '\n'.join(complaints).splitlines()[:60]:
            print('#   ' + line)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
