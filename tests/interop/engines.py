#!/usr/bin/env python3
"""engines.py MODULE...: do other people's engines take the modules that we write? Reports in TAP.

Each module is validated by wasm-validate and loaded by wasm-interp, node and (where it is installed) iwasm, with every
import answered by a function that does nothing. Nothing is called: what a module needs to run is a kernel.
"""
import os
import shutil
import subprocess
import sys

NODE = r'''
const module = new WebAssembly.Module(require('fs').readFileSync(process.argv[1]));
const imports = {};
for (const i of WebAssembly.Module.imports(module)) {
    if (i.kind !== 'function') throw new Error(`import of a ${i.kind}: ${i.module} ${i.name}`);
    (imports[i.module] ??= {})[i.name] = () => 0;
}
new WebAssembly.Instance(module, imports);
'''

ENGINES = [
    ('wasm-validate', lambda f: ['wasm-validate', f]),
    ('wasm-interp', lambda f: ['wasm-interp', '--dummy-import-func', f]),
    ('node', lambda f: ['node', '-e', NODE, f]),
    # Without WASI and without a function to call iwasm loads, instantiates, and finds no main: that is said apart.
    ('iwasm', lambda f: ['iwasm', '--heap-size=0', '-f', 'no such export', f]),
]


def loads(name, command):
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, check=False)
    text = result.stdout + result.stderr
    if name == 'iwasm':
        ok = 'lookup the entry point symbol failed' in text or 'lookup function' in text
    else:
        ok = result.returncode == 0
    return ok, text


def main():
    modules = sys.argv[1:]
    print(f'1..{len(ENGINES) * len(modules)}')
    number, failed = 0, not modules
    for path in modules:
        for name, command in ENGINES:
            number += 1
            title = f'{number} - {name} takes {os.path.basename(path)}'
            if not shutil.which(name):
                print(f'ok {title} # SKIP {name} is not installed')
                continue
            ok, text = loads(name, command(path))
            failed |= not ok
            print(('ok ' if ok else 'not ok ') + title)
            if not ok:
                print('\n'.join('# ' + line for line in text.splitlines()[:20]))
    return failed


if __name__ == '__main__':
    sys.exit(main())
