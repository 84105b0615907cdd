#!/usr/bin/env python3
"""sealing.py PARIGOT_LD PARIGOT_RUN PARIGOT_VALIDATE: do store checks keep hostile code out, where no page is protected, and let all
other code be?

Node protects no pages. sealing.wat's functions are called with hostile arguments, without checks, with them, and with a meter on top:
each write to the guard or to sealed data must trap, at an `unreachable`, before one byte has changed, and no other. The kernels of
tests/bench must give the same with and without checks in node, wasm-interp and parigot-run. A module whose record claims
checks that are not there must be refused. Reports in TAP.
"""
import glob
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
LAYOUT = [4096, 8192, 12288]  # stack_low, stack_high, sealed_high, as in sealing.wat
RECORD = '01 01 13 %02x 0c 8020 8020 8040 8040 8060 8060 8060 9060 00 02 02 01 00'
SIZES = {'fib': 15, 'nbody': 100, 'mandelbrot': 10, 'crc32': 1, 'sha256': 10, 'queens': 5, 'interpreter': 1000, 'bytes': 1, 'sort': 1,
         'list': 1}
NONE = -1 & 0xffffffff

# export, arguments, what becomes of it with checks
CASES = [
    ('poke', [0x2000, 1], 'trap'),        # a constant
    ('poke', [0, 1], 'trap'),             # null
    ('poke', [4095, 1], 'trap'),          # begins in the guard
    ('poke', [4096, 1], 'returned'),
    ('poke', [8188, 1], 'returned'),
    ('poke', [8189, 1], 'trap'),          # ends in sealed data
    ('poke', [12287, 1], 'trap'),         # ends above it
    ('poke', [12288, 1], 'returned'),
    ('poke', [65532, 1], 'returned'),
    ('poke', [65533, 1], 'bounds'),       # the engine's own
    ('poke', [NONE, 1], 'bounds'),        # does not wrap
    ('fields', [NONE - 7, 1], 'bounds'),  # an offset does not make it wrap
    ('fields', [12284, 1], 'trap'),       # of four stores one is not above
    ('fields', [8176, 1], 'trap'),
    ('fields', [4096, 1], 'returned'),
    ('widths', [0, 0], 'trap'),
    ('vectors', [8192 - 32, 8188 - 4], 'returned'),
    ('vectors', [8192 - 31, 0], 'trap'),
    ('walk', [8100, 3], 'trap'),          # from the stack on into sealed data
    ('walk', [12288, 3], 'returned'),
    ('bulk', [0, 0], 'returned'),         # writes nothing
    ('bulk', [10000, 0], 'returned'),
    ('bulk', [0, 1], 'trap'),
    ('bulk', [4096, 4096], 'returned'),
    ('bulk', [4096, 4097], 'trap'),
    ('bulk', [8000, 5000], 'trap'),       # across the whole sealed range
    ('bulk', [4100, NONE], 'trap'),
    ('bulk', [4100, NONE - 4099], 'trap'),
    ('bulk', [12288, 53248], 'returned'),
    ('bulk', [12288, 53249], 'bounds'),
    ('bulk', [NONE - 100, 200], 'bounds'),
    ('same', [0, 1], 'returned'),
    ('same', [4096, 1], 'returned'),
    ('same', [4097, 1], 'trap'),
    ('same', [12288, 1], 'returned'),
    ('copy', [40000, 8188], 'trap'),      # memcpy into sealed data
    ('copy', [8180, 40000], 'trap'),      # 24 bytes from 8180
    ('copy', [8168, 40000], 'returned'),
    ('frame', [0, 0], 'returned'),
    ('frame', [0, 40], 'returned'),
    ('frame', [0, 0x7ffffffe], 'trap'),   # deeper than the stack is
    ('frame', [8192, 2], 'trap'),         # past the stack, from a pointer into the frame
    ('aligned', [1, 5], 'returned'),
    ('room', [64, 0], 'returned'),
    ('room', [5000, 0], 'trap'),          # alloca: more than there is
    ('room', [0x7fffffff, 0], 'trap'),
    ('room', [NONE - 4095, 0], 'trap'),   # upwards
    ('leaf', [1, 9], 'returned'),
    ('inlined', [1, 0x12345], 'returned'),
    ('constants', [1, 2], 'returned'),
]


class Failure(Exception):
    pass


def run(command, timeout=120, status=0):
    result = subprocess.run(command, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL, check=False)
    if result.returncode != status:
        raise Failure(f'{" ".join(command)[:300]}: status {result.returncode}\n{result.stdout[-400:]}{result.stderr[-1500:]}')
    return result.stdout + result.stderr


def in_node(path, calls):
    seen = []
    for at in range(0, len(calls), 1000):  # a command line has room for so many
        part = json.dumps(calls[at:at + 1000])
        seen += json.loads(run(['node', os.path.join(HERE, 'sealing.mjs'), path, json.dumps(LAYOUT), part]))
    return seen


def with_record(source, seal, path):
    with open(source, 'rb') as f:
        data = f.read()
    body = b'\x0eparigot.module' + bytes.fromhex((RECORD % seal).replace(' ', ''))
    with open(path, 'wb') as f:
        f.write(data[:8] + bytes([0, len(body)]) + body + data[8:])


class Tool:
    def __init__(self, folder, ld, runner, validate):
        self.folder, self.ld, self.run, self.validate = folder, ld, runner, validate
        self.plain, self.recorded = self.path('plain'), self.path('recorded')
        run(['wat2wasm', os.path.join(HERE, 'sealing.wat'), '-o', self.plain])
        with_record(self.plain, 1, self.recorded)

    def path(self, name):
        return os.path.join(self.folder, name + '.wasm')

    def seal(self, *options):
        out = self.path('sealed' + ''.join(options))
        run([self.ld, '--policy=none', '--rewrite', self.recorded, '--seal=check', *options, '-o', out])
        return out


def kind(result):
    return {'unreachable': 'trap', 'memory access out of bounds': 'bounds', 'table index is out of bounds': 'table'}.get(result, result)


def check_cases(tool, *options):
    """Each case comes out as it says, and nothing that is kept has changed."""
    seen = in_node(tool.seal(*options), [c[:2] for c in CASES])
    for (name, args, expected), got in zip(CASES, seen):
        if kind(got['result']) != expected or not got['intact']:
            raise Failure(f'{name}{args}: {got}, expected {expected}')


def checks_needed(tool):
    """Without checks some of these do write where they must not: they are no straw men."""
    seen = in_node(tool.plain, [c[:2] for c in CASES])
    written = sum(not got['intact'] for got in seen)
    if written < 15:
        raise Failure(f'only {written} of {len(CASES)} calls write to what is kept')


def anywhere(tool):
    """Arguments at random, near the borders above all."""
    rng = random.Random(1)
    names = sorted({c[0] for c in CASES})
    near = [0, 4096, 8192, 12288, 65536, NONE, 32, 4096 * 3]
    calls = [[rng.choice(names), [rng.choice([rng.choice(near) + rng.randint(-40, 40), rng.getrandbits(32)]) & 0xffffffff for _ in range(2)]]
             for _ in range(6000)]
    for options in ([], ['--meter=exact']):
        for call, got in zip(calls, in_node(tool.seal(*options), calls)):
            if not got['intact']:
                raise Failure(f'{call}: {got}')


def claims(tool):
    """A record that claims checks which are not there."""
    plain, path, checked = tool.path('claims-plain'), tool.path('claims'), tool.path('claims-checked')
    source = os.path.join(tool.folder, 'claims.wat')
    with open(source, 'w', encoding='ascii') as f:
        f.write('(module (memory 1 2) (global (mut i32) (i32.const 8192)) (func (export "put") (param i32)'
                '(global.set 0 (i32.const 8192)) (i32.store (local.get 0) (i32.const 1))))')
    run(['wat2wasm', source, '-o', plain])
    with_record(plain, 2, path)
    run([tool.ld, '--policy=none', '--rewrite', path, '--seal=check', '-o', checked])
    policy = os.path.join(tool.folder, 'p.cfg')
    with open(policy, 'w', encoding='ascii') as f:
        f.write('policy = 1; name = "p"; base = "reset"; exports = { allow = [ "*" ]; };')
    if '[P403]' not in run([tool.validate, '--policy=' + policy, path], status=1):
        raise Failure('parigot-validate accepts it')
    if '[P403]' not in run([tool.run, '--allow-unsigned', '--policy=' + policy, '--invoke=put', path, '20000'], status=1):
        raise Failure('parigot-run accepts it')
    run([tool.validate, '--policy=' + policy, checked])
    run([tool.run, '--allow-unsigned', '--policy=' + policy, '--invoke=put', checked, '20000'])
    if 'unreachable' not in run([tool.run, '--allow-unsigned', '--policy=none', '--invoke=put', checked, '9000'], status=134):
        raise Failure('parigot-run: another trap than that of the check')


def kernel_modules(tool, name, source):
    """Linked with both kinds of seal, and with a meter besides; `run` without parameters."""
    main, obj, policy = (os.path.join(tool.folder, f) for f in (name + '.c', name + '.o', name + '.cfg'))
    with open(main, 'w', encoding='ascii') as f:
        f.write(f'#define run kernel\n#include "{source}"\n#undef run\nint run(void) {{ return kernel({SIZES[name]}); }}\n')
    run(['clang-19', '--target=wasm32', '-O2', '-ffreestanding', '-mbulk-memory', '-w', '-c', main, '-o', obj])
    with open(policy, 'w', encoding='ascii') as f:
        f.write('policy = 1; name = "p"; base = "strict"; exports = { allow = [ "run" ]; };')
    link = [tool.ld, '--policy=' + policy, '--export=run', '--max-memory=67108864', '--error-limit=0', obj]
    refused = subprocess.run(link + ['-o', tool.path('x')], capture_output=True, text=True, check=False).stderr
    waivers = ', '.join(f'{{ name = "w{i}"; rule = "P104"; symbol = "{s}"; reason = "a kernel"; }}'
                        for i, s in enumerate(sorted(set(re.findall(r'writable data: (\S+),', refused)))))
    with open(policy, 'a', encoding='ascii') as f:
        f.write(f'\nwaivers = ( {waivers} );')
    made = []
    for options in (['--seal=engine'], ['--seal=check'], ['--seal=check', '--meter'], ['--seal=check', '--meter=exact']):
        made.append(tool.path(name + ''.join(options)))
        run(link + options + ['-o', made[-1]])
    return made, policy


def same_results(tool, name, source):
    """With and without checks, in all engines."""
    modules, policy = kernel_modules(tool, name, source)
    script = ("const fs = require('fs'); const e = new WebAssembly.Instance(new WebAssembly.Module(fs.readFileSync(process.argv[1]))).exports;"
              "if (e['parigot:fuel']) e['parigot:fuel'].value = 1n << 60n; console.log(e.run());")
    results = {}
    for path in modules:
        results['node', path] = int(run(['node', '-e', script, path]))
        if '--meter' in path:
            continue
        results['parigot-run', path] = int(run([tool.run, '--allow-unsigned', '--policy=' + policy, '--invoke=run', path]))
        if shutil.which('wasm-interp'):
            out = run(['wasm-interp', '--run-all-exports', path], 300)
            results['wasm-interp', path] = int(re.search(r'run\(\) => i32:(\d+)', out)[1])
    if len({r & 0xffffffff for r in results.values()}) != 1:
        raise Failure(f'{results}')


def main():
    for program in ('node', 'wat2wasm'):
        if not shutil.which(program):
            print(f'1..0 # SKIP {program} is not installed')
            return 0
    with tempfile.TemporaryDirectory(prefix='parigot-sealing-') as folder:
        tool = Tool(folder, *sys.argv[1:4])
        tests = [('checked', check_cases, []), ('checked and metered', check_cases, ['--meter']),
                 ('checked and metered exactly', check_cases, ['--meter=exact']), ('not checked', checks_needed, []),
                 ('arguments at random', anywhere, []), ('a record that lies', claims, [])]
        bench = os.path.join(HERE, '..', 'bench')
        sources = {os.path.basename(f)[:-2]: f for f in sorted(glob.glob(os.path.join(bench, 'run', '*.c')) + glob.glob(os.path.join(bench, 'seal', '*.c')))}
        if shutil.which('clang-19'):
            tests += [(name, same_results, [name, os.path.abspath(sources[name])]) for name in SIZES]
        print(f'1..{len(tests)}')
        failed = 0
        for number, (what, test, arguments) in enumerate(tests, 1):
            try:
                test(tool, *arguments)
                print(f'ok {number} - {what}', flush=True)
            except (Failure, KeyError, ValueError, TypeError, subprocess.SubprocessError) as e:
                failed += 1
                print(f'not ok {number} - {what}')
                for line in f'{type(e).__name__}: {e}'.splitlines():
                    print('# ' + line)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
