#!/usr/bin/env python3
"""Drop-in: what clang, clang++, rustc, CMake and Meson make with parigot-ld and with wasm-ld is the same. Reports in TAP.

toolchains.py PARIGOT_LD PARIGOT_VALIDATE. Every program is linked twice by its own toolchain's driver, run by node, and
compared by structure (compare_modules.py). Toolchains that are not installed are skipped with a word.
"""
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)

import compare_modules  # noqa: E402

PROJECT = os.path.join(HERE, 'project')
CROSS = os.path.join(ROOT, 'docs', 'cross')
SHAPES = ['circle 2', 'rectangle 3 4.5', 'circle 0.5']
C_FILES = [os.path.join(PROJECT, name) for name in ('areas.c', 'shapes.c')]
WASM_LD = shutil.which('wasm-ld-19')


class Skip(Exception):
    pass


class Failure(Exception):
    pass


def run(*command, status=0, **options):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace',
                            timeout=200, check=False, **options)
    if result.returncode != status:
        raise Failure(f'{" ".join(command)}: status {result.returncode}, not {status}\n{result.stdout[-3000:]}')
    return result.stdout


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            raise Skip(f'{program} is not installed')


def wasi(wasm, *arguments, status=0):
    return run('node', '--no-warnings', '--experimental-wasi-unstable-preview1', os.path.join(HERE, 'wasi.mjs'), wasm, *arguments,
               status=status)


def same(what, theirs, ours):
    if theirs != ours:
        raise Failure(f'{what}:\n{theirs}\n--- and\n{ours}')


def same_modules(theirs, ours):
    if complaints := compare_modules.compare(theirs, ours):
        raise Failure('\n'.join(complaints))


class Tools:
    """The linkers; `folder` is the test's own, in which one named wasm-ld is ours."""
    def __init__(self, folder, linker, validator):
        self.folder, self.linker, self.validator = folder, linker, validator
        self.named = os.path.join(folder, 'named')
        os.mkdir(self.named)
        os.symlink(linker, os.path.join(self.named, 'wasm-ld'))

    def path(self, name):
        return os.path.join(self.folder, name)

    def compiled(self, compiler, sources, *flags):
        """Objects of `sources`. Compiled apart: with -O and without -c, clang hands the module on to wasm-opt."""
        objects = [self.path(os.path.splitext(os.path.basename(source))[0] + '.o') for source in sources]
        for source, output in zip(sources, objects):
            run(*compiler, *flags, '-c', source, '-o', output)
        return objects

    def both(self, compiler, arguments, name):
        """(theirs, ours): the same command line with either linker."""
        if not WASM_LD:
            raise Skip('wasm-ld-19 is not installed')
        out = [self.path(f'{who}-{name}.wasm') for who in ('theirs', 'ours')]
        run(*compiler, f'-fuse-ld={WASM_LD}', *arguments, '-o', out[0])
        run(*compiler, f'-fuse-ld={self.linker}', '-Wl,--policy=none', *arguments, '-o', out[1])
        return out


CLANG = ['clang-19', '--target=wasm32-wasi']
CLANGXX = ['clang++-19', '--target=wasm32-wasi', '-fno-exceptions']


VARIANT = """
__attribute__((import_module("host"), import_name("{import}"))) int host(int);
const char text[] = "{text}";
int state = {state};
int (*volatile through)(int) = host;
__attribute__((export_name("{export}"))) int run(int {parameter})
{{
    static volatile int zeros[{zeros}];
    zeros[{parameter} & 1] += {parameter} * {factor};
    return host({parameter}) + text[zeros[1] & 3] + state + through(zeros[0]);
}}
"""
VARIANTS = [('import', 'b', 'imports: '), ('text', 'some texts', 'data segments: '),
            ('text', 'same text', 'memory at the start: '), ('state', 8, 'memory at the start: '),
            ('export', 'go', 'exports: '), ('zeros', 20000, 'memories: '),
            ('factor', 3, 'code of run: instruction '), ('parameter', 'm', '.debug_str: ')]


def comparison_sees(tools):
    """The comparison itself: each of these changes to a source is told, and by what it changed."""
    need('clang-19')
    usual = {'import': 'a', 'text': 'some text', 'state': 7, 'export': 'run', 'factor': 5, 'zeros': 4, 'parameter': 'n'}
    modules = []
    for number, (key, value, _) in enumerate([('state', 7, ''), *VARIANTS]):
        source = tools.path(f'variant{number}.c')
        with open(source, 'w', encoding='ascii') as out:
            out.write(VARIANT.format(**{**usual, key: value}))
        modules.append(tools.path(f'variant{number}.wasm'))
        output = tools.path('variant.o')
        run('clang-19', '--target=wasm32', '-O1', '-g', '-c', f'-ffile-prefix-map={source}=variant.c', source, '-o', output)
        run(tools.linker, '--policy=none', '--no-entry', output, '-o', modules[-1])
    same('a module and itself', compare_modules.compare(modules[0], modules[0]), [])
    for module, (key, _, expected) in zip(modules[1:], VARIANTS):
        complaints = compare_modules.compare(modules[0], module)
        if not any(c.startswith(expected) for c in complaints):
            raise Failure(f'another {key} should be told as {expected!r}, not as {complaints}')


def c_program(tools):
    need('clang-19', 'node')
    for compile_flags, link_flags in ((['-O0', '-g'], []), (['-O2', '-g', '-gdwarf-5'], ['-Wl,--gc-sections']),
                                      (['-Os'], ['-Wl,--strip-all']), (['-O2'], ['-Wl,-O2', '-Wl,--export-all'])):
        theirs, ours = tools.both(CLANG, [*link_flags, *tools.compiled(CLANG, C_FILES, *compile_flags)], 'c')
        same('output', wasi(theirs, *SHAPES), wasi(ours, *SHAPES))
        same('output', wasi(theirs, 'cube 1', status=3), wasi(ours, 'cube 1', status=3))
        same_modules(theirs, ours)


def c_in_one_step(tools):
    """As users type it: compiled, linked and, where Binaryen is installed, optimised by one command."""
    need('clang-19', 'node')
    theirs, ours = tools.both(CLANG, ['-O2', *C_FILES], 'step')
    same('output', wasi(theirs, *SHAPES), wasi(ours, *SHAPES))
    same_modules(theirs, ours)


def c_reactor(tools):
    need('clang-19')
    objects = tools.compiled(CLANG, C_FILES[1:], '-O2')
    same_modules(*tools.both(CLANG, ['-mexec-model=reactor', '-Wl,--export=shape_area', '-Wl,--export=shape_parse', *objects],
                             'reactor'))


def called_wasm_ld(tools):
    """clang -B finds ours under wasm-ld's name, which is then its manner: no policy need be named."""
    need('clang-19', 'node')
    objects = tools.compiled(CLANG, C_FILES, '-O1')
    theirs, _ = tools.both(CLANG, objects, 'plain')
    named = tools.path('named.wasm')
    run(*CLANG, '-B', tools.named, *objects, '-o', named)
    same('output', wasi(theirs, *SHAPES), wasi(named, *SHAPES))
    same_modules(theirs, named)


STRICT_SOURCE = """
__attribute__((export_name("parigot_alloc"))) unsigned take(unsigned n) {{ return n > 4 ? 0 : 8192; }}
__attribute__((export_name("parigot_init"))) int begin(int a, int b) {{ return {0}; }}
"""


def strict_by_default(tools):
    """clang -fuse-ld without a word about policies: strict, and the validator agrees."""
    need('clang-19')
    source, module = tools.path('pure.c'), tools.path('pure.wasm')
    with open(source, 'w', encoding='ascii') as out:
        out.write(STRICT_SOURCE.format('a + b'))
    run('clang-19', '--target=wasm32', '-O2', '-nostdlib', f'-fuse-ld={tools.linker}', source, '-o', module)
    run(tools.validator, '--policy=strict', module)
    with open(source, 'w', encoding='ascii') as out:
        out.write('int count;\n' + STRICT_SOURCE.format('++count'))
    text = run('clang-19', '--target=wasm32', '-O2', '-nostdlib', f'-fuse-ld={tools.linker}', source, '-o', module, status=1)
    if 'P104' not in text or 'count' not in text:
        raise Failure('writable data is not named: ' + text)


def has_cxx():
    return bool(shutil.which('clang++-19')) and any(
        os.path.exists(f'/usr/lib/{where}/libc++.a') for where in ('wasm32-wasi', 'llvm-19/lib/wasm32-wasi'))


def cxx_program(tools):
    need('clang++-19', 'node')
    if not has_cxx():
        raise Skip('libc++-19-dev-wasm32 is not installed')
    # The demanglers' words differ (libiberty's, LLVM's); clang keeps --no-demangle to itself unless it is in a file.
    with open(tools.path('words'), 'w', encoding='ascii') as out:
        out.write('--no-demangle\n')
    for flags in (['-O0', '-g'], ['-O2']):
        objects = [*tools.compiled(CLANG, C_FILES[1:], '-O2'),
                   *tools.compiled(CLANGXX, [os.path.join(PROJECT, 'areas_cxx.cc')], *flags)]
        theirs, ours = tools.both(CLANGXX, [f'-Wl,@{tools.path("words")}', *objects], 'cxx')
        result = wasi(ours, *SHAPES)
        same('output', wasi(theirs, *SHAPES), result)
        for piece in ('sum ', 'circle x2; rectangle x1', 'visitor gone', 'log: begun'):
            if piece not in result:
                raise Failure(f'no {piece!r} in {result}')
        same_modules(theirs, ours)


def find_rustc():
    """A rustc that has the library for wasm32-unknown-unknown: the one on the PATH may be another than Debian's."""
    found = [r for r in dict.fromkeys(filter(None, (shutil.which('rustc'), '/usr/bin/rustc'))) if os.access(r, os.X_OK)]
    for rustc in found:
        result = subprocess.run([rustc, '--print', 'target-libdir', '--target', 'wasm32-unknown-unknown'], capture_output=True,
                                text=True, check=False)
        if result.returncode == 0 and os.path.isdir(result.stdout.strip()):
            return rustc
    raise Skip('rustc is not installed' if not found else 'rustc has no library for wasm32-unknown-unknown')


def rust(tools, rustc, linker, name, *flags, status=0):
    output = tools.path(name + '.wasm')
    text = run(rustc, '--target', 'wasm32-unknown-unknown', '--crate-type=cdylib', '-C', f'linker={linker}', *flags,
               os.path.join(HERE, 'rust', 'collections.rs'), '-o', output, status=status, cwd=tools.folder)
    return text if status else output


RUST_OURS = ['-C', 'linker-flavor=wasm-ld', '-C', 'link-arg=--policy=none']
RUST_CALLS = ['run:0', 'run:7', 'run:500', 'calls', 'calls', 'fail:5', 'fail:0', 'fail:1', 'calls']


def rust_library(tools):
    need('node')
    rustc = find_rustc()
    if not WASM_LD:
        raise Skip('wasm-ld-19 is not installed')
    calls = ['node', os.path.join(HERE, 'exports.mjs')]
    for flags in (['-C', 'opt-level=0'], ['-C', 'opt-level=s', '-g'], ['-C', 'opt-level=3', '-C', 'strip=symbols']):
        # wasm-ld takes an rlib's lib.rmeta for a broken object, and rustc makes that warning fatal.
        theirs = rust(tools, rustc, WASM_LD, 'rust-theirs', *flags, '-C', 'link-arg=--no-fatal-warnings')
        ours = rust(tools, rustc, tools.linker, 'rust-ours', *flags, *RUST_OURS)
        result = run(*calls, ours, *RUST_CALLS)
        same('results', run(*calls, theirs, *RUST_CALLS), result)
        if 'calls 3' not in result or 'fail:1 trap' not in result:
            raise Failure('unexpected results: ' + result)
        same_modules(theirs, ours)


def rust_called_wasm_ld(tools):
    """As `-C linker=.../wasm-ld`, which needs neither flavor nor policy."""
    rustc = find_rustc()
    first = rust(tools, rustc, os.path.join(tools.named, 'wasm-ld'), 'rust-named', '-C', 'opt-level=2')
    second = rust(tools, rustc, tools.linker, 'rust-ours', '-C', 'opt-level=2', *RUST_OURS)
    same_modules(first, second)


def rust_wrong_flavor(tools):
    """From a name that ends in -ld rustc concludes GNU ld, and asks for a shared library: the message has the cure."""
    text = rust(tools, find_rustc(), tools.linker, 'rust-gnu', status=1)
    if 'linker-flavor=wasm-ld' not in text:
        raise Failure('no word of -C linker-flavor: ' + text)


def projects(tools, built):
    programs = [('areas.wasm', 'sum '), ('areas-cxx.wasm', 'visitor gone')]
    for name, piece in programs:
        wasm = os.path.join(built, name)
        if name == 'areas.wasm' or os.path.exists(wasm):
            if piece not in wasi(wasm, *SHAPES):
                raise Failure(f'no {piece!r} from {name}')


def cmake_project(tools):
    need('cmake', 'ninja', 'clang-19', 'node')
    built = tools.path('cmake')
    run('cmake', '-G', 'Ninja', '-S', PROJECT, '-B', built, f'-DCMAKE_TOOLCHAIN_FILE={CROSS}/wasm32-wasi.cmake',
        f'-DPARIGOT_LD={tools.linker}', f'-DWITH_CXX={"ON" if has_cxx() else "OFF"}')
    run('ninja', '-C', built)
    projects(tools, built)


def meson_project(tools):
    need('meson', 'ninja', 'clang-19', 'node')
    built, here = tools.path('meson'), tools.path('here.ini')
    with open(here, 'w', encoding='utf-8') as out:
        out.write(f"[constants]\nparigot_ld = '{tools.linker}'\n")
    run('meson', 'setup', built, PROJECT, '--cross-file', f'{CROSS}/wasm32-wasi.ini', '--cross-file', here,
        f'-Dwith_cxx={"true" if has_cxx() else "false"}')
    run('ninja', '-C', built)
    projects(tools, built)


CASES = [comparison_sees, c_program, c_in_one_step, c_reactor, called_wasm_ld, strict_by_default, cxx_program,
         rust_library, rust_called_wasm_ld, rust_wrong_flavor, cmake_project, meson_project]


def main():
    linker, validator = map(os.path.abspath, sys.argv[1:3])
    chosen = [c for c in CASES if len(sys.argv) < 4 or c.__name__ in sys.argv[3:]]
    failed = False
    print(f'1..{len(chosen)}', flush=True)
    for number, case in enumerate(chosen, 1):
        title = f'{number} - {case.__name__.replace("_", " ")}'
        with tempfile.TemporaryDirectory(prefix='parigot-toolchains-') as folder:
            try:
                case(Tools(folder, linker, validator))
                print(f'ok {title}', flush=True)
            except Skip as reason:
                print(f'ok {title} # SKIP {reason}', flush=True)
            except (Failure, subprocess.TimeoutExpired) as reason:
                failed = True
                print(f'not ok {title}')
                print('\n'.join('#   ' + line for line in str(reason).splitlines()[:40]), flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
