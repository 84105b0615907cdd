#!/usr/bin/env python3
"""Run a folder of cases, one file each, and report in TAP.

A case is a file whose comments hold directives, in any comment syntax, one a line:

    RUN: command            run by sh in an empty folder of the case's own
    EXIT: 1                 the status expected of the RUN before it (default 0)
    OUT: text               text that stdout of the RUN before it contains, later than the OUT before
    ERR: text               the same for stderr
    NOT: text               text that neither stdout nor stderr contains
    NOFILE: path            path does not exist after the RUN before it
    ORACLE: arguments       links with `parigot-ld --policy=none` and with wasm-ld-19 where that is installed. %o in the
                            arguments is the folder that each writes to; `-o %o/out.wasm` is added when there is no -o.
                            Both end the same way, say the same on stdout, and write the same files, byte for byte.
                            EXIT, OUT, ERR, NOT after it are about ours
    ORACLE22: arguments     the same with wasm-ld-22, for what is new there; its stack is first unless --no-stack-first
    DIFFERS: what: reason   a deliberate difference of the ORACLE before it: `stdout`, `files`, a file's name, or the
                            name of a section (type, code, .debug_info, ...) that is left out of the comparison
    NEED: program           skip the case, with a word, when the program is not on PATH
    NEED: /path             the same when there is no such file
    NEED: libiberty         the same when the tools are built without it
    NEED: wamr              the same when the tools are built without WAMR; `no wamr`: when they are built with it;
                            `wamr interrupts`, `wamr no interrupts`: by what its libiwasm can do
    NEED: ulimit -v         the same when the tools are built with a sanitizer, which wants address space of its own

In commands %s is the case file, %d its folder, %t the empty folder; the tools just built stand first on PATH.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

import oracle

DIRECTIVE = re.compile(r'\b(RUN|EXIT|OUT|ERR|NOT|NOFILE|NEED|ORACLE|ORACLE22|DIFFERS): ?(.*?)\s*(?:\*/|-->|;\))?\s*$')
TIMEOUT_S = 60
# What PARIGOT_WAMR must be, and why the case is skipped when it is not.
WAMR_NEEDS = {
    'wamr': (('yes', 'interrupts'), 'built without WAMR'),
    'no wamr': (('no',), 'built with WAMR'),
    'wamr interrupts': (('interrupts',), 'no WAMR here that can interrupt guest code'),
    'wamr no interrupts': (('yes',), 'no WAMR here that cannot interrupt guest code'),
}


class Failure(Exception):
    pass


class Run:
    def __init__(self, command, oracle_arguments=None, linker=None):
        self.command = command
        self.oracle = oracle_arguments
        self.linker = linker
        self.status = 0
        self.checks = []
        self.differs = []


def parse(path):
    runs, needs = [], []
    with open(path, encoding='utf-8', errors='replace') as f:
        for line in f:
            m = DIRECTIVE.search(line)
            if not m:
                continue
            key, value = m.group(1), m.group(2)
            if key == 'RUN':
                runs.append(Run(value))
            elif key in oracle.LINKERS:
                runs.append(Run(oracle.command('parigot-ld --policy=none', value, 'ours'), value,
                                oracle.LINKERS[key]))
            elif key == 'NEED':
                needs.append(value)
            elif not runs:
                raise Failure(f'{key} before the first RUN')
            elif key == 'EXIT':
                runs[-1].status = int(value)
            elif key == 'DIFFERS':
                what, _, reason = value.partition(': ')
                if not runs[-1].oracle or not reason:
                    raise Failure('DIFFERS needs an ORACLE before it, and says WHAT: REASON')
                runs[-1].differs.append(what)
            else:
                runs[-1].checks.append((key, value))
    if not runs:
        raise Failure('no RUN line')
    return runs, needs


def check(run, command, result, folder):
    streams = {'OUT': result.stdout, 'ERR': result.stderr}
    at = {'OUT': 0, 'ERR': 0}

    def fail(why):
        raise Failure(f'{why}\ncommand: {command}\nstatus: {result.returncode}\n'
                      f'stdout:\n{result.stdout}\nstderr:\n{result.stderr}')

    if result.returncode != run.status:
        fail(f'status {result.returncode}, expected {run.status}')
    for key, value in run.checks:
        if key in streams:
            i = streams[key].find(value, at[key])
            if i < 0:
                fail(f'{key} lacks: {value}')
            at[key] = i + len(value)
        elif key == 'NOT':
            if value in result.stdout or value in result.stderr:
                fail(f'unwanted: {value}')
        elif os.path.exists(os.path.join(folder, value)):
            fail(f'file exists: {value}')


def sh(command, path, folder):
    command = command.replace('%s', path).replace('%d', os.path.dirname(path)).replace('%t', folder)
    environment = {**os.environ, 'XDG_STATE_HOME': os.path.join(folder, 'state')}
    try:
        return command, subprocess.run(['sh', '-c', command], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                                       capture_output=True, timeout=TIMEOUT_S, encoding='utf-8',
                                       errors='backslashreplace', check=False)
    except subprocess.TimeoutExpired:
        raise Failure(f'still running after {TIMEOUT_S} s: {command}') from None


def consult(run, ours, path, folder):
    """What wasm-ld does with the same arguments."""
    command, theirs = sh(oracle.command(run.linker, run.oracle, 'theirs'), path, folder)
    found = oracle.compare(folder, ours, theirs, run.differs)
    if found:
        raise Failure('\n'.join(found) + f'\ncommand: {command}\nstdout:\n{theirs.stdout}\n'
                      f'stderr:\n{theirs.stderr}\nours, stderr:\n{ours.stderr}')


def run_case(path):
    runs, needs = parse(path)
    for program in needs:
        if program == 'ulimit -v':
            if os.environ.get('PARIGOT_SANITIZE', 'none') != 'none':
                return 'a sanitizer cannot do with little address space'
        elif program == 'libiberty':
            if os.environ.get('PARIGOT_DEMANGLE') == 'no':
                return 'built without libiberty'
        elif program in WAMR_NEEDS:
            words, why = WAMR_NEEDS[program]
            if os.environ.get('PARIGOT_WAMR', 'no') not in words:
                return why
        elif program.startswith('/'):
            if not os.path.exists(program):
                return f'there is no {program}'
        elif not shutil.which(program):
            return f'{program} is not installed'
    with tempfile.TemporaryDirectory(prefix='parigot-case-') as folder:
        for run in runs:
            if run.oracle:
                oracle.make_folders(folder)
            command, result = sh(run.command, path, folder)
            check(run, command, result, folder)
            if run.oracle and shutil.which(run.linker):
                consult(run, result, path, folder)
    return None


def main():
    build = os.environ.get('PARIGOT_BUILD', 'build')
    tools = [os.path.join(build, d) for d in ('linker', 'validator', 'bundle', 'loader', 'abi-stubs')]
    os.environ['PATH'] = os.pathsep.join([os.path.abspath(t) for t in tools] + [os.environ['PATH']])
    os.environ['LC_ALL'] = 'C.UTF-8'
    os.environ.pop('NO_COLOR', None)

    cases = []
    for argument in sys.argv[1:]:
        if os.path.isdir(argument):
            names = sorted(n for n in os.listdir(argument) if not n.startswith('.'))
            cases += [os.path.abspath(os.path.join(argument, n)) for n in names
                      if os.path.isfile(os.path.join(argument, n)) and not n.endswith(('.h', '.build', '.md', '.py'))]
        else:
            cases.append(os.path.abspath(argument))
    print(f'1..{len(cases)}')
    failed = 0
    for number, path in enumerate(cases, 1):
        name = os.path.basename(path)
        try:
            skipped = run_case(path)
            print(f'ok {number} - {name}' + (f' # SKIP {skipped}' if skipped else ''), flush=True)
        except Failure as e:
            failed += 1
            print(f'not ok {number} - {name}')
            print('\n'.join('# ' + line for line in str(e).splitlines()), flush=True)
    return 1 if failed or not cases else 0


if __name__ == '__main__':
    sys.exit(main())
