#!/usr/bin/env python3
"""Do parigot-bundle and the second implementation agree? Reports in TAP.

bundles.py PARIGOT_BUNDLE BUNDLE...: each bundle is signed with a fresh key and given to both verifiers, as it is and
after changes; what one takes and the other refuses is a failure, and so is any change that both take.
"""
import os
import random
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
VERIFIER = os.path.join(HERE, 'verify_bundle.py')
FLIPS = 24


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, check=False)


def verdicts(tool, key, path):
    return run(tool, 'verify', '-p', key, path).returncode == 0, run(sys.executable, VERIFIER, key, path).returncode == 0


def changes(data):
    """(what, bytes): flipped bits all over the file, cuts, additions."""
    generator = random.Random(1)
    places = [0, 8, 12, 16, 20, 24, 30] + [generator.randrange(len(data)) for _ in range(FLIPS)]
    for place in places:
        yield f'bit flipped at {place}', data[:place] + bytes([data[place] ^ 1 << place % 8]) + data[place + 1:]
    for cut in (0, 23, 24, len(data) // 2, len(data) - 1):
        yield f'cut at {cut}', data[:cut]
    yield 'a zero appended', data + b'\0'
    yield 'a page appended', data + bytes(4096)


def check(tool, folder, bundle):
    key, secret, signed = (os.path.join(folder, n) for n in ('k.pub', 'k.key', 'signed.pbundle'))
    for name in (key, secret, signed):
        if os.path.exists(name):
            os.unlink(name)
    for command in ([tool, 'keygen', '-W', '-p', key, '-s', secret],
                    [tool, 'sign', bundle, '-s', secret, '-o', signed]):
        result = run(*command)
        if result.returncode:
            return [f'{command}: {result.stdout}{result.stderr}']
    wrong = []
    if verdicts(tool, key, signed) != (True, True):
        wrong.append(f'as it is: {verdicts(tool, key, signed)}')
    with open(signed, 'rb') as f:
        data = f.read()
    path = os.path.join(folder, 'changed.pbundle')
    for what, changed in changes(data):
        with open(path, 'wb') as f:
            f.write(changed)
        if verdicts(tool, key, path) != (False, False):
            wrong.append(f'{what}: parigot-bundle and verify_bundle.py say {verdicts(tool, key, path)}')
    return wrong


def main():
    tool, bundles = sys.argv[1], sys.argv[2:]
    print(f'1..{len(bundles)}')
    failed = not bundles
    with tempfile.TemporaryDirectory(prefix='parigot-interop-') as folder:
        for number, bundle in enumerate(bundles, 1):
            wrong = check(tool, folder, bundle)
            failed |= bool(wrong)
            print(f'{"not ok" if wrong else "ok"} {number} - {os.path.basename(bundle)}')
            print('\n'.join('# ' + line for line in wrong))
    return failed


if __name__ == '__main__':
    sys.exit(main())
