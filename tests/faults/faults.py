#!/usr/bin/env python3
"""faults.py: what the tools leave behind when the system fails them. Reports in TAP.

Every command that writes, in a folder of its own, with each of its calls of libc failing in turn (shim.c), with a disk that
is full, with a writer that is killed at any moment, in folders that cannot be read or written: what was there before stays,
or all of the new is there; after an ordinary error no other file is.
"""
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

BUILD = os.environ.get('PARIGOT_BUILD', 'build')
SOURCE = os.path.abspath(os.environ.get('PARIGOT_SOURCE', '.'))
HERE = os.path.dirname(os.path.abspath(__file__))
NOBODY = 65534
EIO, ENOSPC = 5, 28
KILLS = 60


class Skip(Exception):
    pass


def run(command, folder='.', **more):
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, errors='replace', timeout=60, check=False, **more)


def good(command, folder='.'):
    result = run(command, folder)
    assert result.returncode == 0, f'{command}: {result.returncode}\n{result.stdout}{result.stderr}'
    return result


# What is called, what it writes, and how the result is looked at. In place: it replaces what it reads.
COMMANDS = {
    'create': (['parigot-bundle', 'create', 'alone.wasm', '-o', 'out.pbundle'], ['out.pbundle'], []),
    'create --sign': (['parigot-bundle', 'create', 'alone.wasm', '-o', 'out.pbundle', '--sign', 'k'], ['out.pbundle'],
                      ['parigot-bundle', 'verify', '-p', 'k.pub', 'out.pbundle']),
    'sign': (['parigot-bundle', 'sign', '-s', 'k', 'in.pbundle', '-o', 'out.pbundle'], ['out.pbundle'],
             ['parigot-bundle', 'verify', '-p', 'k.pub', 'out.pbundle']),
    'keygen': (['parigot-bundle', 'keygen', '-W', '--force', '-s', 'new.key', '-p', 'new.pub'], ['new.key', 'new.pub'],
               ['parigot-bundle', 'sign', '-s', 'new.key', 'in.pbundle', '-o', '/dev/null']),
    'extract': (['parigot-bundle', 'extract', 'in.pbundle', '--module', 'in', '-o', 'out.wasm'], ['out.wasm'], []),
    'ld --world --sign': (['parigot-ld', '--world=w.cfg', '--rewrite=alone.wasm', '--sign=k', '-o', 'out.pbundle'], ['out.pbundle'],
                          ['parigot-bundle', 'verify', '-p', 'k.pub', 'out.pbundle']),
}


def prepare(folder):
    """Everything that the commands read."""
    good([sys.executable, os.path.join(SOURCE, 'tests', 'bundle', 'modules.py'), 'alone'], folder)
    good(['parigot-bundle', 'keygen', '-W', '-s', 'k', '-p', 'k.pub'], folder)
    good(['parigot-bundle', 'create', 'alone.wasm', '-o', 'in.pbundle', '--name', 'in'], folder)
    os.rename(os.path.join(folder, 'in.pbundle'), os.path.join(folder, 'x'))
    shutil.copy(os.path.join(folder, 'alone.wasm'), os.path.join(folder, 'in.wasm'))
    good(['parigot-bundle', 'create', 'in.wasm', '-o', 'in.pbundle'], folder)
    os.remove(os.path.join(folder, 'x'))
    with open(os.path.join(folder, 'w.cfg'), 'w', encoding='utf-8') as f:
        f.write('world = 1; name = "w"; modules = ( { name = "a"; file = "nowhere.wasm"; policy = "audit"; } );')


def contents(folder):
    found = {}
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            with open(path, 'rb') as f:
                found[name] = f.read()
    return found


def put_old(folder, outputs):
    for name in outputs:
        with open(os.path.join(folder, name), 'wb') as f:
            f.write(b'what was there before')


def check_failed(folder, before, result, what):
    after = contents(folder)
    assert result.returncode in (1, 2, 3), f'{what}: status {result.returncode}\n{result.stderr}'
    assert 'error' in result.stderr, f'{what}: nothing is told: {result.stderr}'
    changed = [n for n in set(before) | set(after) if before.get(n) != after.get(n)]
    assert not changed, f'{what}: {changed} changed\n{result.stderr}'


def check_done(folder, outputs, look, what):
    after = contents(folder)
    assert not [n for n in after if '.tmp-' in n], f'{what}: {sorted(after)}'
    assert all(after[n] != b'what was there before' for n in outputs), f'{what}: status 0, and nothing written'
    if look:
        result = run(look, folder)
        assert result.returncode == 0, f'{what}: {result.stdout}{result.stderr}'


# ---- one call of libc's that fails ----

def each_call_fails(folder, name):
    command, outputs, look = COMMANDS[name]
    shim, hit = os.path.join(folder, '..', 'shim.so'), os.path.join(folder, '..', 'hit')
    tried = 0
    for call, hows in (('write', (EIO, ENOSPC, 'short')), ('fsync', (EIO,)), ('rename', (EIO,)), ('fchmod', (EIO,)), ('mkostemp', (ENOSPC,)),
                       ('open', (EIO,)), ('read', (EIO, 'short')), ('close', (EIO,))):
        for how in hows:
            for number in range(1, 40):
                if os.path.exists(hit):
                    os.remove(hit)
                put_old(folder, outputs)
                before = contents(folder)
                fault = f'{call}:{number}:{how}'
                result = run(command, folder, env={**os.environ, 'LD_PRELOAD': os.path.abspath(shim), 'FAULT': fault, 'FAULT_HIT': hit})
                if not os.path.exists(hit):
                    check_done(folder, outputs, look, fault)
                    break
                tried += 1
                assert result.returncode >= 0, f'{fault}: killed by signal {-result.returncode}'
                if result.returncode == 0:
                    check_done(folder, outputs, look, fault) # it did not matter: a short write goes on, a descriptor that was only read
                elif 'sync the folder' in result.stderr: # behind the rename: whole, but maybe not for ever
                    assert not [n for n in os.listdir(folder) if '.tmp-' in n]
                elif name == 'keygen' and call in ('rename', 'close', 'fchmod', 'fsync'):
                    # the pair is two files: when the second's last step fails, the first is new
                    assert not [n for n in os.listdir(folder) if '.tmp-' in n]
                else:
                    check_failed(folder, before, result, fault)
    assert tried > 10, f'only {tried} faults happened'


# ---- a disk that is full ----

def no_room(size):
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return limit


def file_size_limit(folder, name):
    command, outputs, _ = COMMANDS[name]
    for size in (0, 1, 100, 200):
        put_old(folder, outputs)
        before = contents(folder)
        result = run(command, folder, preexec_fn=no_room(size))
        if result.returncode == 0 and name in ('keygen', 'extract') and size >= 200:
            continue # it fits
        check_failed(folder, before, result, f'{size} bytes')


def full_device(folder, name):
    command, outputs, _ = COMMANDS[name]
    for output in outputs:
        before = contents(folder)
        result = run([w.replace(output, '/dev/full') for w in command], folder)
        if name != 'keygen':
            check_failed(folder, before, result, '/dev/full')
        assert result.returncode == 2 and 'I0102' in result.stderr, result.stderr


def tiny_file_system(folder, name):
    command, outputs, _ = COMMANDS[name]
    if run(['unshare', '-m', 'true']).returncode:
        raise Skip('unshare -m is not allowed')
    # its inputs stand outside, its output goes into one page that is full already
    words = [re.sub(r'(^|=)(in\.pbundle|alone\.wasm|k|w\.cfg)$', r'\1../\2', w) for w in command]
    script = ('mkdir -p small && mount -t tmpfs -o size=4k none small && cd small || exit 99; echo old >' + outputs[0] +
              '; "$@"; status=$?; [ $(ls | wc -l) = 1 ] && [ $(cat ' + outputs[0] + ') = old ] || exit 98; exit $status')
    result = run(['unshare', '-m', 'sh', '-c', script, 'sh', *words], folder)
    if result.returncode == 99:
        raise Skip('no tmpfs can be mounted')
    assert result.returncode == 2 and 'I0102' in result.stderr, f'status {result.returncode}\n{result.stderr}'
    os.rmdir(os.path.join(folder, 'small'))


# ---- killed ----

def killed(folder, name):
    """At a random moment, many times: what is there is old or whole; a temporary file may be left."""
    command, outputs, look = COMMANDS[name]
    generator = random.Random(name)
    start = time.monotonic()
    good(command, folder)
    longest = 1.2 * (time.monotonic() - start)
    seen = {'old': 0, 'new': 0, 'mixed': 0}
    for _ in range(KILLS):
        put_old(folder, outputs)
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True) as p:
            time.sleep(generator.random() * longest)
            try:
                os.killpg(p.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        after = contents(folder)
        new = [after[n] != b'what was there before' for n in outputs]
        seen['new' if all(new) else 'mixed' if any(new) else 'old'] += 1
        if all(new) and look:
            result = run(look, folder)
            assert result.returncode == 0, f'half a file: {result.stdout}{result.stderr}'
        for n in after:
            if '.tmp-' in n:
                os.remove(os.path.join(folder, n))
    assert seen['old'] and (len(outputs) > 1 or not seen['mixed']), seen
    print('# ' + ', '.join(f'{k}: {v}' for k, v in seen.items()))


# ---- folders and files that may not be used ----

def as_nobody():
    if os.getuid() == 0:
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def forbidden(folder, name):
    command, outputs, look = COMMANDS[name]
    if os.getuid() == 0 and run(['true'], folder, preexec_fn=as_nobody).returncode:
        raise Skip('cannot become nobody')
    if run(['parigot-bundle', '--version'], folder, preexec_fn=as_nobody).returncode:
        raise Skip('nobody may not run the tools')
    for n in os.listdir(folder):
        os.chmod(os.path.join(folder, n), 0o644)
    if os.getuid() == 0:
        os.chown(folder, NOBODY, NOBODY)

    put_old(folder, outputs)
    before = contents(folder)
    os.chmod(folder, 0o555) # may be read, not written
    result = run(command, folder, preexec_fn=as_nobody)
    os.chmod(folder, 0o755)
    check_failed(folder, before, result, 'folder that cannot be written')
    os.chmod(folder, 0o311) # may be written, not read
    result = run(command, folder, preexec_fn=as_nobody)
    os.chmod(folder, 0o755)
    assert result.returncode == 0, f'folder that cannot be read: {result.stderr}'
    check_done(folder, outputs, look, 'folder that cannot be read')

    put_old(folder, outputs)
    for n in outputs: # a file that may not be written: the folder may, so it is replaced, as by rename
        os.chmod(os.path.join(folder, n), 0o444)
    result = run(command, folder, preexec_fn=as_nobody)
    assert result.returncode == 0, f'read-only file: {result.stderr}'
    check_done(folder, outputs, look, 'read-only file')

    for n in outputs:
        os.remove(os.path.join(folder, n))
        os.mkdir(os.path.join(folder, n))
        before = contents(folder)
        result = run(command, folder, preexec_fn=as_nobody)
        check_failed(folder, before, result, 'output is a folder')
        assert result.returncode == 2, result.stderr
        os.rmdir(os.path.join(folder, n))
    for n in command:
        if os.path.isfile(os.path.join(folder, n)) and n not in outputs:
            os.chmod(os.path.join(folder, n), 0)
            before = contents(folder)
            result = run(command, folder, preexec_fn=as_nobody)
            check_failed(folder, before, result, f'{n} cannot be read')
            os.chmod(os.path.join(folder, n), 0o644)


TESTS = [each_call_fails, file_size_limit, full_device, tiny_file_system, killed, forbidden]


def main():
    if os.environ.get('PARIGOT_SANITIZE', 'none') != 'none':
        print('1..0 # SKIP a sanitizer wants to be preloaded first')
        return 0
    if not shutil.which('wat2wasm') or not shutil.which('cc'):
        print('1..0 # SKIP no wat2wasm or no cc')
        return 0
    os.environ['PATH'] = os.pathsep.join([os.path.abspath(os.path.join(BUILD, d)) for d in ('bundle', 'linker')] + [os.environ['PATH']])
    chosen = sys.argv[1:]
    cases = [(t, n) for t in TESTS for n in COMMANDS if not chosen or t.__name__ in chosen]
    print(f'1..{len(cases)}')
    failed = False
    with tempfile.TemporaryDirectory(prefix='parigot-faults-') as top:
        os.chmod(top, 0o755)
        good(['cc', '-shared', '-fPIC', '-w', os.path.join(HERE, 'shim.c'), '-o', os.path.join(top, 'shim.so'), '-ldl'])
        for number, (test, name) in enumerate(cases, 1):
            folder = os.path.join(top, f'{number}')
            os.mkdir(folder)
            title = f'{number} - {test.__name__} {name}'
            try:
                prepare(folder)
                test(folder, name)
                print(f'ok {title}', flush=True)
            except Skip as e:
                print(f'ok {title} # SKIP {e}', flush=True)
            except AssertionError as e:
                failed = True
                print(f'not ok {title}\n' + '\n'.join('# ' + line for line in str(e).splitlines()), flush=True)
    return failed


if __name__ == '__main__':
    sys.exit(main())
