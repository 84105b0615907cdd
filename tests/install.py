#!/usr/bin/env python3
"""The installed libraries, as other programs meet them: a tree in a temporary folder, pkg-config, examples/embed/embed.c and
examples/host/host.c compiled against it, and run. Also: the headers stand alone in strict C, and the libraries export what
they declare and have no state of their own; the linker finds what it starts."""
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

SOURCE, BUILD = os.environ['PARIGOT_SOURCE'], os.environ['PARIGOT_BUILD']
CC = os.environ.get('CC', 'cc')
# What the C run-time puts into every shared library.
RUNTIME = {'completed.0', '__dso_handle', '__TMC_END__', '_edata', '_end', '__bss_start'}
# What signals need: the handlers of before, and in each thread the instance that it runs (loader/fault.c). The last is a
# byte that nobody writes (loader/engine.h).
FAULTS = {'current_run', 'own_thread', 'install_once', 'installed', 'previous_segv', 'previous_bus', 'previous_urg', 'nothing.1', 'nothing.0'}


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **more)


def need(result, status=0):
    if result.returncode != status:
        raise AssertionError(f'{result.args}: status {result.returncode}\n{result.stdout}{result.stderr}')
    return result.stdout


class Tree:
    """What `meson install` makes."""

    def __init__(self, folder):
        self.folder = folder
        need(run('meson', 'install', '-C', BUILD, '--no-rebuild', '--quiet', '--destdir', folder))
        found = [os.path.join(d, f) for d, _, files in os.walk(folder) for f in files if f == 'parigot-validator.pc']
        assert len(found) == 1, found
        self.env = dict(os.environ, PKG_CONFIG_PATH=os.path.dirname(found[0]), PKG_CONFIG_SYSROOT_DIR=folder)
        self.libdir, self.includedir = self.where('libdir'), self.where('includedir')
        self.env['LD_LIBRARY_PATH'] = self.libdir

    def ask(self, *what, library='parigot-validator'):
        return need(run('pkg-config', *what, library, env=self.env)).strip()

    def where(self, variable):
        path = self.ask('--variable=' + variable)
        return path if path.startswith(self.folder) else self.folder + path  # pkgconf and pkg-config differ

    def compile(self, source, out, *flags, library='parigot-validator'):
        return run(CC, *flags, source, *shlex.split(self.ask('--cflags', '--libs', library=library)), '-o', out, env=self.env)


def header_alone(tree):
    path = os.path.join(tree.folder, 'alone.c')
    with open(path, 'w', encoding='utf-8') as f:
        f.write('#include <validator/validator.h>\nint main(void) { return val_builtin_policy(str_of("strict")) == 0; }\n')
    need(tree.compile(path, path + '.out', '-std=c11', '-Wall', '-Wextra', '-pedantic', '-Werror'))
    need(run(path + '.out', env=tree.env))
    with open(path, 'w', encoding='utf-8') as f:
        f.write('#include <loader/loader.h>\nint main(void) { return parigot_status_text(0)[0] != \'O\'; }\n')
    for language in (['-std=c11'], ['-std=c99'], ['-x', 'c++', '-std=c++11']):
        need(tree.compile(path, path + '.out', *language, '-Wall', '-Wextra', '-pedantic', '-Werror', '-Wno-attributes',
                          library='parigot-loader'))
        need(run(path + '.out', env=tree.env))


def one_header(tree):
    """Nothing else of the source tree is needed: includes of includes are installed too."""
    include = os.path.join(tree.includedir, 'parigot')
    for folder, _, files in os.walk(include):
        for name in files:
            with open(os.path.join(folder, name), encoding='utf-8') as f:
                for other in re.findall(r'^#include "(.*)"', f.read(), re.M):
                    assert os.path.exists(os.path.join(include, other)), f'{name} includes {other}'


def embedder(tree):
    program = os.path.join(tree.folder, 'embed')
    need(tree.compile(os.path.join(SOURCE, 'examples/embed/embed.c'), program, '-O1', '-Wall', '-Wextra', '-Werror'))
    good, bad, none = (os.path.join(tree.folder, n) for n in ('good.wasm', 'bad.wasm', 'none.wasm'))
    with open(good, 'wb') as f:
        f.write(b'\0asm\1\0\0\0')
    with open(bad, 'wb') as f:  # a mutable global, exported; a memory without maximum
        f.write(b'\0asm\1\0\0\0' b'\5\3\1\0\1' b'\6\6\1\x7f\1\x41\0\x0b' b'\7\5\1\1g\3\0')
    out = need(run(program, 'strict', good, env=tree.env))
    assert '26 rules proved' in out and 'let in' in out, out
    out = need(run(program, 'strict', good, bad, env=tree.env), 1)
    for words in ('mutable global 0 "g" (i32), which no code writes [P101]', '[P401]', 'P103, exported mutable globals: violated',
                  'bad.wasm: refused'):
        assert words in out, f'no "{words}" in\n{out}'
    need(run(program, 'none', bad, env=tree.env))
    assert 'magic header not detected: this is an ELF file' in need(run(program, 'none', program, env=tree.env), 1)
    need(run(program, 'strict', none, env=tree.env), 2)
    policy = os.path.join(tree.folder, 'p.cfg')
    with open(policy, 'w', encoding='utf-8') as f:
        f.write('policy = 1;\nname = "p";\nbase = "lax";\n')
    assert 'p.cfg:3: error: "base": expected strict' in need(run(program, policy, good, env=tree.env), 2)
    with open(policy, 'w', encoding='utf-8') as f:
        f.write('policy = 1;\nname = "p";\nrules = ( { code = "P1xx"; violated = "note"; }, { code = "P401"; violated = "off"; } );\n')
    need(run(program, policy, bad, env=tree.env))


def host(tree):
    """A signed bundle, run within a program."""
    bundle, key = (os.path.join(BUILD, 'examples', n) for n in ('host.pbundle', 'host.pub'))
    program = os.path.join(tree.folder, 'host')
    source = os.path.join(SOURCE, 'examples/host/host.c')
    need(tree.compile(source, program, '-O1', '-Wall', '-Wextra', '-Werror', library='parigot-loader'))
    if not os.path.exists(bundle):
        return
    assert need(run(program, key, bundle, 'Ada', env=tree.env)) == 'hello, Ada (no. 1)\n3 ...\n2 ...\n1 ...\n'
    assert '[B0101]' in run(program, key, source, 'Ada', env=tree.env).stderr


def exported(tree, name, prefixes):
    library = os.path.join(tree.libdir, name)
    names = {line.split()[-1] for line in need(run('nm', '-D', '--defined-only', library)).splitlines()} - RUNTIME
    strange = [n for n in names if not re.match(f'({prefixes})_', n)]
    assert not strange, f'exported: {strange}'
    return names


def declared(path, prefix):
    with open(os.path.join(SOURCE, path), encoding='utf-8') as f:
        names = set(re.findall(rf'\b({prefix}_[a-z_]+)\(', re.sub(r'/\*.*?\*/', '', f.read(), flags=re.S)))
    assert names, path
    return names


def writable(tree, name, but):
    for line in need(run('nm', '-f', 'sysv', os.path.join(tree.libdir, name))).splitlines():
        columns = [c.strip() for c in line.split('|')]
        if len(columns) == 7 and columns[6] in ('.data', '.bss', '.tbss', '.tdata', '*COM*'):
            assert columns[0] in but, f'writable: {line}'


def symbols(tree):
    """Exported: what the headers mark, by its prefix. Writable: nothing, but what signals are in a process."""
    names = exported(tree, 'libparigot-validator.so', 'val|wasm|diag|arena|text|str|rd|dwarf')
    missing = declared('validator/validator.h', 'val') - names
    assert not missing, f'declared and not exported: {missing}'
    writable(tree, 'libparigot-validator.so', RUNTIME)
    names = exported(tree, 'libparigot-loader.so', 'parigot')
    assert declared('loader/loader.h', 'parigot') == names, names ^ declared('loader/loader.h', 'parigot')
    writable(tree, 'libparigot-loader.so', RUNTIME | FAULTS)


def users(_):
    """The linker, the bundle maker and the loader include nothing else of the validator; configuration files are not its."""
    for folder in ('linker', 'bundle', 'loader'):
        for name in os.listdir(os.path.join(SOURCE, folder)):
            if name.endswith(('.c', '.h')):
                with open(os.path.join(SOURCE, folder, name), encoding='utf-8') as f:
                    for header in re.findall(r'^#include "validator/(.*)"', f.read(), re.M):
                        assert header in ('validator.h', 'config.h'), f'{folder}/{name} includes validator/{header}'


def children(tree):
    """The linker finds the programs that it starts where they are installed, and nowhere else."""
    if not os.path.exists(os.path.join(BUILD, 'linker', 'parigot-opt')):
        return
    found = [os.path.join(d, f) for d, _, files in os.walk(tree.folder) for f in files if f in ('parigot-ld', 'parigot-opt')]
    ld, opt = sorted(found, key=os.path.basename)
    assert opt.endswith('/libexec/parigot/parigot-opt'), opt
    module, out = os.path.join(tree.folder, 'empty.wasm'), os.path.join(tree.folder, 'out.wasm')
    with open(module, 'wb') as f:
        f.write(b'\0asm\1\0\0\0')
    command = [ld, '--policy=none', '-O2', '--rewrite', module, '-o', out]
    need(run(*command))
    os.rename(opt, opt + '.away')
    os.unlink(out)
    assert '[L0165]' in run(*command).stderr and not os.path.exists(out)


def main():
    for program in ('meson', 'pkg-config', CC, 'nm'):
        if not shutil.which(program):
            print(f'1..0 # SKIP {program} is not installed')
            return 0
    if os.environ.get('PARIGOT_SANITIZE', 'none') != 'none':
        print('1..0 # SKIP a program without the sanitizer cannot load a library with it')
        return 0
    tests = [header_alone, one_header, embedder, host, symbols, users, children]
    print(f'1..{len(tests)}')
    failed = 0
    with tempfile.TemporaryDirectory(prefix='parigot-install-') as folder:
        tree = Tree(folder)
        for number, test in enumerate(tests, 1):
            try:
                test(tree)
                print(f'ok {number} - {test.__name__}')
            except (AssertionError, OSError, subprocess.SubprocessError) as e:
                failed += 1
                print(f'not ok {number} - {test.__name__}')
                print('\n'.join('# ' + line for line in str(e).splitlines()), flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
