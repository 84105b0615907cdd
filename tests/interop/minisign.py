#!/usr/bin/env python3
"""minisign.py: keys and signatures, ours and minisign's, in both directions; and a second verifier of bundles
(verify_bundle.py), which must agree with ours. Reports in TAP.

minisign asks for passwords on its standard input; parigot-bundle asks on the terminal, so it gets one (a pty).
"""
import os
import pty
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = os.path.join(HERE, '..', 'bundle', 'modules.py')
PASSWORD = 'correct horse battery'


def run(*command, status=0, text=None):
    result = subprocess.run(command, input=text, capture_output=True, text=True, timeout=120, check=False)
    if status is not None and result.returncode != status:
        raise AssertionError(f'{command}: status {result.returncode}, expected {status}\n{result.stdout}{result.stderr}')
    return result.stdout + result.stderr


def on_terminal(answers, *command):
    """Runs a command with a terminal of its own; types an answer at each prompt. Returns status and what was shown."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    shown = b''
    answers = list(answers)
    while True:
        try:
            data = os.read(fd, 1024)
        except OSError:
            break
        if not data:
            break
        shown += data
        while answers and shown.count(b': ') > shown.count(b'\n') and shown.endswith(b': '):
            os.write(fd, answers.pop(0).encode() + b'\n')
            shown += b'|'
    _, status = os.waitpid(pid, 0)
    os.close(fd)
    return os.waitstatus_to_exitcode(status), shown.decode(errors='replace')


def bundle(*arguments, **kw):
    return run('parigot-bundle', *arguments, **kw)


def fresh(name):
    """An unsigned bundle."""
    bundle('create', 'server.wasm', 'client.wasm', '-o', name)


def minisign_takes_our_signature():
    bundle('keygen', '-W', '-s', 'ours.key', '-p', 'ours.pub')
    fresh('a.pbundle')
    bundle('sign', '-s', 'ours.key', '--comment', 'release one', 'a.pbundle')
    bundle('extract', '--manifest', 'm', '--signatures', 'm.minisig', 'a.pbundle')
    assert 'Trusted comment: release one' in run('minisign', '-V', '-p', 'ours.pub', '-m', 'm')
    with open('m', 'ab') as f:
        f.write(b'x')
    run('minisign', '-V', '-p', 'ours.pub', '-m', 'm', status=1)


def we_take_the_signature_of_minisign():
    run('minisign', '-G', '-W', '-p', 'mini.pub', '-s', 'mini.key')
    fresh('b.pbundle')
    bundle('extract', '--manifest', 'n', 'b.pbundle')
    run('minisign', '-S', '-s', 'mini.key', '-m', 'n', '-t', 'from minisign')
    bundle('sign', '--attach', 'n.minisig', 'b.pbundle')
    assert 'from minisign' in bundle('verify', '-p', 'mini.pub', 'b.pbundle')


def we_sign_with_keys_of_minisign():
    fresh('c.pbundle')
    bundle('sign', '-s', 'mini.key', 'c.pbundle')
    bundle('verify', '-p', 'mini.pub', 'c.pbundle')
    bundle('extract', '--manifest', 'o', '--signatures', 'o.minisig', 'c.pbundle')
    run('minisign', '-V', '-p', 'mini.pub', '-m', 'o')


def minisign_signs_with_our_key():
    fresh('d.pbundle')
    bundle('extract', '--manifest', 'p', 'd.pbundle')
    run('minisign', '-S', '-s', 'ours.key', '-m', 'p')
    bundle('sign', '--attach', 'p.minisig', 'd.pbundle')
    bundle('verify', '-p', 'ours.pub', 'd.pbundle')


def encrypted_key_of_minisign():
    run('minisign', '-G', '-p', 'locked.pub', '-s', 'locked.key', text=f'{PASSWORD}\n{PASSWORD}\n')
    with open('password', 'w', encoding='utf-8') as f:
        f.write(PASSWORD + '\n')
    fresh('e.pbundle')
    bundle('sign', '-s', 'locked.key', '--password-file=password', 'e.pbundle')
    bundle('verify', '-p', 'locked.pub', 'e.pbundle')
    with open('wrong', 'w', encoding='utf-8') as f:
        f.write('horse')
    assert 'wrong password' in bundle('sign', '-s', 'locked.key', '--password-file=wrong', 'e.pbundle', status=2)


def our_encrypted_key():
    bundle('keygen', '-s', 'sealed.key', '-p', 'sealed.pub', '--password-file=password')
    fresh('f.pbundle')
    bundle('extract', '--manifest', 'q', 'f.pbundle')
    run('minisign', '-S', '-s', 'sealed.key', '-m', 'q', text=f'{PASSWORD}\n')
    bundle('sign', '--attach', 'q.minisig', 'f.pbundle')
    bundle('verify', '-p', 'sealed.pub', 'f.pbundle')


def password_on_a_terminal():
    fresh('g.pbundle')
    status, shown = on_terminal([PASSWORD], 'parigot-bundle', 'sign', '-s', 'sealed.key', 'g.pbundle')
    assert status == 0 and 'password for sealed.key' in shown and PASSWORD not in shown, (status, shown)
    bundle('verify', '-p', 'sealed.pub', 'g.pbundle')
    status, shown = on_terminal(['one', 'other'], 'parigot-bundle', 'keygen', '-s', 'z.key', '-p', 'z.pub')
    assert status == 2 and 'differ' in shown and not os.path.exists('z.key'), (status, shown)
    status, shown = on_terminal(['\x03'], 'parigot-bundle', 'sign', '-s', 'sealed.key', 'g.pbundle')
    assert status == 2 and 'no password was given' in shown, (status, shown)


def legacy_signature_is_refused():
    fresh('h.pbundle')
    bundle('extract', '--manifest', 'r', 'h.pbundle')
    run('minisign', '-S', '-l', '-s', 'mini.key', '-m', 'r')
    assert 'B0202' in bundle('sign', '--attach', 'r.minisig', 'h.pbundle', status=1)


def other_signed_file_is_no_manifest():
    """A file that the same key has signed for another purpose, dressed up as a bundle."""
    with open('letter', 'wb') as f:
        f.write(b'Dear customer, ' * 20)
    run('minisign', '-S', '-s', 'ours.key', '-m', 'letter')
    with open('letter', 'rb') as f:
        letter = f.read()
    data = b'PBUNDLE\0' + b''.join(n.to_bytes(4, 'little') for n in (1, len(letter), 0, 0)) + letter
    with open('letter.pbundle', 'wb') as f:
        f.write(data + bytes(-len(data) % 4096))
    bundle('sign', '--attach', 'letter.minisig', 'letter.pbundle')
    assert 'B0301' in bundle('verify', '-p', 'ours.pub', 'letter.pbundle', status=1)


def second_verifier_agrees():
    verifier = os.path.join(HERE, 'verify_bundle.py')
    shown = run(sys.executable, verifier, 'ours.pub', 'a.pbundle')
    assert 'server: ' in shown and 'client: ' in shown, shown
    run(sys.executable, verifier, 'mini.pub', 'a.pbundle', status=1)
    with open('a.pbundle', 'rb') as f:
        data = bytearray(f.read())
    for i in list(range(0, 60, 7)) + list(range(60, len(data), len(data) // 25)):
        data[i] ^= 0x10
        with open('flipped.pbundle', 'wb') as f:
            f.write(data)
        data[i] ^= 0x10
        bundle('verify', '-p', 'ours.pub', 'flipped.pbundle', status=1)
        run(sys.executable, verifier, 'ours.pub', 'flipped.pbundle', status=1)


TESTS = [minisign_takes_our_signature, we_take_the_signature_of_minisign, we_sign_with_keys_of_minisign,
         minisign_signs_with_our_key, encrypted_key_of_minisign, our_encrypted_key, password_on_a_terminal,
         legacy_signature_is_refused, other_signed_file_is_no_manifest, second_verifier_agrees]


def main():
    build = os.path.abspath(os.environ.get('PARIGOT_BUILD', 'build'))
    os.environ['PATH'] = os.path.join(build, 'bundle') + os.pathsep + os.environ['PATH']
    os.environ['LC_ALL'] = 'C.UTF-8'
    for program in ('minisign', 'wat2wasm'):
        if not shutil.which(program):
            print(f'1..0 # SKIP {program} is not installed')
            return 0
    print(f'1..{len(TESTS)}')
    failed = 0
    with tempfile.TemporaryDirectory(prefix='parigot-minisign-') as folder:
        os.chdir(folder)
        run(sys.executable, MODULES, 'server', 'client')
        for number, test in enumerate(TESTS, 1):
            try:
                test()
                print(f'ok {number} - {test.__name__}', flush=True)
            except (AssertionError, OSError, subprocess.TimeoutExpired) as e:
                failed += 1
                print(f'not ok {number} - {test.__name__}')
                print('\n'.join('# ' + line for line in str(e).splitlines()), flush=True)
        os.chdir('/')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
