"""mutants.py: makes modules out of modules, for validators.py: most are a little wrong, many are still valid.

A seed is taken apart into sections, function bodies and instructions (by wasm/opcodes.def); a mutant is a copy with one
to three changes, put together again with the sizes that it now has, so that the change itself is what is judged. Some
changes are to the bytes of the whole file. All choices come from the one random generator that the caller gives.
"""
import os
import re

OPCODES_DEF = os.path.join(os.path.dirname(__file__), '..', '..', 'wasm', 'opcodes.def')
TYPES = [0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x6f]
CUSTOM, TYPE, IMPORT, FUNCTION, CODE, DATA = 0, 1, 2, 3, 10, 11
HEADER = b'\0asm\1\0\0\0'
# A custom section behind all others: bodies that do not end where the file ends go another way through fast.c.
TRAILER = bytes([CUSTOM, 30, 4]) + b'test' + bytes(25)


def read_table():
    """{(prefix, code): immediate} and, for each kind of immediate, the encodings that have it."""
    kinds, by_kind = {}, {}
    with open(OPCODES_DEF, encoding='utf-8') as f:
        for line in f:
            row = re.match(r'OP\(\w+, *"[^"]*", *(0x\w+), *(0x\w+), *"[^"]*", *"[^"]*", *(\w+),', line)
            if row and row[3] != 'REFUSED':
                prefix, code = int(row[1], 16), int(row[2], 16)
                kinds[prefix, code] = row[3]
                by_kind.setdefault(row[3], []).append((bytes([prefix]) if prefix else b'') + (leb(code) if prefix else bytes([code])))
    return kinds, by_kind


def leb(value, pad=0):
    out = bytearray()
    while value > 0x7f or len(out) + 1 < pad:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def read_leb(data, pos):
    value = shift = 0
    while True:
        byte = data[pos]
        value |= (byte & 0x7f) << shift
        pos, shift = pos + 1, shift + 7
        if byte < 0x80:
            return value, pos


KINDS, BY_KIND = read_table()
LEBS = {'BLOCK': 1, 'LABEL': 1, 'FUNC': 1, 'CALL_IND': 2, 'LOCAL': 1, 'GLOBAL': 1, 'TABLE': 1, 'MEMARG': 2, 'MEM': 1, 'MEM2': 2,
        'DATA': 1, 'DATA_MEM': 2, 'ELEM': 1, 'ELEM_TABLE': 2, 'TABLE2': 2, 'I32': 1, 'I64': 1, 'LANE': 1, 'MEMARG_LANE': 3,
        'REFTYPE': 1}
BYTES = {'F32': 4, 'F64': 8, 'V128': 16, 'LANES16': 16}


def read_instruction(code, pos):
    """(encoding of the opcode, immediate, kind, next position)"""
    start, prefix, number = pos, 0, code[pos]
    pos += 1
    if 0xfb <= number <= 0xfe:
        prefix = number
        number, pos = read_leb(code, pos)
    kind = KINDS[prefix, number]
    opcode, start = code[start:pos], pos
    lebs = LEBS.get(kind, 0)
    if kind in ('BR_TABLE', 'SELECT'):
        n, pos = read_leb(code, pos)
        lebs = n + (kind == 'BR_TABLE')
    for _ in range(lebs):
        _, pos = read_leb(code, pos)
    pos += BYTES.get(kind, 0)
    if pos > len(code):
        raise IndexError
    return opcode, code[start:pos], kind, pos


class Body:
    """One function: its locals as bytes, its instructions as (opcode, immediate, kind)."""

    def __init__(self, data):
        n, pos = read_leb(data, 0)
        for _ in range(n):
            _, pos = read_leb(data, pos)
            pos += 1
        self.locals, self.code = data[:pos], []
        while pos < len(data):
            opcode, immediate, kind, pos = read_instruction(data, pos)
            self.code.append((opcode, immediate, kind))

    def copy(self):
        other = Body.__new__(Body)
        other.locals, other.code = self.locals, list(self.code)
        return other

    def text(self):
        return self.locals + b''.join(opcode + immediate for opcode, immediate, _ in self.code)


class Seed:
    """A module taken apart; sections are [id, bytes], of the code section a list of bodies."""

    def __init__(self, data):
        if data[:8] != HEADER:
            raise IndexError
        self.sections, pos = [], 8
        while pos < len(data):
            number = data[pos]
            size, pos = read_leb(data, pos + 1)
            payload = data[pos:pos + size]
            if len(payload) != size:
                raise IndexError
            self.sections.append([number, self.bodies(payload) if number == CODE else payload])
            pos += size

    @staticmethod
    def bodies(payload):
        n, pos = read_leb(payload, 0)
        out = []
        for _ in range(n):
            size, pos = read_leb(payload, pos)
            out.append(Body(payload[pos:pos + size]))
            pos += size
        if pos != len(payload):
            raise IndexError
        return out

    def copy(self):
        other = Seed.__new__(Seed)
        other.sections = [[number, [b.copy() for b in payload] if isinstance(payload, list) else payload] for number, payload in self.sections]
        return other

    def all_bodies(self):
        return [b for _, payload in self.sections if isinstance(payload, list) for b in payload]

    def text(self, padded=None):
        """The bytes; padded: the section whose size is written in five bytes."""
        out = [HEADER]
        for i, (number, payload) in enumerate(self.sections):
            if isinstance(payload, list):
                bodies = [b.text() for b in payload]
                payload = leb(len(bodies)) + b''.join(leb(len(b)) + b for b in bodies)
            out += [bytes([number]), leb(len(payload), 5 if i == padded else 0), payload]
        return b''.join(out)


def change_bytes(rng, data):
    """One change to bytes of any meaning."""
    data = bytearray(data)
    if not data:
        return b'\0'
    at, how = rng.randrange(len(data)), rng.randrange(7)
    if how == 0:
        data[at] ^= 1 << rng.randrange(8)
    elif how == 1:
        data[at] = rng.choice([0, 1, 2, 0x40, 0x7f, 0x80, 0xff, *TYPES])
    elif how == 2:
        data[at] = (data[at] + rng.choice([1, -1])) & 0xff
    elif how == 3:
        data.insert(at, rng.randrange(256))
    elif how == 4:
        del data[at]
    elif how == 5:
        data[at:at] = data[at:at + rng.randrange(1, 9)]
    else:  # a longer way to write what may be a number
        data[at:at + 1] = [data[at] | 0x80] + [0x80] * rng.randrange(9) + [rng.choice([0, 0, 0x7f, 1])]
    return bytes(data)


def change_number(rng, immediate):
    """Another LEB128 in place of the first one: near it, large, padded to five or to six bytes."""
    value, end = read_leb(immediate, 0)
    other = rng.choice([value + 1, max(value - 1, 0), 0, 1, 0x3f, 0x40, 0x7f, 0x80, 0xffffffff, 1 << 32, value])
    return leb(other, rng.choice([0, 0, 0, 0, 0, 0, 2, 5, 6])) + immediate[end:]


SIMPLE = [b'\x00', b'\x01', b'\x1a', b'\x1b', b'\x0b', b'\x05', b'\x0f', b'\x41\x00', b'\x42\x00', b'\x43\0\0\0\0',
          b'\x44' + bytes(8), b'\x02\x40', b'\x03\x40', b'\x04\x40', b'\x0c\x00', b'\x0d\x00', b'\x0e\x00\x00', b'\x20\x00',
          b'\x21\x00', b'\x22\x00', b'\x23\x00', b'\x24\x00', b'\x10\x00', b'\x12\x00', b'\x11\x00\x00', b'\x1c\x01\x7f',
          b'\xd0\x70', b'\xd1', b'\xd2\x00', b'\x45', b'\x6a', b'\x7c', b'\x28\x00\x00', b'\x36\x00\x00', b'\x02\x7f', b'\x03\x7e',
          b'\x0e\x01\x00\x01', b'\x02\x00', b'\x04\x7d', b'\x3f\x00', b'\x40\x00']


def instruction(data):
    opcode, immediate, kind, _ = read_instruction(data, 0)
    return opcode, immediate, kind


def change_code(rng, seed, pool):
    """One change to the instructions of one body; pool: bodies of other seeds."""
    bodies = seed.all_bodies()
    if not bodies:
        return False
    body = rng.choice(bodies)
    code = body.code
    if not code:
        return False
    at, how = rng.randrange(len(code)), rng.randrange(12)
    opcode, immediate, kind = code[at]
    if how <= 2:  # another of the same form
        code[at] = (rng.choice(BY_KIND[kind]), immediate, kind)
    elif how <= 4 and immediate:
        code[at] = (opcode, change_number(rng, immediate) if kind not in BYTES else change_bytes(rng, immediate), kind)
    elif how == 5:
        del code[at]
    elif how == 6:
        code.insert(at, code[rng.randrange(len(code))])
    elif how == 7:
        other = rng.randrange(len(code))
        code[at], code[other] = code[other], code[at]
    elif how == 8:
        code[at:at] = [instruction(data) for data in rng.choices(SIMPLE, k=rng.randrange(1, 4))]
    elif how == 9:
        other = rng.choice(pool).code
        start = rng.randrange(len(other)) if other else 0
        code[at:at + rng.randrange(3)] = other[start:start + rng.randrange(1, 6)]
    elif how == 10:
        body.locals = change_bytes(rng, body.locals) if rng.randrange(2) else leb(1) + leb(rng.randrange(9)) + bytes([rng.choice(TYPES)])
    else:
        code.insert(at, instruction(rng.choice([b'\x00', b'\x0c\x00', b'\x0f', b'\x1a', b'\x1b', b'\x0b'])))
    return True


def change_section(rng, seed, pool_sections):
    sections = seed.sections
    if not sections:
        return False
    at, how = rng.randrange(len(sections)), rng.randrange(10)
    number, payload = sections[at]
    if how == 0:
        other = rng.randrange(len(sections))
        sections[at], sections[other] = sections[other], sections[at]
    elif how == 1:
        sections.insert(rng.randrange(len(sections) + 1), sections[at])
    elif how == 2:
        del sections[at]
    elif how == 3:
        sections[at] = [rng.randrange(14), payload if isinstance(payload, bytes) else b'\0']
    elif how == 4:
        sections.insert(at, list(rng.choice(pool_sections)))
    elif how == 5:
        sections.insert(rng.randrange(len(sections) + 1), [CUSTOM, rng.choice([b'', b'\4name', b'\1\xff', b'\4test', b'\4name\0\1\0', b'\x85\0test!'])])
    elif isinstance(payload, list):
        if how == 6 and payload:
            payload.append(rng.choice(payload))
        elif how == 7 and payload:
            del payload[rng.randrange(len(payload))]
        else:
            return False
    elif payload:
        sections[at] = [number, change_bytes(rng, payload)]
    return True


def change_types(rng, seed):
    """A value type, somewhere that is not code."""
    places = [(i, k) for i, (number, payload) in enumerate(seed.sections) if number not in (CODE, CUSTOM, DATA) and isinstance(payload, bytes)
              for k, byte in enumerate(payload) if byte in TYPES]
    if not places:
        return False
    i, k = rng.choice(places)
    number, payload = seed.sections[i]
    seed.sections[i] = [number, payload[:k] + bytes([rng.choice(TYPES)]) + payload[k + 1:]]
    return True


def make(rng, seeds, pool, pool_sections):
    """One mutant of a random seed."""
    seed = rng.choice(seeds).copy()
    for _ in range(rng.choice([1, 1, 1, 2, 2, 3])):
        how = rng.randrange(20)
        if how < 13:
            change_code(rng, seed, pool)
        elif how < 16:
            change_section(rng, seed, pool_sections)
        elif how < 18:
            change_types(rng, seed)
    data = seed.text(rng.randrange(len(seed.sections)) if seed.sections and not rng.randrange(30) else None)
    whole = rng.randrange(16)
    if whole == 0:
        data = change_bytes(rng, data)
    elif whole == 1 and not rng.randrange(3):
        data = data[:rng.randrange(len(data))]
    return data + TRAILER if rng.randrange(2) else data
