#!/usr/bin/env python3
"""What the linker does with damaged answers of wasm-ctor-eval: ctor_mutants.py PARIGOT_LD PARIGOT_VALIDATE [--mutants=N] [--seed=N]

A program with constructors is linked with --seal-ctors. The real answer is kept, then changed in one to four places, and given
to the linker again and again by a program of that name. Each link ends with 0, and then what it wrote is valid and strict; or
with 1, and then it wrote nothing and said a code. Reports in TAP.
"""
import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.join(HERE, '..', 'link', 'seal-ctors.cc')
KEEP = '#!/bin/sh\n{program} "$@" || exit\ncat /proc/self/fd/4 > {folder}/answer\n'
GIVE = '#!/bin/sh\ncat {folder}/answer >&4\n'


def program(folder, text):
    path = os.path.join(folder, 'wasm-ctor-eval')
    with open(path, 'w', encoding='ascii') as out:
        out.write(text)
    os.chmod(path, 0o755)


def link(parigot_ld, folder):
    return subprocess.run([parigot_ld, '--seal-ctors', 'a.o', '-o', 'out.wasm'], cwd=folder, capture_output=True, text=True,
                          timeout=60, check=False, env={**os.environ, 'PARIGOT_LIBEXEC_DIR': folder})


def mutant(r, data):
    data = bytearray(data)
    for _ in range(r.choice((1, 1, 1, 2, 4))):
        at = r.randrange(len(data) if r.random() < 0.5 else min(len(data), 200))
        kind = r.randrange(8)
        if kind < 4:
            data[at] = r.randrange(256)
        elif kind == 4:
            data[at] ^= 1 << r.randrange(8)
        elif kind == 5:
            del data[at:at + r.randrange(1, 8)]
        elif kind == 6:
            data[at:at] = r.randbytes(r.randrange(1, 8))
        else:
            del data[at:]
        data = data or bytearray(b'\0')
    return data


def complaint(options, folder):
    output = os.path.join(folder, 'out.wasm')
    if os.path.exists(output):
        os.remove(output)
    result = link(options.ld, folder)
    if result.returncode == 0:
        judged = subprocess.run([options.validate, '--policy=strict', output], capture_output=True, text=True, check=False)
        return '' if judged.returncode == 0 else 'linked, but not strict: ' + judged.stderr[:500]
    if result.returncode != 1 or not re.search(r'\[[A-Z]\d+\]', result.stderr):
        return f'status {result.returncode}: {result.stderr[:1500]}'
    return 'it failed and wrote a module' if os.path.exists(output) else ''


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('ld', type=os.path.abspath)
    parser.add_argument('validate', type=os.path.abspath)
    parser.add_argument('--mutants', type=int, default=150)
    parser.add_argument('--seed', type=int, default=1)
    options = parser.parse_args()
    for needed in ('clang++-19', 'wasm-ctor-eval'):
        if not shutil.which(needed):
            print(f'1..0 # SKIP {needed} is not installed')
            return 0
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(['clang++-19', '--target=wasm32', '-O1', '-ffreestanding', '-fno-exceptions', '-fno-rtti', '-mbulk-memory', '-c',
                        SOURCE, '-o', os.path.join(folder, 'a.o')], check=True)
        program(folder, KEEP.format(program=shutil.which('wasm-ctor-eval'), folder=folder))
        result = link(options.ld, folder)
        print('1..2')
        print(('ok' if result.returncode == 0 else 'not ok') + ' 1 - the answer as it was')
        if result.returncode:
            print('# ' + result.stderr[:1000])
            return 1
        with open(os.path.join(folder, 'answer'), 'rb') as f:
            answer = f.read()
        program(folder, GIVE.format(folder=folder))
        r = random.Random(options.seed)
        for number in range(options.mutants):
            with open(os.path.join(folder, 'answer'), 'wb') as out:
                out.write(mutant(r, answer))
            if why := complaint(options, folder):
                print(f'not ok 2 - mutant {number} of seed {options.seed}')
                print('\n'.join('# ' + line for line in why.splitlines()))
                return 1
        print(f'ok 2 - {options.mutants} damaged answers')
    return 0


if __name__ == '__main__':
    sys.exit(main())
