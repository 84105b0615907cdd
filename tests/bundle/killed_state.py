#!/usr/bin/env python3
"""killed_state.py: kills `parigot-bundle verify --state` at random moments. The record is whole each time, and a generation
that was reported as good is in it. In the current folder: alone.wasm and a.key, a.pub."""
import base64
import random
import re
import subprocess
import time

ROUNDS = 60
STATE = 'killed-seen'

random.seed(7)
reported, cut_short = 0, 0
with open('a.pub', encoding='utf-8') as f:
    key = base64.b64encode(base64.b64decode(f.read().split('\n')[1])[10:]).decode()
for generation in range(1, ROUNDS + 1):
    with open('k.cfg', 'w', encoding='utf-8') as f:
        f.write(f'world = 1; name = "k"; generation = {generation}; modules = ({{ name = "m"; file = "alone.wasm"; }});')
    subprocess.run(['parigot-bundle', 'create', '--world', 'k.cfg', '-o', 'k.pbundle', '--sign', 'a.key'], check=True)
    process = subprocess.Popen(['parigot-bundle', 'verify', '-p', 'a.pub', f'--state={STATE}', 'k.pbundle'],
                               stdout=subprocess.PIPE, text=True)
    time.sleep(random.uniform(0, 0.006))
    process.kill()
    if 'good' in process.communicate()[0]:
        reported = generation
    else:
        cut_short += 1
    try:
        with open(STATE, encoding='utf-8') as f:
            text = f.read()
    except FileNotFoundError:
        text = ''
    seen = [int(n) for n in re.findall(re.escape(key) + r' k (\d+)\n', text)]
    assert text == '' or re.search(r'\nend [0-9a-f]{64}\n$', text), f'not whole: {text!r}'
    assert (seen or [0])[0] >= reported, f'generation {reported} was lost: {text!r}'
# the last word is the program's own: it can read what is there
subprocess.run(['parigot-bundle', 'verify', '-p', 'a.pub', f'--state={STATE}', 'k.pbundle'], check=True, stdout=subprocess.DEVNULL)
assert 0 < cut_short, 'no run was cut short'
