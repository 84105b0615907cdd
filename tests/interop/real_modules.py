#!/usr/bin/env python3
"""What parigot-validate says of real modules: real_modules.py [--build DIR] [--cache DIR] [MODULE ...] > docs/real-modules.md

Fetches the modules of npm_modules.py from the npm registry (once, into BUILD/npm or the cache), runs parigot-validate on each under
the policy strict, and prints docs/real-modules.md: the verdicts are of this run, the words beside them stand in WORDS. A module
that cannot be had, or that WORDS has nothing on, is left out with a word on standard error, and the command fails.
"""
import argparse
import collections
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, '..', '..'))
sys.path.insert(0, HERE)

import npm  # noqa: E402
from npm_modules import MODULES  # noqa: E402

FAMILIES = ['P1', 'P2', 'P3', 'P4', 'P5', 'P6']

# Why, and what it would take. Read beside the verdicts: look at a module again when they change.
WORDS = {
    '7z': 'A command for a virtual file system: constructors, statics, imports with short names. As a service: '
          'the same code without its main, state in the heap, linked by parigot-ld.',
    'automerge': 'The usual module of wasm-bindgen: one global, the stack pointer, that no entry resets; the allocator '
                 'and statics of the library in fixed places; imports that are JavaScript objects. All else is proved.',
    'resvg': 'As automerge. What it does is a function from bytes to bytes: a service, once dlmalloc and its '
             'statics are gone.',
    'tesseract': 'The second global is what Emscripten returns the high half of 64 bits in (tempRet0). SIMD is not on '
                 'the list of strict; a policy\'s `features` can add it.',
    'webauthn': 'Go keeps stack pointer, current goroutine and returned values in eight globals, its runtime in fixed places, and '
                'goes on running between calls (P206). A Go program does not become a module without state.',
    'canvaskit': 'As tesseract, without SIMD. 3,082 writes to statics.',
    'matrix-crypto': 'Objects of JavaScript lie in a table that grows: 202 instructions (P105). The second global belongs '
                     'to shims that wasm-bindgen makes for them.',
    'pglite': 'PostgreSQL: a process, with 15,673 writes to its statics. Beside the stack pointer there are '
              'tempRet0 and the bounds of the stack. Policy reset lets all of P1 but P103 pass as notes; what is '
              'left is P3 to P5.',
    'ruff': 'As automerge; objects of JavaScript lie in a table (P105).',
    'esbuild': 'As webauthn: Go.',
    'ruby': 'An interpreter that suspends itself by asyncify, to do setjmp and fibers (P206).',
    'excelize': 'As webauthn: Go. It has 100,000 data segments, as many as an engine takes: the default limit lets that pass.',
    'swc': 'As automerge. The table is exported, so JavaScript could change it.',
    'php': 'Everything at once: a main module that others link to at run time, imported memory and stack pointer, asyncify.',
    'typst': 'As automerge; 2,040 writes at fixed places.',
    'biome': 'As automerge, 35 MB of it.',
    'duckdb': 'Made to be linked at run time: addresses of its functions and data are 20,875 mutable globals, filled by the host. Its data '
              'has no fixed place, so that no write to it could be seen (P104?).',
    're2': 'The only one here whose memory has a maximum that strict lets pass, 16 MiB (P401).',
    'argon2': 'A function on bytes; 74 of its 79 writes are malloc\'s and free\'s.',
    'lodepng': 'Imports nothing: it can do nothing but compute. 104 of 113 writes are malloc\'s and free\'s.',
    'as-sha256': 'AssemblyScript turns top-level variables into mutable globals: 34, set by the start function. Two of them are '
                 'exported; locals and memory would do.',
    'anan-as': 'As as-sha256. The runtime "stub" never frees: its pointer to free memory is one global more.',
    'md4w': 'Zig, made small: addresses are computed, and no write is seen at a fixed place, so that P104 is open, not passed.',
    'md4w-fast': 'The same source, made fast: there the compiler left one write at a fixed address, and the names and lines of the module '
                 'say where: in the allocator of Zig\'s library.',
    'gofmt': 'TinyGo without a scheduler: unlike Go\'s, it has no goroutines to refuse. Imports nothing. Its collector keeps state in fixed '
             'places.',
    'quickjs': 'An interpreter with its state on the heap: the writes are mostly malloc\'s and free\'s.',
    'quickjs-asyncify': 'The same, suspended by asyncify. Emscripten gave its exports short names, so that they are known by '
                        'their code alone.',
    'lightningcss': 'As automerge, and asyncify (P206): its globals are the other two.',
    'dprint-typescript': 'A plug-in with an ABI of its own that imports nothing. 123 of 295 writes are dlmalloc\'s, others the '
                         'plug-in\'s own: text and configuration wait in statics between calls.',
    'source-map': '48 KB of Rust, no wasm-bindgen: one import, a callback. 133 of 142 writes are dlmalloc\'s.',
    'tiktoken': 'As automerge; 5 MB are tables in .rodata.',
    'sql.js': 'SQLite. 253 writes, the allocator\'s among them; testing.md has how this tree links it with parigot- '
              'ld.',
    'wasmoon': 'Lua keeps its state on the heap: of the few writes most are the allocator\'s. Globals as in pglite.',
    'oniguruma': 'Regular expressions. Of 136 writes 57 are malloc\'s. The second global is tempRet0.',
    'pdfium': 'As 7z; 466 exports, one a function of PDFium\'s API. Globals as in pglite.',
    'clang-format': 'As 7z.',
    'fastly-js': 'SpiderMonkey: a script is added by running it once and freezing what it left, so that state is the '
                 'point of it. 181 imports: WASI\'s and Fastly\'s own.',
    'dotnet': 'The runtime of .NET; programs come to it as data. 2,195 writes: a runtime has state.',
    'wasi-adapter': 'Joined to another module\'s memory. Its three globals say where its stack and state lie: they are state.',
    'tree-sitter': 'The host of side modules such as the next: stack pointer and addresses are imported, mutable globals.',
    'tree-sitter-zig': 'Linked at run time: its data lies where the host says, so that no write could be seen at a fixed place. '
                       'parigot-ld would link it in when the program is built.',
    'duckdb-eh': 'Exceptions are not supported by parigot, nor by the form that WAMR runs: see duckdb.',
    'pyodide': 'Python, with exceptions of WebAssembly. What was found on the way is told: writes to statics, a '
               'table that grows.',
    'ffmpeg': 'Says nothing of threads, its memory is not shared: but its C atomics were compiled to atomic instructions (P202), '
              'which are of the threads proposal.',
    'oxc-parser': 'Made for wasi-threads: shared memory and atomic instructions (P201, P202).',
    'z3': 'Threads, by Emscripten.',
    'tesseract-relaxed': 'Two instructions of 3.4 MB are of relaxed SIMD, whose results differ by machine. tesseract, without, is '
                         'in the same package.',
    'rhino3dm': '64-bit addresses; the module for 32 bits is in the same package.',
    'onnxruntime': 'Exceptions in their newer form: its type exnref makes what follows unreadable, so that one error is told.',
}


def judge(validator, path):
    """The verdicts on one file, as parigot-validate --format=json says them."""
    result = subprocess.run([validator, '--policy=strict', '--format=json', '--jobs=1', path], capture_output=True, text=True,
                            check=False)
    if result.returncode not in (0, 1):
        raise npm.NotThere(f'{path}: parigot-validate: status {result.returncode}: {result.stderr.strip()}')
    return json.loads(result.stdout)['files'][0]


def cell(rules, family):
    """What is not proved of a family: violated rules by code, not provable ones with a question mark."""
    rules = [r for r in rules if r['code'].startswith(family) and r['verdict'] != 'off']
    words = [r['code'] for r in rules if r['verdict'] == 'violated']
    words += [r['code'] + '?' for r in rules if r['verdict'] == 'not provable']
    return ' '.join(words) or 'proved'


def refused(report):
    """Features that a module needs and validation refuses: the words of W0117."""
    found = []
    for d in report['diagnostics']:
        name = d['message'].partition('feature ')[2].partition(' ')[0] if d['code'] == 'W0117' else ''
        if name and name not in found:
            found.append(name)
    return found


def row(module, path, report):
    size = os.path.getsize(path) / 1e6
    cells = [f'{module.name}<br>`{module.package}`', module.language, f'{size:.3f}' if size < 0.1 else f'{size:.1f}']
    if report['valid']:
        cells += [cell(report['rules'], family) for family in FAMILIES]
    else:
        found = [r['code'] for r in report['rules'] if r['verdict'] == 'violated']
        cells += ['not judged: needs ' + ', '.join(refused(report)) + ('; ' + ' '.join(found) if found else '')] + [''] * 5
    return [*cells, WORDS[module.name]]


def count(reports):
    """Rows of the second table: how often each rule got each verdict, of the modules that could be judged."""
    verdicts = collections.Counter((r['code'], r['name'], r['verdict']) for report in reports for r in report['rules'])
    rules = sorted({(code, name) for code, name, verdict in verdicts if verdict != 'off'})
    return [[f'{code}, {name}', *(str(verdicts[code, name, v] or '') for v in ('proved', 'violated', 'not provable'))]
            for code, name in rules]


def print_rows(head, align, rows):
    print('| ' + ' | '.join(head) + ' |\n|' + '|'.join(align) + '|')
    for cells in rows:
        print('| ' + ' | '.join(cells) + ' |')


INTRODUCTION = """# Real modules

What `parigot-validate` says, under the policy strict, of modules that others built for other hosts. None of them was made to pass: no
module is isolated by accident. What the table is for: how far each compiler's output is from the rules, what a gate would
tell its author, and that verdicts are right on programs that nobody here wrote.

Made by `tests/interop/real_modules.py > docs/real-modules.md`, which fetches the modules from the npm registry by version and SHA-256
(`tests/interop/npm_modules.py`) and has the words of the last column; the verdicts are of that run.
To look closer at one: `parigot-validate --error-limit=0 build/npm/PACKAGE/FILE.wasm`.

Each of P1 to P6 stands for its family of rules ([rules.md](rules.md)): *proved*, or which rules are violated, and with a question mark
which are not provable. A module that needs a feature which is not supported cannot be judged; what was found on the way stands beside it.
P501 is violated by all: only names of the ABI may be exported, unless a policy's `exports.allow` has more; nearly all export their
memory (P402) and give it no maximum, or one beyond 64 MiB (P401).
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', default=os.path.join(ROOT, 'build'))
    parser.add_argument('--cache', help='folder of fetched modules (default: BUILD/npm)')
    parser.add_argument('modules', nargs='*', metavar='MODULE', help='only these: ' + ', '.join(m.name for m in MODULES))
    options = parser.parse_args()
    known = {m.name for m in MODULES}
    for name in [*options.modules, *WORDS]:
        if name not in known:
            parser.error(f'no such module: {name}')
    validator = os.path.join(options.build, 'validator', 'parigot-validate')
    cache = options.cache or os.path.join(options.build, 'npm')
    rows, reports, failed = [], [], 0
    for module in sorted(MODULES, key=lambda m: (m.language, m.name)):
        if options.modules and module.name not in options.modules:
            continue
        try:
            path = npm.fetch(cache, module.package, module.member, module.sha256)
            report = judge(validator, path)
            rows.append(row(module, path, report))
        except (npm.NotThere, OSError, KeyError) as error:
            print(f'{module.name}: left out: {error}', file=sys.stderr)
            failed = 1
            continue
        if report['valid']:
            reports.append(report)
    print(INTRODUCTION)
    print_rows(['module', 'made with', 'MB', *FAMILIES, 'why, and what it would take'],
               ['---', '---', '---:', *['---'] * len(FAMILIES), '---'], rows)
    print(f'\nOf the {len(reports)} that could be judged:\n')
    print_rows(['rule', 'proved', 'violated', 'not provable'], ['---', '---:', '---:', '---:'], count(reports))
    return failed


if __name__ == '__main__':
    sys.exit(main())
