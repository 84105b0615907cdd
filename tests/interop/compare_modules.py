#!/usr/bin/env python3
"""Compare two linked modules by structure: compare_modules.py THEIRS OURS. Exit 1 and a line for each difference.

For links whose bytes differ. In this order: imports, exports, function signatures and names, tables, memories, globals
with their initial values, tags, element segments, data (segments, then what memory holds at the start), names, features,
producers, other custom sections. Function bodies are compared as bytes, and where those differ as wasm-objdump -d
disassembles them, by instruction, so that a number encoded in more bytes is no difference. DWARF whose bytes differ is
compared as llvm-dwarfdump-19 tells it: strings by what they say, not where they lie.

What parigot-ld does otherwise on purpose is let through where the code says DELIBERATE; docs/wasm-ld.md has the reasons.
"""
import re
import subprocess
import sys

EXTERNAL = ['function', 'table', 'memory', 'global', 'tag']
SECTIONS = ['custom', 'type', 'import', 'function', 'table', 'memory', 'global', 'export', 'start', 'element', 'code', 'data',
            'datacount', 'tag']


class Reader:
    def __init__(self, data, at=0, end=None):
        self.data, self.at, self.end = data, at, len(data) if end is None else end

    def byte(self):
        self.at += 1
        return self.data[self.at - 1]

    def leb(self, signed=False):
        value = shift = 0
        while True:
            b = self.byte()
            value |= (b & 0x7f) << shift
            shift += 7
            if b < 0x80:
                return value - (1 << shift) if signed and b & 0x40 else value

    def take(self, n):
        self.at += n
        if self.at > self.end:
            raise ValueError('section is cut short')
        return self.data[self.at - n:self.at]

    def name(self):
        return self.take(self.leb()).decode(errors='replace')

    def vector(self, item):
        return [item() for _ in range(self.leb())]


class Module:
    """What a module says, with indices replaced by names or by what they stand for."""
    def __init__(self, path):
        self.path = path
        with open(path, 'rb') as data:
            self.bytes = data.read()
        self.order, self.customs = [], []
        self.types, self.imports, self.functions, self.tables, self.memories, self.globals = [], [], [], [], [], []
        self.tags, self.exports, self.elements, self.bodies, self.data = [], [], [], [], []
        self.start = self.data_count = None
        r = Reader(self.bytes, 8)
        while r.at < r.end:
            number, size = r.byte(), r.leb()
            section = Reader(self.bytes, r.at, r.at + size)
            self.order.append(SECTIONS[number])
            getattr(self, 'read_' + SECTIONS[number])(section)
            r.at += size
        self.names = self.read_names()

    # One method a section: core 2.0 §5.5.

    def read_custom(self, r):
        name = r.name()
        self.order[-1] = name
        self.customs.append((name, r.take(r.end - r.at)))

    def read_type(self, r):
        def one():
            r.byte()
            return bytes(r.vector(r.byte)).hex() + '->' + bytes(r.vector(r.byte)).hex()
        self.types = r.vector(one)

    def limits(self, r):
        flags = r.leb()
        return flags, r.leb(), r.leb() if flags & 1 else None

    def table(self, r):
        return hex(r.byte()), self.limits(r)

    def read_import(self, r):
        def one():
            module, name, kind = r.name(), r.name(), r.byte()
            if kind == 0:
                what = self.types[r.leb()]
                self.functions.append(what)
            elif kind == 1:
                what = self.table(r)
                self.tables.append(what)
            elif kind == 2:
                what = self.limits(r)
                self.memories.append(what)
            elif kind == 3:
                what = hex(r.byte()), r.byte()
                self.globals.append((*what, 'imported'))
            else:
                r.byte()
                what = self.types[r.leb()]
                self.tags.append(what)
            return module, name, EXTERNAL[kind], what
        self.imports = r.vector(one)

    def read_function(self, r):
        self.functions += r.vector(lambda: self.types[r.leb()])

    def read_table(self, r):
        self.tables += r.vector(lambda: self.table(r))

    def read_memory(self, r):
        self.memories += r.vector(lambda: self.limits(r))

    def constant(self, r):
        """A constant expression as text."""
        words = []
        while (op := r.byte()) != 0x0b:
            if op in (0x41, 0x42):
                words.append(f'{"i32" if op == 0x41 else "i64"}.const {r.leb(True)}')
            elif op in (0x43, 0x44):
                words.append('float ' + r.take(4 if op == 0x43 else 8).hex())
            elif op in (0x23, 0xd2):
                words.append(f'{"global.get" if op == 0x23 else "ref.func"} {r.leb()}')
            elif op == 0xd0:
                words.append(f'ref.null {r.byte()}')
            else:
                words.append(hex(op))
        return ' '.join(words)

    def read_global(self, r):
        self.globals += r.vector(lambda: (hex(r.byte()), r.byte(), self.constant(r)))

    def read_export(self, r):
        self.exports = r.vector(lambda: (r.name(), r.byte(), r.leb()))

    def read_start(self, r):
        self.start = r.leb()

    def read_element(self, r):
        def one():
            flags = r.leb()
            table = r.leb() if flags & 2 and not flags & 1 else 0
            offset = None if flags & 1 else self.constant(r)
            kind = r.byte() if flags & 3 else 0
            items = r.vector((lambda: self.constant(r)) if flags & 4 else r.leb)
            return flags, table, offset, kind, items
        self.elements = r.vector(one)

    def read_datacount(self, r):
        self.data_count = r.leb()

    def read_code(self, r):
        self.bodies = r.vector(lambda: r.take(r.leb()))

    def read_data(self, r):
        def one():
            flags = r.leb()
            memory = r.leb() if flags == 2 else 0
            offset = None if flags == 1 else self.constant(r)
            return flags, memory, offset, r.take(r.leb())
        self.data = r.vector(one)

    def read_tag(self, r):
        self.tags += r.vector(lambda: (r.byte(), self.types[r.leb()])[1])

    def read_names(self):
        """{subsection: {index: name}}; tool-conventions "name section"."""
        names = {}
        for name, content in self.customs:
            if name != 'name':
                continue
            r = Reader(content)
            while r.at < r.end:
                number, size = r.byte(), r.leb()
                end = r.at + size
                if number == 0:
                    names[0] = {0: r.name()}
                elif number not in (2, 3):  # locals and labels: compared as bytes with the rest
                    names[number] = dict(r.vector(lambda: (r.leb(), r.name())))
                r.at = end
        return names

    def function_name(self, index):
        return self.names.get(1, {}).get(index, f'function {index}')

    def resolved_exports(self):
        def target(kind, index):
            if kind == 0:
                return self.function_name(index), self.functions[index]
            if kind == 3:
                return self.globals[index]
            return index
        return [(name, EXTERNAL[kind], target(kind, index)) for name, kind, index in self.exports]

    def image(self):
        """What memory holds when the module starts: {page: bytes}, of active segments with a constant offset."""
        pages = {}
        for flags, _, offset, content in self.data:
            m = re.fullmatch(r'i32\.const (-?\d+)', offset or '')
            if not m:
                continue
            at = int(m.group(1)) & 0xffffffff
            for i in range(0, len(content), 4096):
                for page in {(at + i) >> 12, (at + min(i + 4095, len(content) - 1)) >> 12}:
                    pages.setdefault(page, bytearray(4096))
            for page in range(at >> 12, ((at + len(content) - 1) >> 12) + 1):
                low, high = max(page << 12, at), min((page + 1) << 12, at + len(content))
                pages.setdefault(page, bytearray(4096))[low - (page << 12):high - (page << 12)] = content[low - at:high - at]
        return {page: bytes(content) for page, content in pages.items() if any(content)}


def compare_lists(what, theirs, ours, show=str):
    """Complaints about two lists that should be equal: the first place where they part, and what only one has."""
    if theirs == ours:
        return []
    if sorted(map(repr, theirs)) == sorted(map(repr, ours)):
        return [f'{what}: the same in another order']
    lost = [show(x) for x in theirs if x not in ours][:4]
    new = [show(x) for x in ours if x not in theirs][:4]
    return [f'{what}: {len(theirs)} and {len(ours)}; theirs alone: {lost}; ours alone: {new}']


def disassembly(module):
    """{function index: [instruction]} as wasm-objdump -d tells it, without addresses and bytes."""
    command = ['wasm-objdump', '-d', module.path]
    text = subprocess.run(command, capture_output=True, text=True, errors='replace', check=True).stdout
    functions, lines = {}, None
    for line in text.splitlines():
        if head := re.match(r'[0-9a-f]+ func\[(\d+)\]', line):
            lines = functions[int(head.group(1))] = []
        elif lines is not None and '|' in line:
            instruction = line.split('|', 1)[1].strip()
            if instruction:  # the second line of a long encoding has none
                lines.append(instruction)
    return functions


def compare_code(theirs, ours):
    different = [i for i, (a, b) in enumerate(zip(theirs.bodies, ours.bodies)) if a != b]
    if len(theirs.bodies) != len(ours.bodies):
        return [f'functions: {len(theirs.bodies)} and {len(ours.bodies)}']
    if not different:
        return []
    a, b = disassembly(theirs), disassembly(ours)
    imported = len(theirs.functions) - len(theirs.bodies)
    complaints = []
    for i in (imported + d for d in different):
        x, y = a.get(i, []), b.get(i, [])
        at = next((k for k, (p, q) in enumerate(zip(x, y)) if p != q), min(len(x), len(y)))
        if x != y:
            complaints.append(f'code of {theirs.function_name(i)}: instruction {at}: '
                              f'{(x + ["none"])[at]!r} and {(y + ["none"])[at]!r}')
    return complaints[:8]


def dwarf_text(module):
    command = ['llvm-dwarfdump-19', '--debug-info', '--debug-line', '--debug-abbrev', '--debug-ranges', module.path]
    result = subprocess.run(command, capture_output=True, text=True, errors='replace', check=False)
    return [line for line in result.stdout.splitlines() if module.path not in line]


def strings_of(content):
    return set(content.split(b'\0'))


def compare_customs(theirs, ours):
    complaints = []
    a, b = dict(theirs.customs), dict(ours.customs)
    for name in [n for n in a if n in b and a[n] != b[n]]:
        if name == 'name' or name == 'build_id' and len(a[name]) == len(b[name]):
            continue  # names are compared by subsection; DELIBERATE: another digest, and of other bytes
        if name == '.debug_str':  # DELIBERATE: ours may have more strings, each the end of another of theirs
            lost = strings_of(a[name]) - strings_of(b[name])
            new = [s for s in strings_of(b[name]) - strings_of(a[name]) if s + b'\0' not in a[name]]
            if lost or new:
                complaints.append(f'.debug_str: theirs alone: {sorted(lost)[:4]}, ours alone: {new[:4]}')
        elif name.startswith('.debug_'):
            x, y = dwarf_text(theirs), dwarf_text(ours)
            if x != y:
                at = next((k for k, (p, q) in enumerate(zip(x, y)) if p != q), min(len(x), len(y)))
                complaints.append(f'{name}: {(x + ["nothing"])[at].strip()!r} and {(y + ["nothing"])[at].strip()!r}')
        else:
            complaints.append(f'{name}: {len(a[name])} and {len(b[name])} bytes, which differ')
    return complaints


def compare_names(theirs, ours):
    titles = {1: 'function names', 4: 'type names', 5: 'table names', 6: 'memory names', 7: 'global names', 9: 'data names',
              11: 'tag names'}
    complaints = []
    for number in sorted(set(theirs.names) | set(ours.names)):
        if number:  # DELIBERATE: the module's own name
            a, b = theirs.names.get(number, {}), ours.names.get(number, {})
            complaints += compare_lists(titles.get(number, f'names {number}'), sorted(a.items()), sorted(b.items()))
    return complaints


def compare(their_path, our_path):
    """Lines that tell how the module at our_path differs from that at their_path but for what is deliberate."""
    theirs, ours = Module(their_path), Module(our_path)
    if theirs.bytes == ours.bytes:
        return []
    complaints = compare_lists('sections', theirs.order, ours.order)
    complaints += compare_lists('imports', theirs.imports, ours.imports)
    complaints += compare_lists('exports', theirs.resolved_exports(), ours.resolved_exports())
    complaints += compare_lists('types', theirs.types, ours.types)
    complaints += compare_lists('signatures', theirs.functions, ours.functions)
    complaints += compare_lists('tables', theirs.tables, ours.tables)
    complaints += compare_lists('memories', theirs.memories, ours.memories)
    complaints += compare_lists('globals', theirs.globals, ours.globals)
    complaints += compare_lists('tags', theirs.tags, ours.tags)
    complaints += compare_lists('start', [theirs.start], [ours.start])
    complaints += compare_lists('elements', theirs.elements, ours.elements)
    complaints += compare_lists('data segments', [(d[0], d[1], d[2], len(d[3])) for d in theirs.data],
                                [(d[0], d[1], d[2], len(d[3])) for d in ours.data])
    if theirs.image() != ours.image():
        a, b = theirs.image(), ours.image()
        page = min(p for p in set(a) | set(b) if a.get(p) != b.get(p))
        at = next(i for i in range(4096) if a.get(page, bytes(4096))[i] != b.get(page, bytes(4096))[i])
        complaints.append(f'memory at the start: differs first at {page * 4096 + at}')
    elif [d[3] for d in theirs.data] != [d[3] for d in ours.data] and not complaints:
        complaints.append('data segments: contents differ')
    if theirs.data_count != ours.data_count:
        complaints.append(f'data count: {theirs.data_count} and {ours.data_count}')
    return complaints + compare_code(theirs, ours) + compare_names(theirs, ours) + compare_customs(theirs, ours)


def main():
    if len(sys.argv) != 3:
        print(__doc__.splitlines()[0], file=sys.stderr)
        return 2
    complaints = compare(*sys.argv[1:])
    print('\n'.join(complaints) or 'the same')
    return 1 if complaints else 0


if __name__ == '__main__':
    sys.exit(main())
