#!/usr/bin/env python3
"""metering.py PARIGOT_LD PARIGOT_RUN KERNELS [--seeds=N] [--first=SEED]: do metered modules do what they did, and pay for it?

Modules (metering.wat, the benchmark's kernels, and random ones of `wasm-opt -ttf`) are metered both ways and run in node,
wasm-interp and parigot-run, whichever are there. Results are those of the original; fuel is the same number everywhere; what
exact metering charges is, to the unit, what an independent count of executed instructions says (wasm_edit.py), and coarse
metering never charges less. With less fuel than that they run dry, and are told from other traps by it. A random module that
ran dry left everything (memory, globals, what it told its imports) as the original has it at some point that costs no more
than the fuel there was (truncated.mjs). Reports in TAP.
"""
import argparse
import glob
import json
import os
import random
import re
import shutil
import subprocess
import sys

import tap
import wasm_edit
from tap import Failure

HERE = os.path.dirname(os.path.abspath(__file__))
PLENTY = 10 ** 15
SIZES = {'fib': 15, 'sieve': 1, 'matmul': 1, 'nbody': 100, 'mandelbrot': 10, 'quicksort': 1, 'crc32': 1, 'sha256': 10,
         'queens': 5, 'interpreter': 1000, 'wordcount': 1}
HEAVY = {'sieve', 'matmul', 'quicksort', 'wordcount'}  # too much for an interpreter that searches
RANDOM_FEATURES = ['--mvp-features', '--enable-bulk-memory', '--enable-sign-ext', '--enable-nontrapping-float-to-int',
                   '--enable-mutable-globals', '--enable-multivalue', '--enable-tail-call']


def run(command, timeout=120):
    result = subprocess.run(command, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL, check=False)
    if result.returncode:
        raise Failure(f'{" ".join(command)[:300]}: status {result.returncode}\n{result.stdout[-400:]}{result.stderr[-1500:]}')
    return result.stdout


def in_node(path, calls, fuel=PLENTY):
    return json.loads(run(['node', '--experimental-wasm-return_call', os.path.join(HERE, 'metering.mjs'), path, str(fuel),
                           json.dumps(wasm_edit.in_json(path, calls))]))


def is_trap(result):
    return result.startswith(('trap', 'deep', 'error'))


def words(text):
    """What a driven module returned, 64 bits each, whatever sign an engine prints."""
    return [int(n) & (1 << 64) - 1 for n in text.split()]


class Bench:
    """One module: original, metered both ways, and counted."""

    def __init__(self, tool, path, policy='none'):
        self.tool, self.path = tool, path
        stem = path.removesuffix('.wasm')
        self.metered = {}
        for kind in ('coarse', 'exact'):
            out = self.metered[kind] = f'{stem}.{kind}.wasm'
            run([tool.ld, f'--policy={policy}', f'--meter={kind}', '--rewrite', path, '-o', out])
            if shutil.which('wasm-validate'):
                run(['wasm-validate', '--enable-tail-call', out])
        self.counted = {}
        with open(path, 'rb') as f:
            original = f.read()
        for kind, metered in self.metered.items():
            self.counted[kind] = f'{stem}.{kind}.count.wasm'
            with open(metered, 'rb') as f, open(self.counted[kind], 'wb') as out:
                out.write(wasm_edit.count(original, f.read()))

    def in_node(self, calls):
        """Names, results and fuel used of each call; checked against the original's and the count."""
        original = in_node(self.path, calls)
        used = {}
        for kind in ('coarse', 'exact'):
            used[kind] = in_node(self.metered[kind], calls)
            again = in_node(self.metered[kind], calls)
            if used[kind] != again:
                raise Failure(f'{kind}: a second run differs from the first')
            for a, b, c in zip(original, used[kind], in_node(self.counted[kind], calls)):
                self.compare(kind, a, b, c)
        return original, used

    @staticmethod
    def compare(kind, original, metered, counted):
        name = f'{kind} {original["name"]}'
        if original['result'] != counted['result']:
            raise Failure(f'{name}: the count itself differs: {original} {counted}')
        if 'deep' in (original['result'], metered['result']):
            return  # how deep a stack is, is the engine's business
        for key in ('result', 'log'):
            if original[key] != metered[key]:
                raise Failure(f'{name}: {key}: {original[key]!r} became {metered[key]!r}')
        if is_trap(original['result']):
            return  # the gauge was in a local, or paid for what the trap kept from running
        paid, ran = int(metered['used']), int(counted['used'])
        if paid < ran or (kind == 'exact' and paid != ran):
            raise Failure(f'{name}: {paid} was charged and {ran} has run')

    def runs_dry(self, calls, used):
        """With one unit less than it uses a call runs dry; with as much as it uses it does not."""
        for call, whole in zip(calls, used['coarse']):
            units = int(whole['used'])
            if is_trap(whole['result']) or units == 0:
                continue
            enough, less = (in_node(self.metered['coarse'], [call], units - k)[0] for k in (0, 1))
            if enough['dry'] or not less['dry'] or 'unreachable' not in less['result']:
                raise Failure(f'{call} uses {units}, but with that {enough}, with one less {less}')
            if not whole['log']:
                self.runs_dry_in_ours(call, enough['result'], units)

    def runs_dry_in_ours(self, call, result, units):
        """As node does, by an interpreter that runs each charge as one step."""
        name, args = call
        for fuel, status in ((units, 0), (units - 1, 134)):
            if fuel == 0:
                continue  # no limit
            r = subprocess.run([self.tool.run_path, self.metered['coarse'], '--allow-unsigned', '--policy=none', f'--fuel={fuel}',
                                f'--invoke={name}', *map(str, args)], capture_output=True, text=True, check=False)
            same = words(r.stdout) == words(result.replace('undefined', '')) if status == 0 else 'out of fuel' in r.stderr
            if r.returncode != status or not same:
                raise Failure(f'{call} uses {units} for {result}, but of parigot-run --fuel={fuel}: {r.returncode} {r.stdout}{r.stderr}')

    def driven(self, path, calls):
        """`path` as a module whose only exports are call0, call1, ..., which return numbers and the fuel that is left."""
        out = path.removesuffix('.wasm') + '.calls.wasm'
        with open(path, 'rb') as f, open(out, 'wb') as driven:
            driven.write(wasm_edit.drive(f.read(), calls, PLENTY))
        return out

    def elsewhere(self, calls, paths):
        """Other engines: the results of the original in node, and the fuel of those of `paths` there. Calls that trap are
        left out."""
        names = [[f'call{i}', []] for i in range(len(calls))]
        original = in_node(self.driven(self.path, calls), names)
        calls = [c for c, found in zip(calls, original) if not is_trap(found['result'])]
        original = [words(found['result'])[:-1] for found in original if not is_trap(found['result'])]
        for path in paths if calls else []:
            driven = self.driven(path, calls)
            expected = [words(found['result']) for found in in_node(driven, names[:len(calls)])]
            for call, want, found in zip(calls, original, expected):
                if found[:-1] != want:
                    raise Failure(f'{os.path.basename(path)} {call}: {want} became {found[:-1]}')
            for engine in self.tool.engines:
                for call, want, got in zip(calls, expected, engine(driven, len(calls)), strict=True):
                    if got != want:
                        raise Failure(f'{engine.__name__} {os.path.basename(path)} {call}: {want} became {got}')


def wasm_interp(path, _):
    out = run(['wasm-interp', '--enable-tail-call', '--run-all-exports', path], 300)
    return [words(' '.join(re.findall(r'i(?:32|64):(-?\d+)', line.split('=>')[1]))) for line in out.splitlines() if '=>' in line]


def parigot_run(path, n):
    out = []
    for i in range(n):
        text = run([parigot_run.path, path, '--allow-unsigned', '--policy=none', f'--invoke=call{i}'])
        out.append(words(text))
    return out


class Tool:
    def __init__(self, options):
        self.ld = options.ld
        self.run_path = options.run
        parigot_run.path = options.run
        self.engines = [parigot_run] + ([wasm_interp] if shutil.which('wasm-interp') else [])


def written_calls(path):
    with open(path, encoding='ascii') as f:
        return [[m[1], [int(a) for a in m[2].split()]] for m in re.finditer(r';; CALL (\S+)(.*)', f.read())]


def test_wat(tool, folder):
    source, path = os.path.join(HERE, 'metering.wat'), os.path.join(folder, 'metering.wasm')
    run(['wat2wasm', '--enable-tail-call', source, '-o', path])
    calls = written_calls(source)
    bench = Bench(tool, path)
    _, used = bench.in_node(calls)
    bench.runs_dry(calls, used)
    for call, u in zip(calls, used['coarse']):  # each in an instance of its own: parigot-run has one for each call
        if not is_trap(u['result']):
            bench.elsewhere([call], [bench.metered['coarse']])


def test_kernel(tool, folder, source):
    kernel = os.path.basename(source).removesuffix('.c')
    path = os.path.join(folder, kernel + '.wasm')
    run(['clang-19', '--target=wasm32', '-O2', '-ffreestanding', '-mbulk-memory', '-nostdlib', '-w', source,
         '-Wl,--no-entry', '-Wl,--export=run', '-o', path])
    bench, calls = Bench(tool, path), [['run', [SIZES.get(kernel, 1)]]]
    _, used = bench.in_node(calls)
    bench.runs_dry(calls, used)
    if kernel not in HEAVY:
        bench.elsewhere(calls, [bench.metered['coarse']])


def random_module(folder, seed):
    """Of `wasm-opt -ttf`; no NaN, whose bits are the engine's business."""
    r = random.Random(seed)
    path, entropy = os.path.join(folder, f'random{seed}.wasm'), os.path.join(folder, 'entropy')
    with open(entropy, 'wb') as f:
        f.write(r.randbytes(r.choice([500, 3000, 12000])))
    run(['wasm-opt', '-ttf', entropy, '-o', path, '--denan'] + RANDOM_FEATURES + r.choice([[], ['-O1'], ['-O3']]))
    return path, r


def test_random(tool, folder, seed):
    path, r = random_module(folder, seed)
    bench = Bench(tool, path)
    calls = [[name, [0] * len(params)] for name, params in wasm_edit.functions(path).items()]
    bench.in_node(calls)
    truncated(bench, r.sample(calls, min(len(calls), 6)), seed)
    alone = os.path.join(folder, 'alone.wasm')
    with open(path, 'rb') as f, open(alone, 'wb') as out:
        out.write(wasm_edit.without_imports(f.read()))
    bench = Bench(tool, alone)
    for call in r.sample(calls, min(len(calls), 4)):
        bench.elsewhere([call], bench.metered.values())


def counting_loop(r, name):
    """A function with a loop that ends, most often one that is charged before it begins: local 0 is a parameter, 1 the
    counter, 2 its end, 3 a sum."""
    stride, rounds = r.choice([1, 1, 2, 4, 8, 4096, 65536, 3, 131072]), r.randint(1, 40)
    step = stride * r.choice([1, -1])
    start = r.choice([0, 5, r.getrandbits(32), 2 ** 31 - 20, 2 ** 32 - 20])
    stop = start + step * rounds
    if r.random() < 0.4:
        start, stop = start - stop, 0
    signed = lambda v: (v + 2 ** 31) % 2 ** 32 - 2 ** 31
    end = '(local.get 2)' if r.random() < 0.4 else f'(i32.const {signed(stop)})'
    move = f'(local.tee 1 (i32.add (local.get 1) (i32.const {step})))'
    test = r.choice([f'(i32.ne {move} {end})', f'(i32.ne {end} {move})'])
    if stop == 0 and r.random() < 0.7:
        test = move
    body = r.sample(['(local.set 3 (i32.add (local.get 3) (local.get 1)))',
                     '(if (i32.and (local.get 1) (i32.const 12)) (then (local.set 3 (i32.mul (local.get 3) (i32.const 3)))))',
                     '(if (i32.and (local.get 1) (i32.const 8)) (then (nop)) (else (local.set 3 (i32.div_u (local.get 3) (i32.const 3)))))',
                     '(block (br_if 0 (i32.lt_u (local.get 3) (i32.const 9))) (local.set 3 (i32.rotl (local.get 3) (i32.const 3))))',
                     '(i32.store (i32.and (local.get 3) (i32.const 0xfff)) (local.get 1))'], r.randint(0, 4))
    rare = ['(if (i32.eq (local.get 3) (i32.const 77)) (then (return (i32.const 1))))', '(local.set 3 (call $plus (local.get 3)))',
            '(memory.fill (i32.const 64) (local.get 1) (i32.and (local.get 3) (i32.const 255)))',
            f'(if (i32.eq (local.get 1) (i32.const {signed(start + step * (rounds // 2))})) (then {move} (drop) '
            f'(local.set 1 (i32.sub (local.get 1) (i32.const {step})))))',
            '(local.set 4 (i32.const 3)) (loop (br_if 0 (local.tee 4 (i32.add (local.get 4) (i32.const -1)))))']
    if r.random() < 0.3:
        body.insert(r.randint(0, len(body)), r.choice(rare))
    loop = f'(local.set 1 (i32.const {signed(start)})) (local.set 2 (i32.const {signed(stop)})) (loop {" ".join(body)} (br_if 0 {test}))'
    if r.random() < 0.3:
        loop = f'(local.set 5 (i32.const {r.randint(1, 5)})) (loop {loop} (br_if 0 (local.tee 5 (i32.add (local.get 5) (i32.const -1)))))'
    return (f'(func (export "{name}") (param i32) (result i32) (local i32 i32 i32 i32 i32) '
            f'(local.set 3 (local.get 0)) {loop} (local.get 3))')


def test_loops(tool, folder, seed):
    r = random.Random(seed)
    source, path = os.path.join(folder, 'loops.wat'), os.path.join(folder, 'loops.wasm')
    names = [f'loop{i}' for i in range(30)]
    with open(source, 'w', encoding='ascii') as f:
        f.write('(module (memory (export "memory") 1) (func $plus (param i32) (result i32) (i32.add (local.get 0) (i32.const 5)))\n' +
                '\n'.join(counting_loop(r, n) for n in names) + ')')
    run(['wat2wasm', source, '-o', path])
    bench, calls = Bench(tool, path), [[n, [r.getrandbits(31)]] for n in names]
    _, used = bench.in_node(calls)
    bench.runs_dry(calls[:5], used)
    bench.elsewhere(calls, bench.metered.values())


def truncated(bench, calls, seed):
    """With less fuel than they use up, functions do the first of what they did, and no more than was paid for."""
    with open(bench.path, 'rb') as f:
        original = f.read()
    for kind, path in bench.metered.items():
        files = [bench.path.removesuffix('.wasm') + suffix for suffix in (f'.{kind}.open.wasm', f'.{kind}.stop.wasm')]
        with open(path, 'rb') as f:
            metered = f.read()
        for file, module in zip(files, (wasm_edit.expose(original, metered), wasm_edit.count(original, metered, stop=True))):
            with open(file, 'wb') as out:
                out.write(module)
        complaint = run(['node', '--experimental-wasm-return_call', os.path.join(HERE, 'truncated.mjs'), *files, str(seed),
                         json.dumps(wasm_edit.in_json(bench.path, calls))])
        if complaint:
            raise Failure(f'{kind}: {complaint}')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('ld')
    parser.add_argument('run')
    parser.add_argument('kernels', help='a folder of C files with int run(int)')
    parser.add_argument('--seeds', type=int, default=6)
    parser.add_argument('--first', type=int, default=0)
    tool = Tool(options := parser.parse_args())
    tests = [('metering.wat', ['wat2wasm'], test_wat, ())]
    tests += [(os.path.basename(k), ['clang-19', 'wasm-ld-19'], test_kernel, (k,))
              for k in sorted(glob.glob(os.path.join(options.kernels, '*.c')))]
    tests += [(f'random module {s}', ['wasm-opt'], test_random, (s,)) for s in range(options.first, options.first + options.seeds)]
    tests += [(f'counting loops {s}', ['wat2wasm'], test_loops, (s,)) for s in range(options.first, options.first + options.seeds)]
    return tap.run(tests, tool, ['node'])


if __name__ == '__main__':
    sys.exit(main())
