#!/usr/bin/env python3
"""Write modules with assertions about every numeric instruction: numeric.py FOLDER.

The expected values are computed here, from core 2.0 section 4.3 "Numerics", with whole numbers and with Python's floats
(binary64, rounded to nearest even; binary32 by rounding once more, which is exact for + - * / sqrt). Nothing of the
interpreter is used. Every instruction is tried with edge values in each way in which its operands and its result can
reach it in register code: from locals, from the instruction before, as constants; to a local, to a branch, to a select.
"""
import math
import os
import struct
import sys
from fractions import Fraction

ARITHMETIC, CANONICAL = 'nan:arithmetic', 'nan:canonical'


class Trap(Exception):
    pass


# ---- floats as bit patterns ----

def f32(x):
    """Bits of the binary32 nearest to a binary64."""
    try:
        return struct.unpack('<I', struct.pack('<f', x))[0]
    except OverflowError:
        return 0xff800000 if x < 0 else 0x7f800000


def f64(x):
    return struct.unpack('<Q', struct.pack('<d', x))[0]


FLOATS = {
    'f32': dict(bits=32, fraction=23, exponent=0xff, pack=f32,
                unpack=lambda b: struct.unpack('<f', struct.pack('<I', b))[0]),
    'f64': dict(bits=64, fraction=52, exponent=0x7ff, pack=f64,
                unpack=lambda b: struct.unpack('<d', struct.pack('<Q', b))[0]),
}


def is_nan(t, b):
    f = FLOATS[t]
    return b >> f['fraction'] & f['exponent'] == f['exponent'] and b & ((1 << f['fraction']) - 1) != 0


def is_canonical(t, b):
    f = FLOATS[t]
    return is_nan(t, b) and b & ((1 << f['fraction']) - 1) == 1 << (f['fraction'] - 1)


def nan_of(t, *operands):
    return ARITHMETIC if any(is_nan(t, b) and not is_canonical(t, b) for b in operands) else CANONICAL


def sign_bit(t, b):
    return b >> (FLOATS[t]['bits'] - 1)


def text_of(t, value):
    """As the assertions write it."""
    if isinstance(value, str):
        return value
    if t[0] == 'i':
        return str(value)
    f = FLOATS[t]
    sign = '-' if sign_bit(t, value) else ''
    fraction = value & ((1 << f['fraction']) - 1)
    if is_nan(t, value):
        return f'{sign}nan:{fraction:#x}'
    x = f['unpack'](value)
    return f'{sign}inf' if math.isinf(x) else x.hex()


# ---- operations ----

def signed(n, x):
    return x - (1 << n) if x >> (n - 1) else x


def int_ops(n):
    mask = (1 << n) - 1

    def s(x):
        return signed(n, x)

    def quotient(x, y):
        q = abs(x) // abs(y)
        return q if (x < 0) == (y < 0) else -q

    def div_s(x, y):
        if y == 0:
            raise Trap('integer divide by zero')
        if s(x) == -(1 << (n - 1)) and s(y) == -1:
            raise Trap('integer overflow')
        return quotient(s(x), s(y)) & mask

    def div_u(x, y):
        if y == 0:
            raise Trap('integer divide by zero')
        return x // y

    def rem_s(x, y):
        if y == 0:
            raise Trap('integer divide by zero')
        return (s(x) - s(y) * quotient(s(x), s(y))) & mask

    def rem_u(x, y):
        if y == 0:
            raise Trap('integer divide by zero')
        return x % y

    def rotl(x, y):
        y %= n
        return ((x << y) | (x >> (n - y))) & mask

    binary = {
        'add': lambda x, y: (x + y) & mask, 'sub': lambda x, y: (x - y) & mask, 'mul': lambda x, y: (x * y) & mask,
        'div_s': div_s, 'div_u': div_u, 'rem_s': rem_s, 'rem_u': rem_u,
        'and': lambda x, y: x & y, 'or': lambda x, y: x | y, 'xor': lambda x, y: x ^ y,
        'shl': lambda x, y: (x << y % n) & mask, 'shr_u': lambda x, y: x >> y % n,
        'shr_s': lambda x, y: (s(x) >> y % n) & mask,
        'rotl': rotl, 'rotr': lambda x, y: rotl(x, n - y % n),
    }
    compare = {
        'eq': lambda x, y: x == y, 'ne': lambda x, y: x != y,
        'lt_s': lambda x, y: s(x) < s(y), 'lt_u': lambda x, y: x < y,
        'gt_s': lambda x, y: s(x) > s(y), 'gt_u': lambda x, y: x > y,
        'le_s': lambda x, y: s(x) <= s(y), 'le_u': lambda x, y: x <= y,
        'ge_s': lambda x, y: s(x) >= s(y), 'ge_u': lambda x, y: x >= y,
    }
    unary = {
        'clz': lambda x: n - x.bit_length(), 'ctz': lambda x: n if x == 0 else (x & -x).bit_length() - 1,
        'popcnt': lambda x: bin(x).count('1'),
    }
    for width in (8, 16, 32):
        if width < n:
            unary[f'extend{width}_s'] = lambda x, w=width: signed(w, x & ((1 << w) - 1)) & mask
    return binary, compare, unary


def float_ops(t):
    f = FLOATS[t]
    unpack, pack, top = f['unpack'], f['pack'], 1 << (f['bits'] - 1)

    def arithmetic(op):
        def run(x, y):
            if is_nan(t, x) or is_nan(t, y):
                return nan_of(t, x, y)
            r = op(unpack(x), unpack(y))
            return CANONICAL if math.isnan(r) else pack(r)
        return run

    def divide(x, y):
        if y != 0:
            return x / y
        if x == 0:
            return math.nan
        return math.copysign(math.inf, x) * math.copysign(1, y)

    def extreme(pick):
        def run(x, y):
            if is_nan(t, x) or is_nan(t, y):
                return nan_of(t, x, y)
            a, b = unpack(x), unpack(y)
            if a == b:
                return (x | y) if pick is min else (x & y)
            return x if pick(a, b) == a else y
        return run

    def rounding(op):
        def run(x):
            if is_nan(t, x):
                return nan_of(t, x)
            a = unpack(x)
            if math.isinf(a) or a == 0 or abs(a) >= 2.0 ** 60:
                return x
            return pack(math.copysign(float(op(a)), a))
        return run

    def root(x):
        if is_nan(t, x):
            return nan_of(t, x)
        a = unpack(x)
        return x if a == 0 else CANONICAL if a < 0 else pack(math.sqrt(a))

    def compare(op):
        return lambda x, y: op(unpack(x), unpack(y))

    binary = {
        'add': arithmetic(lambda a, b: a + b), 'sub': arithmetic(lambda a, b: a - b),
        'mul': arithmetic(lambda a, b: a * b), 'div': arithmetic(divide),
        'min': extreme(min), 'max': extreme(max),
        'copysign': lambda x, y: (x & ~top) | (y & top),
    }
    comparisons = {
        'eq': compare(lambda a, b: a == b), 'ne': compare(lambda a, b: a != b), 'lt': compare(lambda a, b: a < b),
        'gt': compare(lambda a, b: a > b), 'le': compare(lambda a, b: a <= b), 'ge': compare(lambda a, b: a >= b),
    }
    unary = {
        'abs': lambda x: x & ~top, 'neg': lambda x: x ^ top, 'ceil': rounding(math.ceil), 'floor': rounding(math.floor),
        'trunc': rounding(math.trunc), 'nearest': rounding(round), 'sqrt': root,
    }
    return binary, comparisons, unary


def int_to_float(value, t):
    """The nearest float, ties to even: rounded once, with whole numbers."""
    if value == 0:
        return 0
    f = FLOATS[t]
    magnitude, digits = abs(value), f['fraction'] + 1
    shift = max(magnitude.bit_length() - digits, 0)
    kept, rest = magnitude >> shift, magnitude & ((1 << shift) - 1)
    half = 1 << (shift - 1) if shift else 0
    if shift and (rest > half or (rest == half and kept & 1)):
        kept += 1
    return f['pack'](math.copysign(float(Fraction(kept) * (1 << shift)), value))


def conversions():
    """(name, operand type, result type, function)"""
    rows = [('i32.wrap_i64', 'i64', 'i32', lambda x: x & 0xffffffff),
            ('i64.extend_i32_s', 'i32', 'i64', lambda x: signed(32, x) & (1 << 64) - 1),
            ('i64.extend_i32_u', 'i32', 'i64', lambda x: x),
            ('i32.reinterpret_f32', 'f32', 'i32', lambda x: x), ('f32.reinterpret_i32', 'i32', 'f32', lambda x: x),
            ('i64.reinterpret_f64', 'f64', 'i64', lambda x: x), ('f64.reinterpret_i64', 'i64', 'f64', lambda x: x)]

    def demote(x):
        return nan_of('f64', x) if is_nan('f64', x) else f32(FLOATS['f64']['unpack'](x))

    def promote(x):
        return nan_of('f32', x) if is_nan('f32', x) else f64(FLOATS['f32']['unpack'](x))
    rows += [('f32.demote_f64', 'f64', 'f32', demote), ('f64.promote_f32', 'f32', 'f64', promote)]
    for i, n in (('i32', 32), ('i64', 64)):
        for f in FLOATS:
            for sign in 'su':
                low, high = (-(1 << (n - 1)), (1 << (n - 1)) - 1) if sign == 's' else (0, (1 << n) - 1)

                def truncate(x, f=f, n=n, low=low, high=high):
                    if is_nan(f, x):
                        raise Trap('invalid conversion to integer')
                    a = FLOATS[f]['unpack'](x)
                    if math.isinf(a) or not low <= int(a) <= high:
                        raise Trap('integer overflow')
                    return int(a) & ((1 << n) - 1)

                def saturate(x, f=f, n=n, low=low, high=high):
                    if is_nan(f, x):
                        return 0
                    a = FLOATS[f]['unpack'](x)
                    whole = (high + 1 if a > 0 else low - 1) if math.isinf(a) else int(a)
                    return min(max(whole, low), high) & ((1 << n) - 1)

                def convert(x, f=f, n=n, sign=sign):
                    return int_to_float(signed(n, x) if sign == 's' else x, f)
                rows += [(f'{i}.trunc_{f}_{sign}', f, i, truncate), (f'{i}.trunc_sat_{f}_{sign}', f, i, saturate),
                         (f'{f}.convert_{i}_{sign}', i, f, convert)]
    return rows


# ---- values ----

def int_values(n):
    top, mask = 1 << (n - 1), (1 << n) - 1
    return sorted({0, 1, 2, 3, 7, 31, 32, 33, 63, 64, 65, 0x7f, 0x80, 0xff, 0x8000, 0xffff, 0x12345678, 0x89abcdef & mask,
                   0x80000000 & mask, 0x7fffffff, 0xffffffff & mask, top, top - 1, top + 1, mask, mask - 1,
                   0x0123456789abcdef & mask, 0xfedcba9876543210 & mask,
                   0x01000001, 0x01000003 & mask, (1 << 53) + 1 & mask, (1 << 24) + 1, 0x7fffff4000000001 & mask,
                   0x8000004000000001 & mask, 0xfffffe8000000001 & mask, 0x0020000000000001 & mask})


def float_values(t):
    f = FLOATS[t]
    fraction = f['fraction']
    infinity = f['exponent'] << fraction
    whole = 2.0 ** fraction
    numbers = [0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.5, 4.2, 100.0, 1e10, whole / 2 + 0.5, whole - 0.5, whole,
               whole + 1, 2.0 ** 31, 2.0 ** 31 - 1, 2.0 ** 31 - 0.5, 2.0 ** 31 + 1, 2.0 ** 32, 2.0 ** 32 - 1, 2.0 ** 63,
               2.0 ** 63 + 2.0 ** 11, 2.0 ** 64, 2.0 ** 64 - 2.0 ** 11, math.pi, 0.1, 0.9999999, 1e-30, 1e30]
    bits = {f['pack'](x) for x in numbers}
    bits |= {1, 2, (1 << fraction) - 1, 1 << fraction, infinity, infinity - 1, f['pack'](1.0) + 1, f['pack'](1.0) - 1,
             infinity | 1 << (fraction - 1), infinity | 1, infinity | 0x200000 | 5, infinity | (1 << fraction) - 1}
    return sorted(bits | {b | 1 << (f['bits'] - 1) for b in bits})


VALUES = {'i32': int_values(32), 'i64': int_values(64), 'f32': float_values('f32'), 'f64': float_values('f64')}
# fewer, for the forms besides the first
FEW = {
    'i32': [0, 1, 31, 0x7fffffff, 0x80000000, 0xffffffff, 0x12345678],
    'i64': [0, 1, 63, (1 << 63) - 1, 1 << 63, (1 << 64) - 1, 0x123456789abcdef, 0xffffffff80000000, 0x80000000],
    'f32': [f32(x) for x in (0.0, -0.0, 1.5, -2.5, 1e30, math.inf)] + [0x7fc00000, 0x7fa00001],
    'f64': [f64(x) for x in (0.0, -0.0, 1.5, -2.5, 1e300, -math.inf)] + [0x7ff8000000000000, 0x7ff4000000000001],
}


# ---- modules ----

class Module:
    def __init__(self):
        self.lines = ['(module (memory 1)']
        self.asserts = []
        self.count = 0
        self.instruction = ''

    def function(self, params, result, body, local=''):
        """Its name starts with that of the instruction at hand: the assertions about it are one point."""
        self.count += 1
        name = f'{self.instruction}/{self.count}'
        parameters = ' '.join(f'(param {p})' for p in params)
        self.lines.append(f'  (func (export "{name}") {parameters} (result {result}) {local} {body})')
        return name

    def expect(self, name, arguments, result_type, compute):
        text = ' '.join(text_of(t, v) for t, v in arguments)
        try:
            self.asserts.append(f';; assert_return (invoke "{name}" {text}) {text_of(result_type, compute())}')
        except Trap as trap:
            self.asserts.append(f';; assert_trap (invoke "{name}" {text}) "{trap}"')

    def write(self, path):
        with open(path, 'w', encoding='ascii') as out:
            out.write('\n'.join(self.lines + [')'] + self.asserts) + '\n')


def get(i):
    return f'(local.get {i})'


def temp(t, i):
    """The local's value as a result of its own: left where an instruction leaves it."""
    return f'({t}.or {get(i)} {get(i)})' if t[0] == 'i' else f'({t}.copysign {get(i)} {get(i)})'


def constant(t, v):
    return f'({t}.const {text_of(t, v)})'


def compare_uses(op):
    """Bodies of type i32 that use a comparison in other ways than as a value."""
    return [f'(if (result i32) {op} (then (i32.const 1)) (else (i32.const 0)))',
            f'(if (result i32) (i32.eqz {op}) (then (i32.const 0)) (else (i32.const 1)))',
            f'(block (br_if 0 {op}) (return (i32.const 0))) (i32.const 1)',
            f'(block (br_if 0 (i32.eqz {op})) (return (i32.const 1))) (i32.const 0)',
            f'(block (result i32) (br_if 0 (i32.const 1) {op}) (drop) (i32.const 0))',
            f'(select (i32.const 1) (i32.const 0) {op})',
            f'(i32.eqz (i32.eqz {op}))', f'(i32.eqz (i32.eqz (i32.eqz (i32.eqz {op}))))']


def binary_forms(module, op, t, r, compute, comparison):
    """One function for each way of getting two operands, and for each way of using the result."""
    module.instruction = op

    def call(x, y):
        return f'({op} {x} {y})'
    name = module.function([t, t], r, call(get(0), get(1)))
    for x in VALUES[t]:
        for y in VALUES[t]:
            module.expect(name, [(t, x), (t, y)], r, lambda x=x, y=y: compute(x, y))
    sources = [call(temp(t, 0), get(1)), call(get(0), temp(t, 1)), call(temp(t, 0), temp(t, 1))]
    uses = compare_uses if comparison else lambda e: [f'(local.set 2 {e}) (local.get 2)',
                                                      f'(local.tee 2 {e}) (drop) (local.get 2)',
                                                      f'(block (result {r}) (br 0 {e}))', f'(return {e})']
    bodies = sources + [u for s in [call(get(0), get(1))] + sources for u in uses(s)]
    if t == r:
        bodies += [f'(local.set 0 {call(get(0), get(1))}) (local.get 0)', f'(local.set 1 {sources[2]}) (local.get 1)']
    for body in bodies:
        name = module.function([t, t], r, body, f'(local {r})')
        for x in FEW[t]:
            for y in FEW[t]:
                module.expect(name, [(t, x), (t, y)], r, lambda x=x, y=y: compute(x, y))
    for c in FEW[t]:
        right = [call(get(0), constant(t, c)), call(temp(t, 0), constant(t, c))]
        left = [call(constant(t, c), get(0)), call(constant(t, c), temp(t, 0))]
        if comparison:
            right += [u for s in list(right) for u in uses(s)]
            left += [u for s in list(left) for u in uses(s)]
        for bodies, swapped in ((right, False), (left, True)):
            for body in bodies:
                name = module.function([t], r, body)
                for v in FEW[t]:
                    x, y = (c, v) if swapped else (v, c)
                    module.expect(name, [(t, v)], r, lambda x=x, y=y: compute(x, y))
        both = module.function([], r, call(constant(t, c), constant(t, c)))
        module.expect(both, [], r, lambda c=c: compute(c, c))


def unary_forms(module, op, t, r, compute):
    module.instruction = op
    name = module.function([t], r, f'({op} {get(0)})')
    for x in VALUES[t]:
        module.expect(name, [(t, x)], r, lambda x=x: compute(x))
    for body in (f'({op} {temp(t, 0)})', f'(local.set 1 ({op} {get(0)})) (local.get 1)',
                 f'(local.set 1 ({op} {temp(t, 0)})) (local.get 1)', f'(return ({op} {temp(t, 0)}))'):
        name = module.function([t], r, body, f'(local {r})')
        for x in FEW[t]:
            module.expect(name, [(t, x)], r, lambda x=x: compute(x))
    for c in FEW[t]:
        name = module.function([], r, f'({op} {constant(t, c)})')
        module.expect(name, [], r, lambda c=c: compute(c))


def numeric(folder):
    for t in ('i32', 'i64', 'f32', 'f64'):
        binary, compare, unary = int_ops(int(t[1:])) if t[0] == 'i' else float_ops(t)
        for group, r, comparison in ((binary, t, False), (compare, 'i32', True)):
            module = Module()
            for name, compute in group.items():
                binary_forms(module, f'{t}.{name}', t, r,
                             (lambda x, y, c=compute: int(c(x, y))) if comparison else compute, comparison)
            module.write(os.path.join(folder, f'{t}-{"compare" if comparison else "binary"}.wat'))
        module = Module()
        for name, compute in unary.items():
            unary_forms(module, f'{t}.{name}', t, t, compute)
        if t[0] == 'i':
            unary_forms(module, f'{t}.eqz', t, 'i32', lambda x: int(x == 0))
        module.write(os.path.join(folder, f'{t}-unary.wat'))
    module = Module()
    for name, t, r, compute in conversions():
        unary_forms(module, name, t, r, compute)
    module.write(os.path.join(folder, 'convert.wat'))


# ---- loads and stores: every width, with offsets, at the end of memory, from and to every place ----

LOADS = [('i32.load', 4, 'i32', False), ('i64.load', 8, 'i64', False), ('f32.load', 4, 'f32', False),
         ('f64.load', 8, 'f64', False), ('i32.load8_s', 1, 'i32', True), ('i32.load8_u', 1, 'i32', False),
         ('i32.load16_s', 2, 'i32', True), ('i32.load16_u', 2, 'i32', False), ('i64.load8_s', 1, 'i64', True),
         ('i64.load8_u', 1, 'i64', False), ('i64.load16_s', 2, 'i64', True), ('i64.load16_u', 2, 'i64', False),
         ('i64.load32_s', 4, 'i64', True), ('i64.load32_u', 4, 'i64', False)]
STORES = [('i32.store', 4, 'i32'), ('i64.store', 8, 'i64'), ('f32.store', 4, 'f32'), ('f64.store', 8, 'f64'),
          ('i32.store8', 1, 'i32'), ('i32.store16', 2, 'i32'), ('i64.store8', 1, 'i64'), ('i64.store16', 2, 'i64'),
          ('i64.store32', 4, 'i64')]
SIZE = 65536
PATTERN = bytes((i * 7 + 0x81) & 0xff for i in range(256))
OUT = 'out of bounds memory access'


def loads(folder):
    module = Module()
    escaped = ''.join(f'\\{b:02x}' for b in PATTERN)
    module.lines.append(f'  (data (i32.const 1024) "{escaped}") (data (i32.const {SIZE - 256}) "{escaped}")')

    def expected(address, width, t, extend):
        if address + width > SIZE:
            raise Trap(OUT)
        raw = bytes(PATTERN[(a - 1024) % 256] if 1024 <= a < 1280 else PATTERN[a - (SIZE - 256)] if a >= SIZE - 256 else 0
                    for a in range(address, address + width))
        value = int.from_bytes(raw, 'little')
        return signed(8 * width, value) & ((1 << int(t[1:])) - 1) if extend else value

    for op, width, t, extend in LOADS:
        module.instruction = op
        for offset in (0, 1, 5, 1024, SIZE - 8, SIZE, 0x7fffffff, 0xffffffff):
            operand = f'({op} offset={offset} {{}})'
            bodies = [operand.format(get(0)), operand.format(temp('i32', 0)),
                      f'(local.set 1 {operand.format(get(0))}) (local.get 1)',
                      f'(local.set 1 {operand.format(temp("i32", 0))}) (local.get 1)']
            for body in bodies:
                name = module.function(['i32'], t, body, f'(local {t})')
                for address in (0, 1, 1024, 1031, SIZE - width, SIZE - width + 1, SIZE - 1, SIZE, 0x7fffffff, 0xffffffff):
                    module.expect(name, [('i32', address)], t,
                                  lambda a=address + offset: expected(a, width, t, extend))
            for address in (0, 3, 1024, SIZE - width, SIZE - width + 1, 0xffffffff):
                for body in (operand.format(constant('i32', address)),
                             f'(local.set 0 {operand.format(constant("i32", address))}) (local.get 0)'):
                    name = module.function([], t, body, f'(local {t})')
                    module.expect(name, [], t, lambda a=address + offset: expected(a, width, t, extend))
    module.write(os.path.join(folder, 'loads.wat'))


def stores(folder):
    module = Module()
    values = {t: FEW[t][3] if t[0] == 'i' else FEW[t][7] for t in FEW}  # 0x7f.., and a signalling NaN: bits stay
    values['i32'], values['i64'] = 0x89abcdef, 0xfedcba9876543210

    for op, width, t in STORES:
        module.instruction = op
        peek = module.function(['i32'], 'i64', '(i64.load (local.get 0))')
        v = values[t]
        kept = v & ((1 << 8 * width) - 1)
        for offset in (0, 3, SIZE - 16, 0xffffffff):
            addresses = {'S': get(0), 'A': temp('i32', 0)}
            operands = {'S': get(1), 'A': temp(t, 1), 'I': constant(t, v)}
            for a in addresses.values():
                for value in operands.values():
                    name = module.function(['i32', t], 'i32', f'({op} offset={offset} {a} {value}) (i32.const 1)')
                    for address in (8, SIZE - width - offset, SIZE - width - offset + 1, SIZE, 0xffffffff):
                        if address < 0:
                            continue
                        module.expect(name, [('i32', address), (t, v)], 'i32',
                                      lambda e=address + offset: store_result(e, width))
                        end = address + offset
                        if end + width <= SIZE:
                            at = min(end, SIZE - 8)
                            module.expect(peek, [('i32', at)], 'i64', lambda k=kept, e=end, at=at: k << 8 * (e - at))
                            clear = module.function([], 'i32', f'(i64.store (i32.const {at}) (i64.const 0)) (i32.const 1)')
                            module.expect(clear, [], 'i32', lambda: 1)
            for address in (16, SIZE - width, SIZE - width + 1):
                for value in operands.values():
                    name = module.function(['i32', t], 'i32', f'({op} offset={offset} (i32.const {address}) {value}) (i32.const 1)')
                    module.expect(name, [('i32', 0), (t, v)], 'i32', lambda e=address + offset: store_result(e, width))
                    end = address + offset
                    if end + width <= SIZE:
                        at = min(end, SIZE - 8)
                        module.expect(peek, [('i32', at)], 'i64', lambda k=kept, e=end, at=at: k << 8 * (e - at))
                        clear = module.function([], 'i32', f'(i64.store (i32.const {at}) (i64.const 0)) (i32.const 1)')
                        module.expect(clear, [], 'i32', lambda: 1)
    module.write(os.path.join(folder, 'stores.wat'))


def store_result(address, width):
    if address + width > SIZE:
        raise Trap(OUT)
    return 1


def main():
    folder = sys.argv[1]
    numeric(folder)
    loads(folder)
    stores(folder)


if __name__ == '__main__':
    main()
