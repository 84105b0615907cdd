#!/usr/bin/env python3
"""SARIF logs against the official schema: parigot-validate and parigot-ld, on what provokes results, related places and notifications.

The schema comes from the npm package @microsoft/jest-sarif (fetched once into build/sarif by npm pack); needs npm, wat2wasm and
python3-jsonschema. A command, not part of `meson test`: it uses the network.

    tests/interop/sarif_schema.py [BUILD]
"""
import json
import os
import subprocess
import sys
import tarfile
import tempfile

import jsonschema

PACKAGE = '@microsoft/jest-sarif@1.0.0-beta.0'
SCHEMA = 'package/lib/schemas/sarif-2.1.0-rtm.5.json'
MODULES = {
    'names.wasm': '(module (import "a\\0a::b" "##vso[x] \\"%" (func)) (memory 1) (func $f (i32.store (i32.const 8) (i32.const 1))))',
    'invalid.wasm': '(module (func (result i32) (i64.const 1)))',
    'clean.wasm': '(module)',
}


def schema(build):
    folder = os.path.join(build, 'sarif')
    os.makedirs(folder, exist_ok=True)
    name = 'microsoft-jest-sarif-1.0.0-beta.0.tgz'
    if not os.path.exists(os.path.join(folder, name)):
        subprocess.run(['npm', 'pack', '--silent', PACKAGE], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    with tarfile.open(os.path.join(folder, name)) as t:
        return json.load(t.extractfile(SCHEMA))


def logs(build):
    validate = os.path.abspath(os.path.join(build, 'validator/parigot-validate'))
    ld = os.path.abspath(os.path.join(build, 'linker/parigot-ld'))
    with tempfile.TemporaryDirectory() as folder:
        for name, text in MODULES.items():
            with open(os.path.join(folder, 'a.wat'), 'w', encoding='utf-8') as f:
                f.write(text)
            subprocess.run(['wat2wasm', '--no-check', '--debug-names', 'a.wat', '-o', name], cwd=folder, check=True)

        def run(*command):
            r = subprocess.run(command, cwd=folder, capture_output=True, check=False)
            return ' '.join(os.path.basename(c) for c in command), r.stdout or r.stderr

        yield run(validate, '--format=sarif', '.', 'nowhere.wasm')
        yield run(validate, '--format=sarif', 'clean.wasm')
        yield run(validate, '--format=sarif', '--policy=audit', 'names.wasm')
        if os.path.exists(ld):
            yield run(ld, '--error-format=sarif', 'names.wasm', '-lnowhere', '-o', 'out.wasm')


def main():
    build = sys.argv[1] if len(sys.argv) > 1 else 'build'
    validator = jsonschema.Draft4Validator(schema(build), format_checker=jsonschema.FormatChecker())
    failed = 0
    for command, log in logs(build):
        errors = list(validator.iter_errors(json.loads(log)))
        failed += bool(errors)
        print('FAIL' if errors else 'pass', command)
        for e in errors[:10]:
            print('  ', '/'.join(str(p) for p in e.path), e.message[:200])
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
