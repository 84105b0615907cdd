#!/usr/bin/env python3
"""Run generated programs on our interpreter and on wabt's: differential.py RUN-EXPORTS [COUNT [FIRST-SEED]].

wasm-opt makes a valid module from random bytes (--translate-to-fuzz); some are optimised as well, for other shapes of
code. Each exported function is called by both; what they print must be the same. Not compared: the sign and payload of
NaNs, which the specification leaves open, and what follows an exhausted stack, whose depth is the engine's own.
"""
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

FEATURES = ['--enable-mutable-globals', '--enable-nontrapping-float-to-int', '--enable-sign-ext', '--enable-bulk-memory',
            '--enable-multivalue', '--enable-tail-call']
SHAPES = [[], ['-O1'], ['-O3'], ['--flatten'], ['-Os', '--flatten'], ['--coalesce-locals', '--simplify-locals']]
# wabt's words for a trap, and ours
TRAPS = [('unreachable', 'unreachable'), ('integer divide by zero',) * 2, ('integer overflow',) * 2,
         ('invalid conversion to integer',) * 2, ('out of bounds memory access',) * 2,
         ('undefined table index', 'undefined element'), ('uninitialized table element', 'uninitialized element'),
         ('indirect call signature mismatch', 'indirect call type mismatch'), ('call stack exhausted',) * 2,
         ('out of bounds table access',) * 2]
TIMEOUT_S = 20


def run(command):
    try:
        result = subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return None, []
    return result.returncode, result.stdout.decode('utf-8', 'backslashreplace').splitlines()


def normal(line):
    line = re.sub(r'-?nan\b', 'nan', line)
    if ' => error: ' in line:
        start, text = line.split(' => error: ', 1)
        for theirs, ours in TRAPS:
            if text.startswith((theirs, ours)):
                return f'{start} => {ours}'
    return line


def compare(theirs, ours):
    """'' when equal as far as they can be compared."""
    for number in range(max(len(theirs), len(ours))):
        a = normal(theirs[number]) if number < len(theirs) else 'nothing'
        b = normal(ours[number]) if number < len(ours) else 'nothing'
        if 'call stack exhausted' in a or 'call stack exhausted' in b:
            return ''
        if a != b:
            return f'line {number + 1}: wasm-interp: {a}; parigot: {b}'
    return ''


def try_seed(seed, program, folder):
    rng = random.Random(seed)
    raw, wasm = os.path.join(folder, 'seed.bin'), os.path.join(folder, f'{seed}.wasm')
    with open(raw, 'wb') as out:
        out.write(rng.randbytes(rng.choice([200, 1000, 4000, 12000])))
    features = FEATURES + (['--enable-simd'] if seed % 2 else [])
    made = subprocess.run(['wasm-opt', raw, '--translate-to-fuzz', '-o', wasm] + features + rng.choice(SHAPES),
                          capture_output=True, check=False)
    if made.returncode != 0:
        return None
    status, theirs = run(['wasm-interp', wasm, '--run-all-exports', '--dummy-import-func', '--enable-tail-call'])
    if status is None or status != 0:  # too slow for it, or a proposal that it does not know
        return None
    for options in ([], ['--checked']):
        status, ours = run([program] + options + [wasm])
        if status != 0:
            return f'parigot: status {status}'
        why = compare(theirs, ours)
        if why:
            return why
    return ''


def main():
    program = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 40
    first = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    for tool in ('wasm-opt', 'wasm-interp'):
        if not shutil.which(tool):
            print(f'1..0 # SKIP {tool} is not installed')
            return 0
    failed = compared = 0
    with tempfile.TemporaryDirectory(prefix='parigot-diff-') as folder:
        for seed in range(first, first + count):
            why = try_seed(seed, program, folder)
            if why is None:
                continue
            compared += 1
            print(f'{"not " if why else ""}ok {compared} - seed {seed}')
            if why:
                failed += 1
                print(f'# {why}', flush=True)
                if os.environ.get('KEEP'):
                    shutil.copy(os.path.join(folder, f'{seed}.wasm'), os.environ['KEEP'])
    print(f'1..{compared}')
    return 1 if failed or not compared else 0


if __name__ == '__main__':
    sys.exit(main())
