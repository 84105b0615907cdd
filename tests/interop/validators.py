#!/usr/bin/env python3
"""Do parigot-validate, V8 and wabt agree on which modules are valid? Mutants of real modules are judged by all three.

    validators.py PARIGOT-VALIDATE [--mutants=N] [--wabt=N] [--seed=S] [--keep=FOLDER] [FILE|FOLDER ...]

Seeds: the modules named, and tests/fuzz/corpus; the specification's modules (../shared/data) when they are there. The same
seed makes the same mutants. Features are matched by options (V8_FLAGS, WABT_FLAGS). Of N mutants (20000) V8 sees all,
wasm-validate, which is one process a module, as many as --wabt says (N / 10). Each disagreement is of a kind that EXPLAINED
lists, with who is right by which section of the specification, or it is a failure: its module is kept in FOLDER (or else
in a new one). TAP: one point an engine. docs/testing.md "Other validators" has the list in words.
"""
import argparse
import collections
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

import mutants

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
SPEC = os.path.join(ROOT, '..', 'shared', 'data', 'spec-modules.tar.xz')
CORPUS = [os.path.join(ROOT, 'tests', 'fuzz', 'corpus', target) for target in ('validate', 'module', 'run')]
LARGEST_SEED, BATCH = 20000, 2000

# Features that we have are on, those that we do not have are off where that is possible. Which V8 knows depends on its version.
V8_FLAGS = ['--experimental-wasm-extended-const', '--experimental-wasm-return-call', '--no-experimental-wasm-relaxed-simd',
            '--no-wasm-lazy-validation']
WABT_FLAGS = ['--enable-tail-call', '--enable-extended-const', '--ignore-custom-section-errors']

SELECT_T = bytes([0x1c, 1])

# Who is asked, who alone rejects, in which words, why that is no error of ours; and what the module must have in it, if anything.
# Where we reject, each of our reasons must be here.
EXPLAINED = [
    ('v8', 'ours', r'^feature (threads|exception-handling) is not supported: ',
     'V8 cannot be told to leave out shared memories, atomic instructions and exceptions, which are not in core 2.0'),
    ('v8', 'theirs', r'larger than implementation limit|exceeds (the )?(maximum|limit)|is larger than',
     'implementation limitations, core 2.0 §7.2: V8 has limits of its own'),
    ('wabt', 'ours', r': custom section name \[W',
     'a custom section begins with a name, names are UTF-8: core 2.0 §5.5.3 and §5.2.4; wabt, told to pass over errors in '
     'custom sections, passes over these too'),
    ('wabt', 'ours', r'^unexpected end of section or function: END opcode expected|^unexpected end: opcode',
     'bodies, initialisers and offsets are expressions, closed by an end of their own: core 2.0 §5.4.9; wabt takes an end that '
     'closes a block or is part of a constant, or none before the section ends'),
    ('wabt', 'ours', r'^type mismatch: this initialiser needs \w+, found nothing',
     'a constant expression leaves the value that is wanted: core 2.0 §3.4.3 and §3.4.6; wabt lets an empty one through'),
    ('wabt', 'ours', r'^data count and data section have inconsistent lengths: \d+ and 0 ',
     'the data count is that of the data section, also where there is none: core 2.0 §5.5.16; wabt looks when it reads data'),
    ('wabt', 'ours', r'^type mismatch: [\w.]+ needs \w+, found \w+ ',
     'select with a type leaves a value of that type, in unreachable code too: core 2.0 §3.3.4 and §7.3; wabt forgets it',
     lambda data: SELECT_T in data),
    ('wabt', 'ours', r'^malformed value type 0x[89a-f]',
     'value types are single bytes: core 2.0 §5.3.1 to §5.3.4; wabt reads a LEB128 number'),
    ('wabt', 'theirs', r'can not occur after Name section',
     'custom sections may stand anywhere: core 2.0 §5.5.2 and §5.5.3; wabt wants "name" to be the last'),
    ('wabt', 'theirs', r'expected (ref.null or ref.func in passive element segment|END opcode after element expression)',
     'elements are constant expressions, global.get among them: core 2.0 §3.4.5 and §3.3.10; this wabt knows two forms only'),
]


def read_seeds(paths):
    names, blobs = [], []
    for path in paths:
        names += sorted(os.path.join(path, name) for name in os.listdir(path)) if os.path.isdir(path) else [path]
    for name in names:
        with open(name, 'rb') as f:
            blobs.append(f.read())
    if os.path.exists(SPEC):
        with tarfile.open(SPEC) as archive:
            modules = {m.name: archive.extractfile(m).read() for m in archive if m.name.endswith('.wasm')}
        blobs += [modules[name] for name in sorted(modules)]
    return [blob for blob in blobs if len(blob) <= LARGEST_SEED]


def take_apart(program, blobs):
    """Seeds that are valid, and seeds that are not: what is nearly valid shows more."""
    valid, invalid = [], []
    with tempfile.TemporaryDirectory(prefix='validators-') as folder:
        files = write_all(folder, blobs, 0)
        for blob, verdict in zip(blobs, ours(program, folder, files)):
            try:
                (valid if verdict[0] else invalid).append(mutants.Seed(blob))
            except (IndexError, KeyError):  # not taken apart by this simple reader: malformed, or of another language
                pass
    return valid, invalid


def write_all(folder, blobs, start):
    files = [f'{start + i:07}.wasm' for i in range(len(blobs))]
    for name, blob in zip(files, blobs):
        with open(os.path.join(folder, name), 'wb') as f:
            f.write(blob)
    return files


def ours(program, folder, files):
    result = subprocess.run([program, '--policy=none', '--format=json', '--jobs=1', '--error-limit=10', folder], capture_output=True, check=False)
    if result.returncode not in (0, 1):
        raise SystemExit(f'Bail out! {program}: exit {result.returncode}: {result.stderr.decode()[:500]}')
    verdicts = json.loads(result.stdout)['files']
    assert [os.path.basename(v['file']) for v in verdicts] == files
    return [(v['valid'], [f"{d['message']} [{d['code']}]" for d in v['diagnostics'] if d['severity'] == 'error']) for v in verdicts]


def v8_flags():
    known = subprocess.run(['node', '--v8-options'], capture_output=True, text=True, check=True).stdout
    return [flag for flag in V8_FLAGS if '--' + flag.removeprefix('--no-').removeprefix('--') in known]


def v8(folder, files):
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'validators.mjs')
    paths = ''.join(os.path.join(folder, f) + '\n' for f in files)
    result = subprocess.run(['node', *v8_flags(), script], input=paths, capture_output=True, text=True, check=True)
    lines = result.stdout.splitlines()
    assert len(lines) == len(files)
    return [(line == 'valid', [line[len('invalid '):]]) for line in lines]


def wabt(folder, files):
    out = []
    for f in files:
        path = os.path.join(folder, f)
        result = subprocess.run(['wasm-validate', *WABT_FLAGS, path], capture_output=True, text=True, errors='replace', check=False)
        if result.returncode < 0:
            out.append((None, []))  # it crashed: no verdict
        else:
            out.append((result.returncode == 0, [line.replace(path, '').lstrip(':') for line in result.stderr.splitlines()]))
    return out


def explain(engine, our, their, data):
    """The kind of disagreement, or None."""
    who, words = (engine, their[1]) if our[0] else ('ours', our[1])
    kinds = []
    for text in words:
        kind = next((i for i, (e, rejects, pattern, _, *has) in enumerate(EXPLAINED)
                     if e == engine and rejects == ('ours' if who == 'ours' else 'theirs') and re.search(pattern, text)
                     and all(h(data) for h in has)), None)
        if kind is None and who == 'ours':
            return None
        kinds.append(kind)
    found = [k for k in kinds if k is not None]
    return found[0] if found else None


class Tally:
    """What came of one engine's comparisons."""

    def __init__(self, engine, keep):
        self.engine, self.keep = engine, keep
        self.compared = self.accepted = self.unexplained = 0
        self.kinds = collections.Counter()

    def add(self, our, their, name, data):
        if their[0] is None:
            return
        self.compared += 1
        self.accepted += our[0] and their[0]
        if our[0] == their[0]:
            return
        kind = explain(self.engine, our, their, data)
        if kind is not None:
            self.kinds[kind] += 1
            return
        self.unexplained += 1
        os.makedirs(self.keep, exist_ok=True)
        path = os.path.join(self.keep, f'{self.engine}-{name}')
        with open(path, 'wb') as f:
            f.write(data)
        said = f'rejects: {"; ".join(their[1])}' if our[0] else f'accepts, parigot-validate rejects: {"; ".join(our[1][:3])}'
        print(f'# {path}: {self.engine} {said}')

    def report(self, number):
        print(f'{"not ok" if self.unexplained or not self.compared else "ok"} {number} - {self.engine}: {self.compared} mutants, '
              f'{self.accepted} accepted by both, {sum(self.kinds.values())} disagreements explained, {self.unexplained} not')
        for kind, n in sorted(self.kinds.items()):
            print(f'#   {n}: {EXPLAINED[kind][3]}')
        return self.unexplained == 0 and self.compared > 0


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument('program')
    p.add_argument('--mutants', type=int, default=20000)
    p.add_argument('--wabt', type=int)
    p.add_argument('--seed', type=int, default=1)
    p.add_argument('--keep')
    p.add_argument('seeds', nargs='*')
    args = p.parse_intermixed_args()  # modules may stand behind options
    engines = [e for e, program in (('v8', 'node'), ('wabt', 'wasm-validate')) if shutil.which(program)]
    if not engines:
        print('1..0 # SKIP neither node nor wasm-validate is installed')
        return 0
    keep = args.keep or os.path.join(tempfile.gettempdir(), f'validators-{os.getpid()}')
    rng = random.Random(args.seed)
    valid, invalid = take_apart(args.program, read_seeds(CORPUS + args.seeds))
    seeds = valid + invalid
    pool = [b for s in seeds for b in s.all_bodies()]
    pool_sections = [s for seed in seeds for s in seed.sections if isinstance(s[1], bytes)]
    tallies = {e: Tally(e, keep) for e in engines}
    left_wabt = args.wabt if args.wabt is not None else args.mutants // 10
    every = max(args.mutants // left_wabt, 1) if left_wabt else 0
    print(f'# {len(valid)} valid and {len(invalid)} invalid seeds with {len(pool)} bodies, seed {args.seed}', flush=True)
    for start in range(0, args.mutants, BATCH):
        count = min(BATCH, args.mutants - start)
        with tempfile.TemporaryDirectory(prefix='validators-') as folder:
            data = [mutants.make(rng, valid if rng.randrange(10) else seeds, pool, pool_sections) for _ in range(count)]
            files = write_all(folder, data, start)
            our = ours(args.program, folder, files)
            if 'v8' in tallies:
                for i, their in enumerate(v8(folder, files)):
                    tallies['v8'].add(our[i], their, files[i], data[i])
            if 'wabt' in tallies and every:
                some = range(0, count, every)
                for i, their in zip(some, wabt(folder, [files[i] for i in some])):
                    tallies['wabt'].add(our[i], their, files[i], data[i])
    print(f'1..{len(tallies)}')
    return 0 if all([t.report(i + 1) for i, t in enumerate(tallies.values())]) else 1


if __name__ == '__main__':
    sys.exit(main())
