#!/usr/bin/env python3
"""Programs in other languages, from source to a signed bundle that runs: examples/rust and examples/assemblyscript.

languages.py TOOLS... ASKER CACHE [--fetch]. TOOLS: parigot-ld, parigot-validate, parigot-bundle, parigot-run. Each is built by
its own build.sh, signed, and run with the asker that examples/greeting has in C; then asked by languages.wat, which sends what
it should not, and 200,000 requests. rustc needs the target wasm32-unknown-unknown. AssemblyScript is looked for in
CACHE/node_modules; --fetch gets it from npm. What is missing is skipped with a word. Reports in TAP.
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile

import toolchains
from toolchains import Failure, Skip, need, run, same

HERE = os.path.dirname(os.path.abspath(__file__))
EXAMPLES = os.path.join(HERE, '..', '..', 'examples')
ASKED = ['asker: hello, world (no. 1)', 'asker: 3 ...', 'asker: 2 ...', 'asker: 1 ...', 'asker: 3 pieces, status 0']
PROBED = ['1 0', '2 3', '3 3', '4 3', '5 3', '6 0', '7 0', '7 0', '7 0', '8 3']  # languages.wat: what was asked, and its status
PROBER = """world = 1; name = "probe"; main = "prober";
modules = ( { name = "greeter"; file = "greeter.wasm"; GREETER },
            { name = "prober"; file = "prober.wasm"; policy = "audit"; grant = [ "parigot.log.v1.Log" ]; } );
"""


def bundle(options, folder, world, *run_options):
    """What its programs logged: signed by a key of its own, and run by who trusts that key."""
    key = [os.path.join(folder, name) for name in ('my.pub', 'my.key')]
    if not os.path.exists(key[0]):
        run(options.bundle, 'keygen', '-W', '-p', key[0], '-s', key[1])
    output = os.path.join(folder, 'out.pbundle')
    run(options.bundle, 'create', '--world', os.path.join(folder, world), '-o', output, '--sign', key[1])
    result = subprocess.run([options.run, '-p', key[0], '--state=none', *run_options, output], capture_output=True, text=True, timeout=200, check=False)
    if result.returncode:
        raise Failure(f'{world}: status {result.returncode}\n{result.stdout[-1000:]}{result.stderr[-2000:]}')
    return result.stdout.splitlines()


def bring(options, folder, policy, greeter):
    """The greeter's module is there: to a bundle that runs. greeter: what its world file says of it."""
    validated = run(options.validate, f'--policy={policy}', os.path.join(folder, 'greeter.wasm'))
    floor = [f'--policy={policy}'] if os.path.exists(policy) else []
    shutil.copy(options.asker, os.path.join(folder, 'asker.wasm'))
    same('what the asker logged', ASKED, bundle(options, folder, 'world.cfg', *floor))
    if shutil.which('wat2wasm'):
        run('wat2wasm', os.path.join(HERE, 'languages.wat'), '-o', os.path.join(folder, 'prober.wasm'))
        with open(os.path.join(folder, 'probe.cfg'), 'w', encoding='ascii') as out:
            out.write(PROBER.replace('GREETER', greeter))
        floor = [f'--policy={audit_floor(folder, policy)}']
        same('what the prober logged', [f'prober: {line}' for line in PROBED], bundle(options, folder, 'probe.cfg', *floor))
    return validated


def audit_floor(folder, policy):
    """The prober keeps a count in a global: its policy is audit, and the operator's has to let that through."""
    path = os.path.join(folder, 'floor.cfg')
    with open(path, 'w', encoding='ascii') as out:
        out.write('policy = 1; name = "test"; base = "audit";\n')
    return path


def rust(options, folder):
    rustc = toolchains.find_rustc()
    environment = {**os.environ, 'RUSTC': rustc, 'PATH': os.path.dirname(options.ld) + ':' + os.environ['PATH']}
    run(os.path.join(EXAMPLES, 'rust', 'build.sh'), folder, env=environment)
    validated = bring(options, folder, 'strict', 'fuel = 1000000L;')
    if '28 rules proved' not in validated:
        raise Failure('not every rule is proved: ' + validated)


def assemblyscript(options, folder):
    need('node', 'wasm-ctor-eval')
    modules = os.path.join(options.cache, 'node_modules')
    if not os.path.exists(os.path.join(modules, '.bin', 'asc')):
        if not options.fetch:
            raise Skip(f'there is no AssemblyScript in {modules}: tests/interop/languages.py --fetch gets it from npm')
        os.makedirs(options.cache, exist_ok=True)
        run('npm', 'install', '--silent', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', options.cache,
            'assemblyscript@0.27.37')
    os.symlink(os.path.abspath(modules), os.path.join(folder, 'node_modules'))
    environment = {**os.environ, 'PATH': os.path.dirname(options.ld) + ':' + os.environ['PATH']}
    run(os.path.join(EXAMPLES, 'assemblyscript', 'build.sh'), folder, env=environment)
    validated = bring(options, folder, os.path.join(folder, 'stub.cfg'), 'policy = "stub.cfg"; fuel = 1000000L;')
    if '27 rules proved; not provable: P104; 1 waived' not in validated or 'can go' in validated:
        raise Failure('other verdicts than docs/languages.md says: ' + validated)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ('ld', 'validate', 'bundle', 'run', 'asker', 'cache'):
        parser.add_argument(name, type=os.path.abspath)
    parser.add_argument('--fetch', action='store_true', help='get AssemblyScript from npm when it is not there')
    options = parser.parse_args()
    cases, failed = (rust, assemblyscript), False
    print(f'1..{len(cases)}')
    for number, case in enumerate(cases, 1):
        try:
            with tempfile.TemporaryDirectory() as folder:
                case(options, folder)
            print(f'ok {number} - {case.__name__}', flush=True)
        except Skip as reason:
            print(f'ok {number} - {case.__name__} # SKIP {reason}', flush=True)
        except (Failure, subprocess.SubprocessError) as error:
            failed = True
            print(f'not ok {number} - {case.__name__}\n' + '\n'.join('# ' + line for line in str(error).splitlines()), flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
