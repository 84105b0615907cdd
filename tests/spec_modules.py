#!/usr/bin/env python3
"""Validate the modules cut out of the WebAssembly specification's test suite, and compare with what the suite expects.

    spec_modules.py PROGRAM SPEC-MODULES.tar.xz

PROGRAM is spec_modules.c. TAP points: modules to accept, modules to reject (in the suite's words), modules of proposals
that are not supported (rejected, or refused by the feature's name). Skipped with a word when the archive is not there.
"""
import json
import os
import subprocess
import sys
import tarfile
import tempfile

# Every module whose verdict is not the suite's, with the reason. None are left; a new one stands here or is a failure.
DIFFERENCES = {}

# Core modules that we reject in other words than the suite: (suite's phrase, beginning of ours): reason.
WORDS = {
    ('malformed import kind', 'unexpected end'): 'counts are compared with the bytes left before anything is read',
    ('unexpected end of section or function', 'unexpected end'): 'we say of what',
    ('length out of bounds', 'unexpected end'): 'counts are compared with the bytes left',
    ('integer too large', 'unexpected end'): 'counts are compared with the bytes left',
    ('integer too large', 'feature threads'): 'the bit in the limits flags is that of shared memories today',
    ('integer representation too long', 'unexpected end'): 'the number ends with the file',
    ('integer representation too long', 'malformed section id'): 'section ids are bytes',
    ('integer representation too long', 'malformed limits flags'): 'limits flags are a byte',
    ('section size mismatch', 'unexpected end of section or function'): 'the body does not end; the section is right',
    ('illegal opcode', 'unexpected end'): 'a prefix at the end of the body',
    ('unknown data segment', 'data count section required'): 'both are true',
}

# What a module of a proposal may be refused for: (part of its source's path, features). First match counts.
# Proposals build on others, and the suite of 3.0 mixes them: any feature that the module does need is right.
GC = {'gc', 'function-references'}
FEATURES = [
    ('proposals/gc/', GC),
    ('proposals/function-references/type-equivalence', GC),
    ('proposals/function-references/', {'function-references'}),
    ('proposals/custom-descriptors/', GC | {'custom-descriptors'}),
    ('proposals/memory64/i31', GC),
    ('proposals/wasm-3.0/instance', GC | {'exception-handling'}),
    ('proposals/wasm-3.0/array', GC),
    ('proposals/wasm-3.0/ref_null', GC),
    ('proposals/wasm-3.0/tag', GC | {'exception-handling'}),
    ('proposals/wasm-3.0/try_table', GC | {'exception-handling'}),
    ('proposals/wasm-3.0/', {'memory64'}),
    ('proposals/', None),  # the folder's own name
    ('relaxed', {'relaxed-simd'}),
    ('table_init', GC | {'memory64'}),
    ('64', {'memory64'}),
    ('try_table', {'exception-handling'}),
    ('imports', {'exception-handling'}),
    ('name_annot', {'exception-handling'}),
    ('', GC),
]


def features_of(source):
    for part, names in FEATURES:
        if part in source:
            return names or {source.split('proposals/')[1].split('/')[0]}
    raise AssertionError


def problem(row):
    """What is wrong about one module's result, or None."""
    if row['result'] == 'differs':
        return 'another result with a custom section behind it'
    if row['file'] in DIFFERENCES:
        return None
    accepted = row['result'] == 'valid'
    if row['expect'] == 'accept':
        return None if accepted else 'rejected: ' + row['texts'][0]
    if accepted:
        return 'accepted, wanted: ' + (row['message'] or row['expect'])
    texts = [t.split(' ', 1)[1] for t in row['texts']]  # without the code
    if row['expect'] == 'reject-unsupported':
        wanted = features_of(row['source'])
        if any(f'feature {name} is not supported' in t for t in texts for name in wanted):
            return None
        return f'wanted one of {sorted(wanted)}: {texts[0]}'
    if row['group'] == 'core' and not any(row['message'] in t for t in texts):
        if not any(row['message'] == suite and t.startswith(ours) for suite, ours in WORDS for t in texts):
            return f'wanted "{row["message"]}": {texts[0]}'
    return None


def unpack(archive, folder):
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter='data') if hasattr(tarfile, 'data_filter') else tar.extractall(folder)
    for root, _, names in os.walk(folder):
        if 'manifest.jsonl' in names:
            return root
    raise SystemExit('no manifest.jsonl in ' + archive)


def main():
    program, archive = sys.argv[1:]
    if not os.path.exists(archive):
        print('1..0 # SKIP no ' + archive)
        return 0
    with tempfile.TemporaryDirectory(prefix='parigot-spec-') as folder:
        root = unpack(archive, folder)
        with open(os.path.join(root, 'manifest.jsonl'), encoding='utf-8') as f:
            rows = [json.loads(line) for line in f]
        paths = ''.join(os.path.join(root, row['file']) + '\n' for row in rows)
        out = subprocess.run([program], input=paths, capture_output=True, text=True, errors='replace', check=True).stdout
    for row, line in zip(rows, out.splitlines(), strict=True):
        row['result'], *row['texts'] = line.split('\t')

    groups = [('accepted', [r for r in rows if r['expect'] == 'accept']),
              ('rejected in the words of the suite', [r for r in rows if r['group'] == 'core' and r['expect'] != 'accept']),
              ('proposals: rejected', [r for r in rows if r['group'] == 'proposal' and r['expect'] != 'reject-unsupported']),
              ('proposals: refused by name', [r for r in rows if r['expect'] == 'reject-unsupported'])]
    print(f'1..{len(groups)}')
    failed = False
    for number, (name, members) in enumerate(groups, 1):
        wrong = [(r, p) for r in members if (p := problem(r))]
        failed |= bool(wrong)
        print(f'{"not " if wrong else ""}ok {number} - {len(members) - len(wrong)} of {len(members)} {name}')
        for row, why in wrong:
            print(f'# {row["file"]} ({row["source"]}): {why}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
