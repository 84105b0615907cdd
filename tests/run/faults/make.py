#!/usr/bin/env python3
"""make.py FAULT [KEY=VALUE ...]: w.pbundle in the current folder, a world of three: a prober that asks `faulty` to go
wrong in the way named FAULT, and `steady`, which is to go on answering. KEY=VALUE: again, exit (of the prober); the
limits of MODULE_KEYS (of faulty); metered=yes; native=yes. The modules are those that the build has made, with a
meter put in where that is asked for."""
import os
import subprocess
import sys

MODULE_KEYS = ('restart', 'deadline', 'memory', 'message', 'queue', 'calls', 'fuel', 'fuel_total', 'entry', 'waiting', 'stack', 'table',
               'instances')

fault, extra = sys.argv[1], dict(word.split('=', 1) for word in sys.argv[2:])
modules = os.path.join(os.environ['PARIGOT_BUILD'], 'tests', 'run', 'faults')
if 'metered' in extra:
    for name in ('steady', 'faulty', 'prober'):
        subprocess.run(['parigot-ld', '--meter', '--rewrite', f'{modules}/{name}.wasm', '-o', f'{name}.wasm'], check=True)
    modules = os.getcwd()
limits = ''.join(f'{key} = {extra[key]}; ' for key in MODULE_KEYS if key in extra)
with open('world.cfg', 'w', encoding='utf-8') as f:
    f.write(f'''world = 1;
name = "faults";
main = "prober";
modules = (
  {{ name = "steady"; file = "{modules}/steady.wasm"; }},
  {{ name = "faulty"; file = "{modules}/faulty.wasm"; {limits}}},
  {{ name = "prober"; file = "{modules}/prober.wasm"; grant = [ "parigot.log.v1.Log" ];
     config = {{ fault = "{fault}"; again = "{extra.get('again', 1)}"; exit = "{extra.get('exit', 0)}"; }}; }}
);
''')
native = ['--native'] if 'native' in extra else []
sys.exit(subprocess.run(['parigot-bundle', 'create', '--world', 'world.cfg', '-o', 'w.pbundle'] + native, check=False).returncode)
