#!/usr/bin/env python3
"""iwasm.py PLUGIN VALIDATE RUN LD EXAMPLES FAULTS: does stock iwasm run what we make, and is what we say of WAMR true? In TAP.

EXAMPLES and FAULTS are the folders where the build made the modules of examples/ and of tests/run/faults. Skipped, with a word, where iwasm is not on the PATH, and where the
tools were built without WAMR (PLUGIN is empty then). Each claim of rule P606 (docs/wamr.md) is tried on iwasm itself."""
import os
import re
import subprocess
import sys

import tap

PLUGIN, VALIDATE, RUN, LD, EXAMPLES, FAULTS = sys.argv[1:7]
LIMIT_S = 60
# Folder of an example, the module that is given to iwasm; the world's main, or any other.
WORLDS = [('hello', 'hello'), ('greeting', 'asker'), ('greeting', 'greeter'), ('picture', 'viewer'), ('printf', 'printf')]


def run(command, **more):
    return subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, stdin=subprocess.DEVNULL, check=False, **more)


def expect(condition, result, what):
    if not condition:
        raise tap.Failure(f'{what}\ncommand: {" ".join(result.args)}\nstatus: {result.returncode}\n'
                          f'stdout:\n{result.stdout}\nstderr:\n{result.stderr}')


def wasm(folder, text, *options):
    source, module = os.path.join(folder, 'm.wat'), os.path.join(folder, 'm.wasm')
    with open(source, 'w', encoding='ascii') as f:
        f.write(text)
    subprocess.run(['wat2wasm', *options, source, '-o', module], check=True)
    return module


def without_call_stacks(text):
    """A WAMR that was built to dump call stacks writes them to standard output."""
    return re.sub(r'\n(#\d+: 0x[0-9a-f]+ - .*\n)+\n', '', '\n' + text).lstrip('\n')


# ---- the plug-in -----------------------------------------------------------------------------------------------------


def needs_plugin():
    if not PLUGIN:
        raise tap.Skip('built without WAMR')


def with_plugin(module, world=None, times=1, before=()):
    env = {k: v for k, v in os.environ.items() if k != 'PARIGOT_WORLD'}
    if world:
        env['PARIGOT_WORLD'] = world
    return run(['iwasm', *before, *[f'--native-lib={PLUGIN}'] * times, '-f', 'parigot_init', module, '0', '0'], env=env)


def as_often_as_needed(module, world=None):
    """A static iwasm asks for one service each time; ours then says how many there are."""
    result = with_plugin(module, world)
    often = re.search(r'(\d+) times, not 1', result.stderr)
    return with_plugin(module, world, int(often.group(1))) if often else result


def example(subject, folder, name, module):
    needs_plugin()
    work = os.path.join(EXAMPLES, name + '.work')
    if not os.path.isdir(work):
        raise tap.Skip(f'examples/{name} was not built')
    ours = run([RUN, '--allow-unsigned', os.path.join(EXAMPLES, name + '.pbundle')])
    theirs = as_often_as_needed(os.path.join(work, module + '.wasm'), os.path.join(work, 'world.cfg'))
    expect(ours.returncode == 0, ours, 'parigot-run fails')
    expect(theirs.returncode == 0, theirs, 'iwasm fails')
    expect(without_call_stacks(theirs.stdout) == ours.stdout, theirs, f'other output than that of parigot-run:\n{ours.stdout}')


def alone(subject, folder):
    needs_plugin()
    result = as_often_as_needed(os.path.join(EXAMPLES, 'hello.wasm'))
    expect(result.returncode == 0 and 'hello: hello from hello' in result.stdout, result, 'hello alone')


# Asks the clock, then its own service; leaves with 50 (cookie) + 4 (bytes of the reply) when both have answered.
ITS_OWN = r'''
#define IMPORT(service, method) __attribute__((import_module(service), import_name(method)))
#define EXPORT(name) __attribute__((export_name(name)))
IMPORT("parigot.clock.v1.Clock", "Now") int now(const void *request, unsigned len, unsigned cookie);
IMPORT("a.v1.Own", "Echo") int echo(const void *request, unsigned len, unsigned cookie);
IMPORT("parigot.kernel.v1.Kernel", "Reply") int reply(unsigned call, const void *message, unsigned len, unsigned flags);
IMPORT("parigot.kernel.v1.Kernel", "Exit") int leave(int code);
EXPORT("parigot_alloc") void *alloc(unsigned len) { return (void *)(len < 256 ? 80000 : 0); }
EXPORT("parigot_init") unsigned init(const void *request, unsigned len) { now(request, 0, 7); return len > 0; }
EXPORT("a.v1.Own/Echo") void serve(unsigned state, unsigned call, const void *request, unsigned len)
{
    if (state == 1) reply(call, request, len, 1);
}
EXPORT("parigot_result") void result(unsigned state, unsigned cookie, unsigned status, const void *bytes, unsigned len, unsigned flags)
{
    if (cookie == 7 && status == 0 && len > 0) echo("four", 4, 50);
    else leave((int)(cookie + len + status));
}
'''


def its_own_service(subject, folder):
    """A module of one world that provides what it calls; and the clock."""
    needs_plugin()
    source, obj, module = (os.path.join(folder, 'own' + suffix) for suffix in ('.c', '.o', '.wasm'))
    with open(source, 'w', encoding='ascii') as f:
        f.write(ITS_OWN)
    subprocess.run(['clang-19', '--target=wasm32', '-O2', '-ffreestanding', '-c', source, '-o', obj], check=True)
    subprocess.run([LD, obj, '-o', module], check=True)
    result = as_often_as_needed(module)
    expect(result.returncode == 54, result, 'clock and its own service')


def not_routed(subject, folder):
    """asker without greeter hears that nobody provides the service, and ends as it likes."""
    needs_plugin()
    result = as_often_as_needed(os.path.join(EXAMPLES, 'asker.wasm'))
    expect('no module of this bundle provides' in result.stderr or 'nobody provides' in result.stderr or result.returncode != 0,
           result, 'asker alone')


def fault(subject, folder, what, words, status):
    """A trap in a thread that is not WAMR's first: that module is killed, the others run on, and the world's status is iwasm's."""
    needs_plugin()
    world = os.path.join(folder, 'world.cfg')
    with open(world, 'w', encoding='ascii') as f:
        f.write('world = 1; name = "faults"; main = "prober"; modules = (' + ', '.join(
            f'{{ name = "{name}"; file = "{FAULTS}/{name}.wasm"; {more} }}' for name, more in (
                ('steady', ''), ('faulty', ''),
                ('prober', f'grant = [ "parigot.log.v1.Log" ]; config = {{ fault = "{what}"; again = "1"; exit = "{status}"; }};')))
                + ');\n')
    result = as_often_as_needed(os.path.join(FAULTS, 'prober.wasm'), world)
    expect(result.returncode == status, result, 'another exit status')
    expect('prober: steady: OK, ping 2' in result.stdout, result, 'the others do not run on')
    expect(words in result.stderr, result, f'no "{words}"')


def another_world(subject, folder):
    needs_plugin()
    world = os.path.join(EXAMPLES, 'greeting.work', 'world.cfg')
    result = as_often_as_needed(os.path.join(EXAMPLES, 'hello.wasm'), world)
    expect(result.returncode != 0 and 'is no module of the world in' in result.stderr, result, 'hello in the world of asker')


def metered(subject, folder):
    needs_plugin()
    module = wasm(folder, '(module (import "a.B" "C" (func)) (global (export "parigot:fuel") (mut i64) (i64.const 0))'
                          ' (func (export "parigot_init") (param i32 i32) (result i32) (i32.const 0)))')
    result = with_plugin(module)
    expect('iwasm cannot set the fuel of a metered module' in result.stderr and '[R0402]' in result.stderr, result, 'metered')


def invalid_world(subject, folder):
    """Valid for WAMR, but no module of a world: what the validator says decides."""
    needs_plugin()
    module = wasm(folder, '(module (import "a.B" "C" (func)) (memory 1)'
                          ' (func (export "parigot_init") (param i32 i32) (result i32) (call 0) (i32.const 0)))')
    result = as_often_as_needed(module)
    expect(result.returncode != 0 and '[P' in result.stderr, result, 'a module without a maximum of memory')


def broken(subject, folder):
    needs_plugin()
    path = os.path.join(folder, 'broken.wasm')
    with open(path, 'wb') as f:
        f.write(b'\0asm\1\0\0\0\2\xff\xff\xff\xff\xff')
    result = with_plugin(path)
    expect('[W' in result.stderr and result.returncode > 0, result, 'a broken module')
    result = with_plugin(os.path.join(folder, 'nothing.wasm'))
    expect('cannot open' in result.stderr and result.returncode != 0, result, 'no module')


# ---- what P606 says about WAMR ----------------------------------------------------------------------------------------


def refused_by_us(module):
    result = run([VALIDATE, '--policy=none', '--features=wamr', module])
    expect(result.returncode == 1, result, 'parigot-validate --features=wamr lets it pass')
    return result


def refuses(subject, folder, text, options, words):
    """iwasm does not load it."""
    module = wasm(folder, text, *options)
    refused_by_us(module)
    theirs = run(['iwasm', '--heap-size=0', '-f', 'f', module])
    if words not in theirs.stdout:
        if theirs.returncode == 0:
            raise tap.Skip('this iwasm was built with it')
        expect(False, theirs, f'no "{words}"')


def runs_by_itself(subject, folder, text):
    """Nothing but a trap in it tells that it has run: f would return."""
    module = wasm(folder, text)
    refused_by_us(module)
    theirs = run(['iwasm', '--heap-size=0', '-f', 'f', module])
    expect('unreachable' in theirs.stdout + theirs.stderr, theirs, 'it does not run when iwasm instantiates')


SHRINKS = '''(module (memory 1) (global $sp (mut i32) (i32.const 4096))
  (global $base i32 (i32.const 8192)) (global $end i32 (i32.const 1024)) %s
  (func (export "f") (result i32) (i32.load (i32.const 60000))))'''


def shrinks_memory(subject, folder):
    both = '(export "__heap_base" (global $base)) (export "__data_end" (global $end))'
    module = wasm(folder, SHRINKS % both)
    refused_by_us(module)
    theirs = run(['iwasm', '--heap-size=0', '-f', 'f', module])
    expect('out of bounds memory access' in theirs.stdout, theirs, 'it does not cut the memory off at __heap_base')
    plain = wasm(folder, SHRINKS % '')
    theirs = run(['iwasm', '--heap-size=0', '-f', 'f', plain])
    expect('0x0:i32' in theirs.stdout, theirs, 'it traps without the exports too')
    ours = run([VALIDATE, '--policy=none', '--features=wamr', plain])
    expect(ours.returncode == 0, ours, 'without the exports we refuse it too')


def loads(subject, folder, path):
    """Every module that parigot-ld has made: in the form, and taken."""
    ours = run([VALIDATE, '--policy=none', '--features=wamr', path])
    expect(ours.returncode == 0, ours, 'not in the form')
    theirs = run(['iwasm', '--heap-size=0', '-f', 'no such export', path])
    expect('lookup' in theirs.stdout and 'failed' in theirs.stdout, theirs, 'iwasm does not load it')


REFUSED = [
    ('extended constants', '(module (global i32 (i32.add (i32.const 1) (i32.const 2))) (func (export "f")))',
     ['--enable-extended-const'], 'constant expression required'),
    ('tail calls', '(module (func $g) (func (export "f") (return_call $g)))', ['--enable-tail-call'], 'unsupported opcode'),
    ('imports of memories', '(module (import "a" "b" (memory 1)) (func (export "f")))', [], 'failed to link import memory'),
]
FAULTS_AND_WORDS = [
    ('nothing', '', 7),
    ('const-write', 'faulty was killed: write to read-only data', 0),
    ('null-write', 'faulty was killed: null pointer access', 0),
    ('beyond-memory', 'faulty was killed: out of bounds memory access', 0),
    ('recursion', 'faulty was killed: call stack exhausted', 3),
    ('bad-reply', 'faulty was killed: message outside memory', 0),
]
BY_ITSELF = [
    ('a start section', '(module (func $s unreachable) (start $s) (func (export "f")))'),
    ('__post_instantiate', '(module (func (export "__post_instantiate") unreachable) (func (export "f")))'),
    ('__wasm_call_ctors', '(module (func (export "__wasm_call_ctors") unreachable) (func (export "f")))'),
]


def main():
    tests = [(f'iwasm runs examples/{name} from {module}.wasm', [], example, (name, module)) for name, module in WORLDS]
    tests += [(f'iwasm: {what}', [], fault, (what, words, status)) for what, words, status in FAULTS_AND_WORDS]
    tests += [('a module alone', [], alone, ()), ('the clock, and a service of the module\'s own', ['clang-19'], its_own_service, ()),
              ('a service that nobody provides', [], not_routed, ()),
              ('a module of another world', [], another_world, ()), ('a metered module', ['wat2wasm'], metered, ()),
              ('a module that breaks the policy', ['wat2wasm'], invalid_world, ()), ('broken and missing files', [], broken, ())]
    modules = sorted(f for f in os.listdir(EXAMPLES) if f.endswith('.wasm')) if os.path.isdir(EXAMPLES) else []
    tests += [(f'iwasm takes {f}, which is in the form', [], loads, (os.path.join(EXAMPLES, f),)) for f in modules]
    tests += [(f'P606: iwasm refuses {what}', ['wat2wasm'], refuses, (text, options, words)) for what, text, options, words in REFUSED]
    tests += [(f'P606: iwasm runs by itself: {what}', ['wat2wasm'], runs_by_itself, (text,)) for what, text in BY_ITSELF]
    tests += [('P606: iwasm cuts the memory off at __heap_base', ['wat2wasm'], shrinks_memory, ())]
    return tap.run(tests, None, ['iwasm'])


if __name__ == '__main__':
    sys.exit(main())
