#!/usr/bin/env python3
"""Programs in other languages, from source to a signed bundle that runs: examples/rust, assemblyscript, assemblyscript-reset.

languages.py TOOLS... ASKER CACHE [--fetch]. TOOLS: parigot-ld, parigot-validate, parigot-bundle, parigot-run. Each is built by
its own build.sh, signed, and run with the asker that examples/greeting has in C; then asked by languages.wat, which sends what
it should not, and 200,000 requests. What keeps state is asked by reset.wat whether it does. rustc needs the target wasm32-unknown-unknown. AssemblyScript is looked for in
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


def run_world(options, folder, world, *run_options):
    """Signed by a key of its own, and run by who trusts that key."""
    key = [os.path.join(folder, name) for name in ('my.pub', 'my.key')]
    if not os.path.exists(key[0]):
        run(options.bundle, 'keygen', '-W', '-p', key[0], '-s', key[1])
    output = os.path.join(folder, 'out.pbundle')
    run(options.bundle, 'create', '--world', os.path.join(folder, world), '-o', output, '--sign', key[1])
    return subprocess.run([options.run, '-p', key[0], '--state=none', *run_options, output], capture_output=True, text=True, timeout=200, check=False)


def bundle(options, folder, world, *run_options):
    """What its programs logged."""
    result = run_world(options, folder, world, *run_options)
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


def build_assemblyscript(options, folder, example):
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
    run(os.path.join(EXAMPLES, example, 'build.sh'), folder, env=environment)


def assemblyscript(options, folder):
    build_assemblyscript(options, folder, 'assemblyscript')
    validated = bring(options, folder, os.path.join(folder, 'stub.cfg'), 'policy = "stub.cfg"; fuel = 1000000L;')
    if '27 rules proved; not provable: P104; 1 waived' not in validated or 'can go' in validated:
        raise Failure('other verdicts than docs/languages.md says: ' + validated)


def ask_eight_times(options, folder, greeter, *run_options):
    """The prober of reset.wat asks; greeter: what its world file says of it."""
    run('wat2wasm', os.path.join(HERE, 'reset.wat'), '-o', os.path.join(folder, 'prober.wasm'))
    with open(os.path.join(folder, 'reset.cfg'), 'w', encoding='ascii') as out:
        out.write(PROBER.replace('GREETER', greeter))
    return run_world(options, folder, 'reset.cfg', *run_options)


def row_of(table, name):
    """The numbers of a process in what --stats prints, by the heads of its columns: all but the first are of two words."""
    rows = [line.split() for line in table.splitlines() if line.startswith(name + ' ')]
    if len(rows) != 1:
        raise Failure(f'no row of {name} in: {table}')
    return dict(zip(('served', 'made', 'failed', 'refused', 'entries', 'fuel', 'ran', 'peak', 'kills'), rows[0][1:]))


def assemblyscript_reset(options, folder):
    build_assemblyscript(options, folder, 'assemblyscript-reset')
    validated = bring(options, folder, 'reset', 'policy = "reset"; fuel = 10000000L;')
    if '26 rules proved; violated: P101 P104' not in validated:
        raise Failure('other verdicts than docs/languages.md says: ' + validated)
    need('wat2wasm')
    floor = f'--policy={audit_floor(folder, "reset")}'
    folded = os.path.join(folder, 'p.folded')
    fresh = ask_eight_times(options, folder, 'policy = "reset"; instances = 2;', floor, '--stats', '--trace=calls', f'--profile={folded}')
    same('what each request found', ['prober: hello, you (no. 1)'] * 8, fresh.stdout.splitlines())
    kept = ask_eight_times(options, folder, 'policy = "audit";', floor)
    same('what one instance keeps', [f'prober: hello, you (no. {n})' for n in range(1, 9)], kept.stdout.splitlines())
    calls = [line for line in fresh.stderr.splitlines() if ': call: prober -> greeter greeting.v1.Greeter/Hello: OK, 5 B in, 20 B out in 1, fuel ' in line]
    row = row_of(fresh.stderr, 'greeter')
    same('calls and kills of the greeter', ['2000', '0', '0'], [row['served'], row['made'], row['kills']])
    fuel = sum(int(line.split(' fuel ')[1].split(',')[0]) for line in calls)
    if len(calls) < 2000 or not 0 < fuel <= int(row['fuel']):
        raise Failure(f'{len(calls)} calls for {fuel} fuel, and in all: {row}')
    with open(folded, encoding='utf-8') as file:
        if not any(line.startswith('greeter;') and line.rsplit(' ', 1)[1].strip().isdigit() for line in file):
            raise Failure('no sample of the greeter in ' + folded)
    # All instances have one fuel_total: enough for some requests, not for 2,000.
    total = int(row['fuel']) // 2
    dry = ask_eight_times(options, folder, f'policy = "reset"; fuel_total = {total}L;', floor, '--stats')
    same('its end', 14, dry.returncode)
    if f'out of fuel: the process has used all of its {total} [R0202]' not in dry.stderr or row_of(dry.stderr, 'greeter')['fuel'] != str(total):
        raise Failure('not the fuel of all instances: ' + dry.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ('ld', 'validate', 'bundle', 'run', 'asker', 'cache'):
        parser.add_argument(name, type=os.path.abspath)
    parser.add_argument('--fetch', action='store_true', help='get AssemblyScript from npm when it is not there')
    options = parser.parse_args()
    cases, failed = (rust, assemblyscript, assemblyscript_reset), False
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
