#!/usr/bin/env python3
"""Make many object files for a link: many_objects.py [--objects N] [--functions N] [--debug] FOLDER.

A folder of N wasm32 objects, each with its own symbols: functions that call each other and the next object's, string
literals (some shared by all objects), constant tables with addresses in them, counters, function pointers, weak inline
functions and, with --debug, DWARF 4 with the types of one common header. `main.o` starts the chain; one function in ten is
called by nobody. FOLDER/objects.rsp lists them all.

Compiling a thousand files takes minutes, so that a few dozen sources are compiled and each object made from one of them:
every name holds a placeholder of eight bytes, which is overwritten by the object's own number. Lengths stay the same, and
with them all that a section says of sizes and offsets. What exists already in FOLDER is kept if it was made by this script.
"""
import argparse
import hashlib
import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

TEMPLATES = 24
RECORDS = 28  # types in the common header
OWN, NEXT = 'q0OWN0zz', 'q0NXT0zz'  # what stands for this object's and the next object's number
COMPILE = ['clang-19', '--target=wasm32', '-ffreestanding', '-mbulk-memory', '-fno-ident', '-w', '-c']


def number_text(number):
    return f'm{number:07d}'


def common_types(rng, count=RECORDS):
    """The header that all sources share: its types fill .debug_info and .debug_str as those of a real project do."""
    scalars = ['int', 'unsigned', 'char', 'short', 'long long', 'float', 'double', 'const char *', 'void *']
    lines = ['typedef unsigned size_type;', 'void *memcpy(void *, const void *, size_type);']
    for t in range(count):
        fields = [f'{rng.choice(scalars)} member_{t}_{f};' for f in range(rng.randint(4, 14))]
        if t:
            fields.append(f'struct record_{rng.randrange(t)} *link_{t};')
        fields.append(f'int (*handler_{t})(struct record_{t} *self, int argument);')
        lines.append(f'struct record_{t} {{ {" ".join(fields)} }};')
        lines.append(f'enum kind_{t} {{ {", ".join(f"KIND_{t}_{k}" for k in range(6))} }};')
    lines.append('__attribute__((weak, noinline)) int shared_clamp(int v, int lo, int hi)'
                 ' { return v < lo ? lo : v > hi ? hi : v; }')
    lines.append('__attribute__((weak, noinline)) unsigned shared_mix(unsigned a, unsigned b)'
                 ' { return (a << 5 | a >> 27) ^ b * 2654435761u; }')
    return '\n'.join(lines) + '\n'


def function(rng, n, total):
    """One function: loops, a switch, a record of the common header, calls within the object and into the next one."""
    t = rng.randrange(RECORDS)
    calls = [c for c in range(n + 1, min(n + 3, total)) if c % 10 != 9]
    body = [f'    struct record_{t} *rec = (struct record_{t} *)where;',
            f'    enum kind_{t} kind = (enum kind_{t})(argument % 6);',
            f'    const char *text = "{OWN} object, function {n}: {"lorem ipsum dolor sit amet"[:rng.randint(4, 26)]}";',
            f'    int total = argument + counter_{OWN}_{n % 8};']
    for loop in range(rng.randint(0, 2)):
        body.append(f'    for (int i{loop} = 0; i{loop} < {rng.randint(3, 90)}; i{loop}++) {{')
        body.append(f'        unsigned step{loop} = shared_mix((unsigned)total, (unsigned)i{loop});')
        body.append(f'        total += (int)(step{loop} ^ {rng.randrange(1 << 30)}) + text[i{loop} % 8]'
                    f' + table_{OWN}[i{loop} % 16].weight;\n    }}')
    body.append('    switch (kind) {')
    for k in range(rng.randint(1, 4)):
        body.append(f'    case KIND_{t}_{k}: total {rng.choice(["+=", "^=", "-=", "*="])} {rng.randint(3, 99999)}; '
                    f'rec->handler_{t} = (int (*)(struct record_{t} *, int))handlers_{OWN}[{k}]; break;')
    body.append('    }')
    body.append(f'    counter_{OWN}_{n % 8} = shared_clamp(total, {-rng.randint(1, 999)}, {rng.randint(1, 99999)});')
    for c in calls:
        body.append(f'    if (total & {1 << (c % 12)}) total += work_{OWN}_{c}(where, total >> 1);')
    if n % 10 != 9:
        body.append(f'    if (total == {rng.randrange(1 << 20)}) '
                    f'total += work_{NEXT}_{n}(rec, "shared between objects {n % 20}"[total & 7]);')
    if n % 3 == 0:
        body.append(f'    if (total > 5) total += rec->handler_{t}(rec, total);')
    linkage = '__attribute__((noinline)) '
    return f'{linkage}int work_{OWN}_{n}(void *where, int argument)\n{{\n' + '\n'.join(body) + '\n    return total;\n}\n'


def source(template, functions):
    header = common_types(random.Random(1))
    rng = random.Random(1000 + template)
    lines = [header]
    for n in range(functions):
        lines.append(f'int work_{OWN}_{n}(void *, int); int work_{NEXT}_{n}(void *, int);')
    lines += [f'static int counter_{OWN}_{c}{f" = {c * 3}" if c % 2 else ""};' for c in range(8)]
    lines.append(f'static int (*const handlers_{OWN}[6])(void *, int) = '
                 f'{{ {", ".join(f"work_{OWN}_{h * 7}" for h in range(6))} }};')
    rows = ', '.join(f'{{ "{OWN} row {r}", {rng.randint(1, 9999)} }}' for r in range(16))
    lines.append(f'static const struct {{ const char *name; int weight; }} table_{OWN}[16] = {{ {rows} }};')
    lines += [function(rng, n, functions) for n in range(functions)]
    return '\n'.join(lines)


def compile_source(text, output, debug):
    name = output[:-2] + '.c'
    with open(name, 'w', encoding='ascii') as out:
        out.write(text)
    # The folder that one builds in is not to change the bytes.
    flags = ['-Os', *(['-gdwarf-4', f'-ffile-prefix-map={os.path.dirname(name)}=.'] if debug else [])]
    subprocess.run([*COMPILE, *flags, os.path.basename(name), '-o', os.path.basename(output)],
                   check=True, cwd=os.path.dirname(name))
    with open(output, 'rb') as data:
        return data.read()


def entry_source(functions):
    calls = ''.join(f'    total += work_{NEXT}_{n}(record, {n});\n' for n in range(functions) if n % 10 != 9)
    declarations = ''.join(f'int work_{NEXT}_{n}(void *, int);\n' for n in range(functions))
    return (f'{declarations}static long long record[64];\nstatic void begin(void)\n{{\n    volatile int total = 0;\n{calls}}}\n'
            'void _start(void) { begin(); }\n'
            # What parigot-ld exports where a policy holds; unused, and left out, elsewhere.
            'int parigot_init(int at, int size) { begin(); return 0; }\n'
            'int parigot_alloc(int size) { return 0; }\n')


def make(folder, objects, functions, debug):
    """The paths of the objects, made if they are not there."""
    with open(__file__, 'rb') as script:
        stamp = f'{hashlib.sha256(script.read()).hexdigest()} {objects} {functions} {debug}\n'
    stamp_path = os.path.join(folder, 'made-by')
    paths = [os.path.join(folder, 'main.o')] + [os.path.join(folder, f'{number_text(n)}.o') for n in range(objects)]
    if os.path.exists(stamp_path) and open(stamp_path, encoding='ascii').read() == stamp:
        return paths
    templates = os.path.join(folder, 'templates')
    os.makedirs(templates, exist_ok=True)
    count = min(TEMPLATES, objects)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        compiled = list(pool.map(lambda t: compile_source(source(t, functions), os.path.join(templates, f't{t}.o'), debug),
                                 range(count)))
    main = compile_source(entry_source(functions), os.path.join(templates, 'main.o'), debug)
    for n, path in enumerate(paths):
        data = main if n == 0 else compiled[(n - 1) % count]
        own, following = number_text(n - 1 if n else objects), number_text(n % objects)
        with open(path, 'wb') as out:
            out.write(data.replace(OWN.encode(), own.encode()).replace(NEXT.encode(), following.encode()))
    with open(os.path.join(folder, 'objects.rsp'), 'w', encoding='utf-8') as out:
        out.write('\n'.join(paths) + '\n')
    with open(stamp_path, 'w', encoding='ascii') as out:
        out.write(stamp)
    return paths


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--objects', type=int, default=1000)
    parser.add_argument('--functions', type=int, default=100)
    parser.add_argument('--debug', action='store_true')
    parser.add_argument('folder')
    options = parser.parse_args()
    paths = make(os.path.abspath(options.folder), options.objects, options.functions, options.debug)
    print(f'{len(paths)} objects, {sum(map(os.path.getsize, paths))} bytes')
    return 0


if __name__ == '__main__':
    sys.exit(main())
