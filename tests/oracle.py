"""wasm-ld as an oracle: the same link by another linker, compared file by file and section by section."""
import filecmp
import os
import shutil

LINKERS = {'ORACLE': 'wasm-ld-19', 'ORACLE22': 'wasm-ld-22'}
SECTIONS = {1: 'type', 2: 'import', 3: 'function', 4: 'table', 5: 'memory', 6: 'global', 7: 'export', 8: 'start',
            9: 'element', 10: 'code', 11: 'data', 12: 'datacount', 13: 'tag'}
MAGIC = b'\0asm\1\0\0\0'


def command(linker, arguments, where):
    output = '' if ' -o' in ' ' + arguments else ' -o %o/out.wasm'
    return f'{linker} {arguments}{output}'.replace('%o', where)


def make_folders(folder):
    """Empty ones, for each ORACLE of a case."""
    for where in ('ours', 'theirs'):
        shutil.rmtree(os.path.join(folder, where), ignore_errors=True)
        os.mkdir(os.path.join(folder, where))


def leb(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7f) << shift
        shift += 7
        at += 1
        if not byte & 0x80:
            return value, at


def sections(data):
    """(name, payload) of each section, in order; what cannot be read raises IndexError or ValueError."""
    if data[:8] != MAGIC:
        raise ValueError('not a module')
    at, found = 8, []
    while at < len(data):
        number = data[at]
        size, at = leb(data, at + 1)
        payload = data[at:at + size]
        name = SECTIONS.get(number, f'section {number}')
        if number == 0:
            length, start = leb(payload, 0)
            name, payload = payload[start:start + length].decode('utf-8', 'replace'), payload[start + length:]
        found.append((name, payload))
        at += size
    return found


def first_difference(a, b):
    return next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))


def compare_modules(name, ours, theirs, differs):
    try:
        a = [s for s in sections(ours) if s[0] not in differs]
        b = [s for s in sections(theirs) if s[0] not in differs]
    except (IndexError, ValueError):
        return [f'{name} differs']
    if [s[0] for s in a] != [s[0] for s in b]:
        return [f'{name}: sections {[s[0] for s in a]}, wasm-ld {[s[0] for s in b]}']
    found = []
    for (section, x), (_, y) in zip(a, b):
        if x != y:
            at = first_difference(x, y)
            found.append(f'{name}: section {section}: {len(x)} bytes, wasm-ld {len(y)}; first difference at {at}: '
                         f'{x[max(0, at - 8):at + 16]!r}, wasm-ld {y[max(0, at - 8):at + 16]!r}')
    if not found and not differs:
        found.append(f'{name}: equal sections in different frames')
    return found


def compare(folder, ours, theirs, differs):
    """Differences between two links that were run in this folder, as lines; empty when there are none."""
    if (ours.returncode == 0) != (theirs.returncode == 0):
        return [f'status {ours.returncode}, wasm-ld {theirs.returncode}']
    found = []
    stdout = theirs.stdout.replace('theirs/', 'ours/')
    if ours.stdout != stdout and 'stdout' not in differs:
        found.append(f'stdout differs: ours\n{ours.stdout}\nwasm-ld\n{stdout}')
    if theirs.returncode != 0:
        return found
    a, b = os.path.join(folder, 'ours'), os.path.join(folder, 'theirs')
    if sorted(os.listdir(a)) != sorted(os.listdir(b)) and 'files' not in differs:
        found.append(f'files {sorted(os.listdir(a))}, wasm-ld {sorted(os.listdir(b))}')
    for name in sorted(set(os.listdir(a)) & set(os.listdir(b))):
        x, y = os.path.join(a, name), os.path.join(b, name)
        if name in differs or filecmp.cmp(x, y, shallow=False):
            continue
        with open(x, 'rb') as f, open(y, 'rb') as g:
            mine, other = f.read(), g.read()
        if mine.replace(b'ours/', b'theirs/') == other:
            continue
        if mine[:8] == MAGIC:
            found += compare_modules(name, mine, other, differs)
        else:
            found.append(f'{name} differs: ours\n{mine[:4000].decode("utf-8", "replace")}\nwasm-ld\n'
                         f'{other[:4000].decode("utf-8", "replace")}')
    return found
