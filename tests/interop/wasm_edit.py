"""A WebAssembly module as Python lists, for tests that add to it: core 2.0 without vectors, valid modules only.

Simple on purpose and independent of the tools under test: `count` makes the plainest meter there can be, which adds an
instruction's price to a counter right before that instruction.
"""
import struct

I32, I64, F32, F64 = 0x7f, 0x7e, 0x7d, 0x7c
CUSTOM, TYPE, IMPORT, FUNCTION, TABLE, MEMORY, GLOBAL, EXPORT, START, ELEMENT, CODE, DATA, DATA_COUNT = range(13)
ORDER = [TYPE, IMPORT, FUNCTION, TABLE, MEMORY, GLOBAL, EXPORT, START, ELEMENT, DATA_COUNT, CODE, DATA]

# Prices, docs/metering.md, written down once more.
ZERO = {0x01, 0x02, 0x03, 0x05, 0x0b}
SIX = {0x6d, 0x6e, 0x6f, 0x70, 0x7f, 0x80, 0x81, 0x82, 0x91, 0x95, 0x9f, 0xa3}
SIZED = {0x40: (100, lambda t: mul(t, 4096)), (0xfc, 8): (10, lambda t: shr(t, 4)), (0xfc, 10): (10, lambda t: shr(t, 4)),
         (0xfc, 11): (10, lambda t: shr(t, 4)), (0xfc, 12): (10, lambda t: shr(t, 0)), (0xfc, 14): (10, lambda t: shr(t, 0)),
         (0xfc, 15): (100, lambda t: mul(t, 4)), (0xfc, 17): (10, lambda t: shr(t, 0))}


def u(n):
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7f | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def s(n):
    out = bytearray()
    while True:
        byte = n & 0x7f
        n >>= 7
        if (n == 0 and not byte & 0x40) or (n == -1 and byte & 0x40):
            out.append(byte)
            return bytes(out)
        out.append(byte | 0x80)


def mul(t, k):
    return b'\x20' + u(t) + b'\xad\x42' + s(k) + b'\x7e'


def shr(t, k):
    return b'\x20' + u(t) + b'\xad\x42' + s(k) + b'\x88'


def vec(items):
    return u(len(items)) + b''.join(items)


def name(text):
    return u(len(text.encode())) + text.encode()


class Reader:
    def __init__(self, data, pos=0):
        self.data, self.pos = data, pos

    def byte(self):
        self.pos += 1
        return self.data[self.pos - 1]

    def leb(self, signed):
        n = shift = 0
        while True:
            b = self.byte()
            n |= (b & 0x7f) << shift
            shift += 7
            if b < 0x80:
                return n - (1 << shift) if signed and b & 0x40 else n

    def u(self):
        return self.leb(False)

    def s(self):
        return self.leb(True)

    def bytes(self, n):
        self.pos += n
        return self.data[self.pos - n:self.pos]


class Module:
    """sections: id -> payload, without the custom ones; types, imports, funcs (type indices), exports, bodies read out."""

    def __init__(self, data):
        r = Reader(data, 8)
        self.sections = {}
        while r.pos < len(data):
            kind, size = r.byte(), r.u()
            payload = r.bytes(size)
            if kind != CUSTOM:
                self.sections[kind] = payload
        self.types = self.items(TYPE, self.read_type)
        self.imports = self.items(IMPORT, self.read_import)
        self.declared = self.items(FUNCTION, Reader.u)
        self.exports = self.items(EXPORT, lambda r: (r.bytes(r.u()).decode(), r.byte(), r.u()))
        self.bodies = self.items(CODE, lambda r: r.bytes(r.u()))
        self.funcs = [i[1] for i in self.imports if i[0] == 0] + self.declared
        self.imported_funcs = len(self.funcs) - len(self.declared)
        self.globals = sum(i[0] == 3 for i in self.imports) + len(self.items(GLOBAL, self.read_global))

    def items(self, section, read):
        if section not in self.sections:
            return []
        r = Reader(self.sections[section])
        return [read(r) for _ in range(r.u())]

    @staticmethod
    def read_type(r):
        assert r.byte() == 0x60
        return tuple(list(r.bytes(r.u())) for _ in range(2))

    @staticmethod
    def read_import(r):
        r.bytes(r.u()), r.bytes(r.u())
        kind = r.byte()
        if kind == 0:
            return 0, r.u()
        if kind == 1:
            r.byte()
        if kind in (1, 2):
            return kind, [r.u() for _ in range(1 + (r.byte() & 1))]
        return kind, (r.byte(), r.byte())

    @staticmethod
    def read_global(r):
        r.byte(), r.byte()
        for _ in instructions(r, lambda block: (0, 0), 0):
            pass

    def add_items(self, section, items):
        r = Reader(self.sections.get(section, b'\0'))
        self.sections[section] = u(r.u() + len(items)) + r.data[r.pos:] + b''.join(items)

    def add_global(self, value, export=None):
        """An i64 that counts; its index."""
        self.add_items(GLOBAL, [bytes([I64, 1, 0x42]) + s(value) + b'\x0b'])
        self.globals += 1
        if export:
            self.add_items(EXPORT, [name(export) + b'\3' + u(self.globals - 1)])
        return self.globals - 1

    def add_func(self, results, code, export, local_types=()):
        self.types.append(([], results))
        self.add_items(TYPE, [b'\x60\0' + u(len(results)) + bytes(results)])
        self.add_items(FUNCTION, [u(len(self.types) - 1)])
        body = vec([b'\1' + bytes([t]) for t in local_types]) + code + b'\x0b'
        self.add_items(CODE, [u(len(body)) + body])
        self.funcs.append(len(self.types) - 1)
        self.add_items(EXPORT, [name(export) + b'\0' + u(len(self.funcs) - 1)])

    def keep_exports(self, wanted):
        kept = [e for e in self.exports if e[0] in wanted]
        self.sections[EXPORT] = vec([name(n) + bytes([k]) + u(i) for n, k, i in kept])

    def encode(self):
        return b'\0asm\1\0\0\0' + b''.join(bytes([k]) + u(len(self.sections[k])) + self.sections[k]
                                           for k in ORDER if k in self.sections)

    def arity(self, block):
        if block < 0:
            return 0, int(block != -64)
        params, results = self.types[block]
        return len(params), len(results)


def immediates(r, op):
    """Read over them: (label or function or type index, further labels)."""
    if op in (0x0c, 0x0d, 0x10, 0x12):
        return r.u(), None
    if op == 0x0e:
        labels = [r.u() for _ in range(r.u())]
        return r.u(), labels
    if op in (0x11, 0x13):
        kind = r.u()
        r.u()
        return kind, None
    if 0x20 <= op <= 0x26 or op in (0x3f, 0x40, 0xd2):
        return r.u(), None
    if 0x28 <= op <= 0x3e:
        return (r.u(), r.u())[0], None
    if op in (0x41, 0x42):
        r.s()
    elif op == 0x43:
        r.bytes(4)
    elif op == 0x44:
        r.bytes(8)
    elif op == 0x1c:
        r.bytes(r.u())
    elif op == 0xd0:
        r.byte()
    return None, None


def instructions(r, arity, results):
    """Of an expression up to its end: (offset, op, index, values that a branch carries)."""
    labels = [results]
    while labels:
        at, op, index, carried = r.pos, r.byte(), None, 0
        if op == 0xfc:
            op = (0xfc, r.u())
            for _ in range({8: 2, 9: 1, 10: 2, 11: 1, 12: 2, 13: 1, 14: 2, 15: 1, 16: 1, 17: 1}.get(op[1], 0)):
                r.u()
        elif op in (0x02, 0x03, 0x04):
            params, left = arity(r.s())
            labels.append(params if op == 0x03 else left)
        elif op == 0x0b:
            labels.pop()
        else:
            assert op < 0xfb, 'vectors and threads are not read here'
            index, _ = immediates(r, op)
            if op in (0x0c, 0x0d, 0x0e):
                carried = labels[-1 - index]
            elif op == 0x0f:
                carried = labels[0]
        yield at, op, index, carried


def price(module, op, index, carried):
    if op in ZERO:
        return 0
    if op in SIX:
        return 6
    if op in SIZED:
        return SIZED[op][0]
    if op in (0x10, 0x11, 0x12, 0x13):
        params, results = module.types[module.funcs[index] if op in (0x10, 0x12) else index]
        return (3 if op in (0x10, 0x12) else 5) + len(params) + len(results)
    return 1 + carried


def declared_locals(body):
    r = Reader(body)
    groups = [(r.u(), r.byte()) for _ in range(r.u())]
    return groups, r.pos


def expose(data, module):
    """`module`, which is that of `data` and more, with its state as exports: its memory, and the globals of `data`."""
    module, own = Module(module), Module(data)
    if MEMORY in module.sections:
        module.add_items(EXPORT, [name('state memory') + b'\2\0'])
    module.add_items(EXPORT, [name(f'state {i}') + b'\3' + u(i) for i in range(own.globals)])
    return module.encode()


def count(data, metered, stop=False):
    """The module with an exported i64 `count`: what has run, by the prices. metered: the same module with a meter, whose
    locals are paid for. stop: it traps instead of running what would cost more than an exported i64 `limit`; its state
    is exported (expose)."""
    module, other = Module(expose(data, data) if stop else data), Module(metered)
    counter = module.add_global(0, 'count')
    limit = module.add_global(0, 'limit') if stop else None

    def add(amount):
        code = b'\x23' + u(counter) + amount + b'\x7c\x24' + u(counter)
        return code + b'\x23' + u(counter) + b'\x23' + u(limit) + b'\x55\x04\x40\x00\x0b' if stop else code

    bodies = []
    for i, body in enumerate(module.bodies):
        params, results = module.types[module.declared[i]]
        groups, start = declared_locals(body)
        size = len(params) + sum(n for n, _ in groups)
        out = bytearray(vec([u(n) + bytes([t]) for n, t in groups] + [b'\1\x7f']))
        out += add(b'\x42' + s(2 + sum(n for n, _ in declared_locals(other.bodies[i])[0])))
        r = Reader(body, start)
        for at, op, index, carried in instructions(r, module.arity, len(results)):
            units = price(module, op, index, carried)
            if units:
                out += add(b'\x42' + s(units))
            if op in SIZED:
                out += b'\x22' + u(size) + add(SIZED[op][1](size))
            out += body[at:r.pos]
        bodies.append(u(len(out)) + bytes(out))
    module.sections[CODE] = vec(bodies)
    return module.encode()


def constant(kind, value):
    if kind in (I32, I64):
        return bytes([0x41 if kind == I32 else 0x42]) + s(value)
    return bytes([0x43]) + struct.pack('<f', value) if kind == F32 else bytes([0x44]) + struct.pack('<d', value)


def as_i64(kind):
    """A value's bits as an i64."""
    return {I32: b'\xac', I64: b'', F32: b'\xbc\xac', F64: b'\xbd'}[kind]


def drive(data, calls, fuel):
    """A module whose only exports are call0, call1, ...: each gives it that much fuel, calls one function with constant
    arguments, and returns the bits of what that returns and the fuel that is left (0 when it has no meter), all as i64."""
    module = Module(data)
    by_name = {n: (k, i) for n, k, i in module.exports}
    gauge = by_name.get('parigot:fuel', (3, None))[1]
    module.keep_exports(())
    for number, (export, args) in enumerate(calls):
        func = by_name[export][1]
        params, results = module.types[module.funcs[func]]
        code = b'' if gauge is None else b'\x42' + s(fuel) + b'\x24' + u(gauge)
        code += b''.join(constant(k, v) for k, v in zip(params, args)) + b'\x10' + u(func)
        code += b''.join(b'\x21' + u(i) for i in reversed(range(len(results))))
        code += b''.join(b'\x20' + u(i) + as_i64(kind) for i, kind in enumerate(results))
        code += b'\x42\0' if gauge is None else b'\x23' + u(gauge)
        module.add_func([I64] * (len(results) + 1), code, f'call{number}', results)
    return module.encode()


def without_imports(data):
    """The module with functions that return zeros in place of those that it imports; it imports nothing else."""
    module = Module(data)
    assert all(kind == 0 for kind, _ in module.imports)
    stubs = []
    for kind in module.funcs[:module.imported_funcs]:
        body = b'\0' + b''.join(constant(t, 0) for t in module.types[kind][1]) + b'\x0b'
        stubs.append(u(len(body)) + body)
    module.sections.pop(IMPORT, None)
    module.sections[FUNCTION] = vec([u(kind) for kind in module.funcs])
    module.sections[CODE] = vec(stubs + [u(len(body)) + body for body in module.bodies])
    return module.encode()


def functions(path):
    """{name: parameter types} of the exported functions."""
    with open(path, 'rb') as f:
        module = Module(f.read())
    return {n: module.types[module.funcs[i]][0] for n, kind, i in module.exports if kind == 0}


def in_json(path, calls):
    """[name, arguments] for JavaScript, which has two types of numbers: those of i64 are texts."""
    types = functions(path)
    return [[n, [str(a) if t == I64 else a for t, a in zip(types[n], args, strict=True)]] for n, args in calls]
