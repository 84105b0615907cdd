#!/usr/bin/env python3
"""Assemble modules with wat2wasm and run the assertions in them: run_assertions.py [--native] PROGRAM FOLDER-OR-SCRIPT ...

Of a folder, every .wat file is a case. A script (.py) writes its .wat files into the folder that it is given.
run_assertions.c says what the assertions look like.
"""
import os
import shutil
import subprocess
import sys
import tempfile


def main():
    native = sys.argv[1:2] == ['--native']
    program, sources = sys.argv[1 + native], sys.argv[2 + native:]
    if not shutil.which('wat2wasm'):
        print('1..0 # SKIP wat2wasm is not installed')
        return 0
    with tempfile.TemporaryDirectory(prefix='parigot-run-') as folder:
        cases = []
        for source in sources:
            if source.endswith('.py'):
                made = os.path.join(folder, os.path.basename(source) + '.d')
                os.mkdir(made)
                subprocess.run([sys.executable, source, made], check=True)
                source = made
            cases += sorted(os.path.join(source, n) for n in os.listdir(source) if n.endswith('.wat'))
        arguments = []
        for case in cases:
            wasm = os.path.join(folder, os.path.basename(case)[:-4] + '.wasm')
            subprocess.run(['wat2wasm', '--enable-tail-call', '--enable-extended-const', '--debug-names', case, '-o', wasm],
                           check=True)
            arguments += [wasm, case]
        return subprocess.run([program] + ['--native'] * native + arguments, check=False).returncode


if __name__ == '__main__':
    sys.exit(main())
