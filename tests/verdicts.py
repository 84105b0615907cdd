#!/usr/bin/env python3
"""Every rule and every verdict that it can have: the modules of verdicts.wat, each judged by parigot-validate.

A case is a module in text, with a comment above it:

    ;; P101 violated: a counter           the rule, its verdict (proved, violated, not provable, waived), what it is about
    ;; ARGS: --features=wamr              further arguments of parigot-validate
    ;; POLICY: limits = { types = 1; };   lines of a policy file on top of strict
    ;; CUSTOM: target_features 01 2b ...  a custom section to append: name, bytes
    ;; FIRST: parigot.module 01 02 ...    a custom section to put before all others
    ;; SAYS: text                         a finding of the rule says this

`waived` is proved, with something waived. Besides: each rule is off under policy none; a test fails when a rule that
parigot-validate lists has no case for a verdict, and one when a row of foreign.def is not told. `not provable` is asked of the rules whose code can say it."""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

HEAD = re.compile(r'^;; (P\d\d\d) (proved|violated|not provable|waived): (.*)$')
MORE = re.compile(r'^;; (ARGS|POLICY|CUSTOM|FIRST|SAYS): (.*)$')


class Case:
    def __init__(self, rule, verdict, what):
        self.rule, self.verdict, self.what = rule, verdict, what
        self.args, self.policy, self.customs, self.firsts, self.says, self.text = [], [], [], [], [], ''


def parse(path):
    cases = []
    with open(path, encoding='utf-8') as f:
        for line in f:
            if m := HEAD.match(line):
                cases.append(Case(*m.groups()))
            elif m := MORE.match(line):
                case, (key, value) = cases[-1], m.groups()
                if key == 'ARGS':
                    case.args += value.split()
                else:
                    {'POLICY': case.policy, 'CUSTOM': case.customs, 'FIRST': case.firsts, 'SAYS': case.says}[key].append(value)
            elif cases:
                cases[-1].text += line
    return cases


def leb(n):
    out = bytearray()
    while True:
        out.append(n & 0x7f | (0x80 if n > 0x7f else 0))
        n >>= 7
        if not n:
            return bytes(out)


def custom_section(line):
    name, *payload = line.split()
    body = leb(len(name)) + name.encode() + bytes.fromhex(''.join(payload))
    return b'\0' + leb(len(body)) + body


def make(case, folder):
    wat, wasm = os.path.join(folder, 'm.wat'), os.path.join(folder, 'm.wasm')
    with open(wat, 'w', encoding='utf-8') as f:
        f.write(case.text)
    made = subprocess.run(['wat2wasm', '--enable-all', '--debug-names', '--no-check', wat, '-o', wasm],
                          capture_output=True, text=True, check=False)
    if made.returncode:
        raise ValueError(made.stderr)
    with open(wasm, 'rb') as f:
        bytes_ = f.read()
    with open(wasm, 'wb') as f:
        f.write(bytes_[:8] + b''.join(map(custom_section, case.firsts)) + bytes_[8:] +
                b''.join(map(custom_section, case.customs)))
    return wasm


def judge(tool, arguments, wasm):
    result = subprocess.run([tool, '--format=json', *arguments, wasm], capture_output=True, text=True, timeout=60, check=False)
    if result.returncode > 1:
        raise ValueError(f'status {result.returncode}: {result.stderr}')
    return json.loads(result.stdout)['files'][0]


def differs(tool, case, folder):
    """What is not as the case says, or None."""
    wasm = make(case, folder)
    policy = ['--policy=strict']
    if case.policy:
        path = os.path.join(folder, 'p.cfg')
        with open(path, 'w', encoding='utf-8') as f:
            f.write('policy = 1;\nname = "test";\n' + '\n'.join(case.policy) + '\n')
        policy = ['--policy=' + path]
    seen = judge(tool, policy + case.args, wasm)
    row = next(r for r in seen['rules'] if r['code'] == case.rule)
    texts = [d['message'] for d in seen['diagnostics'] if d['code'] == case.rule]
    verdict = 'waived' if row['verdict'] == 'proved' and row['waived'] else row['verdict']
    if verdict != case.verdict:
        return f'{verdict}, expected {case.verdict}\n' + json.dumps(seen['diagnostics'], indent=1)
    for words in case.says:
        if not any(words in t for t in texts):
            return f'nothing says: {words}\n' + '\n'.join(texts)
    off = judge(tool, ['--policy=none'], wasm)
    if any(r['verdict'] != 'off' for r in off['rules']):
        return 'not off under --policy=none'
    return None


def foreign_rows(source):
    """An import for each row of foreign.def, and its rule."""
    with open(os.path.join(source, 'validator/foreign.def'), encoding='utf-8') as f:
        for rule, module, name in re.findall(r'^FOREIGN\((P\d+), +"([^"]*)", +"([^"]*)"', f.read(), re.M):
            yield rule, 'env' if module == '*' else module, name.replace('*', 'x')


def foreign_differs(tool, source, folder):
    """All of them in one module: each must be told by its own rule. None when they are."""
    rows = list(foreign_rows(source))
    imports = ''.join(f'(import "{module}" "{name}" (func))\n' for _, module, name in rows)
    case = Case('', '', '')
    case.text = f'(module {imports})'
    seen = judge(tool, ['--policy=strict'], make(case, folder))
    missing = [r for r in rows
               if not any(d['code'] == r[0] and f'"{r[1]}" "{r[2]}"' in d['message'] for d in seen['diagnostics'])]
    return f'not told: {missing}' if missing or not rows else None


def wanted(tool, source):
    """The verdicts that each rule can have."""
    listed = subprocess.run([tool, '--list-rules'], capture_output=True, text=True, check=True).stdout
    code = ''
    for path in glob.glob(os.path.join(source, 'validator', '*.c')):
        with open(path, encoding='utf-8') as f:
            code += f.read()
    unsure = set(re.findall(r'not_provable\(v, RULE_(P\d\d\d)', code))
    for line in listed.splitlines():
        rule = line[:4]
        yield rule, 'proved'
        yield rule, 'violated'
        if rule in unsure:
            yield rule, 'not provable'
        if ' waivable ' in line:
            yield rule, 'waived'


def main():
    source, build = os.environ['PARIGOT_SOURCE'], os.environ['PARIGOT_BUILD']
    tool = os.path.join(build, 'validator', 'parigot-validate')
    if subprocess.run(['sh', '-c', 'command -v wat2wasm'], capture_output=True, check=False).returncode:
        print('1..0 # SKIP wat2wasm is not installed')
        return 0
    cases = parse(os.path.join(os.path.dirname(__file__), 'verdicts.wat'))
    print(f'1..{len(cases) + 2}')
    failed = 0
    for number, case in enumerate(cases, 1):
        with tempfile.TemporaryDirectory(prefix='parigot-verdict-') as folder:
            try:
                why = differs(tool, case, folder)
            except (ValueError, KeyError, StopIteration, subprocess.SubprocessError) as e:
                why = f'{type(e).__name__}: {e}'
        print(f'{"not ok" if why else "ok"} {number} - {case.rule} {case.verdict}: {case.what}', flush=True)
        failed += bool(why)
        for line in (why or '').splitlines():
            print('# ' + line)
    there = {(c.rule, c.verdict) for c in cases}
    missing = [f'{rule} {verdict}' for rule, verdict in wanted(tool, source) if (rule, verdict) not in there]
    print(f'{"not ok" if missing else "ok"} {len(cases) + 1} - each rule has a case for each verdict')
    for m in missing:
        print('# no case: ' + m)
    with tempfile.TemporaryDirectory(prefix='parigot-verdict-') as folder:
        why = foreign_differs(tool, source, folder)
    print(f'{"not ok" if why else "ok"} {len(cases) + 2} - each row of foreign.def')
    if why:
        print('# ' + why)
    return 1 if failed or missing or why else 0


if __name__ == '__main__':
    sys.exit(main())
