#!/usr/bin/env python3
"""Time verifying a bundle beside minisign and plain hashing: bench.py [--build DIR] [--bytes N] [--rounds N] [--markdown].

A signed bundle of one module of N bytes (1.5 MB) is opened by

  parigot-bundle verify     as a whole process
  parigot-bundle --version  the same process doing nothing: what starting it costs
  minisign -V               of the whole file's bytes, with a key and a signature of the same kind
  b2sum, sha256sum          of the same bytes

All take turns in each round; times are user and system time, the least of all rounds. Then the steps of opening it within one
process (in_process.c), the least of as many rounds: which of them the time goes to. "open" is all of the others but "map",
read once; "map" is what the loader adds for an instance (address space, pages protected). A peer that is not installed is left
out with a word.
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, '..', '..', '..'))


def quiet(words, folder):
    subprocess.run(words, cwd=folder, check=True, stdout=subprocess.DEVNULL)


def cpu_ms(words, folder):
    """User and system time of one run that has to succeed."""
    null = os.open(os.devnull, os.O_RDWR)
    pid = os.posix_spawnp(words[0], words, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, null, 1)])
    os.close(null)
    _, status, usage = os.wait4(pid, 0)
    if status:
        sys.exit(f'bench.py: {" ".join(words)} ends with {os.waitstatus_to_exitcode(status)}')
    return (usage.ru_utime + usage.ru_stime) * 1e3


def module_of(size, folder):
    """A small module and a custom section: the rest of its bytes."""
    quiet([sys.executable, os.path.join(ROOT, 'tests', 'bundle', 'modules.py'), 'alone'], folder)
    path = os.path.join(folder, 'alone.wasm')
    with open(path, 'ab') as f:
        n = size - f.tell() - 6
        content = b'\4rest' + bytes(i * 2654435761 >> 13 & 0xff for i in range(n - 5))
        f.write(b'\0' + bytes([n & 0x7f | 0x80, n >> 7 & 0x7f | 0x80, n >> 14 & 0x7f | 0x80, n >> 21 & 0x7f]) + content)


def main():
    options = argparse.ArgumentParser()
    options.add_argument('--build', default=os.path.join(ROOT, 'build'))
    options.add_argument('--bytes', type=int, default=1500000)
    options.add_argument('--rounds', type=int, default=200)
    options.add_argument('--markdown', action='store_true')
    o = options.parse_args()
    build = os.path.abspath(o.build)
    tool, inside = os.path.join(build, 'bundle', 'parigot-bundle'), os.path.join(build, 'tests', 'bench-bundle')
    subprocess.run(['ninja', '-C', build, 'tests/bench-bundle', 'bundle/parigot-bundle'], check=True, stdout=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory(prefix='parigot-bench-') as folder:
        module_of(o.bytes, folder)
        quiet([tool, 'keygen', '-W', '-s', 'k', '-p', 'k.pub'], folder)
        quiet([tool, 'create', 'alone.wasm', '-o', 'x.pbundle', '--sign', 'k'], folder)
        os.chdir(folder)
        rows = {'parigot-bundle verify': [tool, 'verify', '-p', 'k.pub', 'x.pbundle'], 'parigot-bundle --version': [tool, '--version']}
        if shutil.which('minisign'):
            quiet(['minisign', '-S', '-s', 'k', '-m', 'x.pbundle'], folder)
            rows['minisign -V'] = ['minisign', '-V', '-q', '-p', 'k.pub', '-m', 'x.pbundle']
        rows |= {name: [name, 'x.pbundle'] for name in ('b2sum', 'sha256sum') if shutil.which(name)}
        for missing in {'minisign', 'b2sum', 'sha256sum'} - {words[0] for words in rows.values()}:
            print(f'{missing} is not installed')
        least = dict.fromkeys(rows, float('inf'))
        for _ in range(o.rounds):
            for name, words in rows.items():
                least[name] = min(least[name], cpu_ms(words, folder))
        table = [(name, f'{ms:.2f} ms') for name, ms in least.items()]
        steps = subprocess.run([inside, 'x.pbundle', 'k.pub', str(o.rounds)], capture_output=True, text=True, check=True).stdout.split()
        table += [('within: ' + name, f'{float(us) / 1e3:.3f} ms') for name, us in zip(steps[::2], steps[1::2])]
        print(f'{os.path.getsize("x.pbundle")} bytes, least CPU time of {o.rounds} rounds')
    for name, value in table:
        print(f'| {name} | {value} |' if o.markdown else f'{name:26} {value:>10}')


if __name__ == '__main__':
    main()
