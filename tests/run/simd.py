#!/usr/bin/env python3
"""Every vector instruction on edge values, on our interpreter and in node: simd.py RUN-EXPORTS OPCODES.

OPCODES is wasm/opcodes.def: an instruction that stands there and is not tried here fails the test. Each case is an
export without parameters that returns the result's two halves. Not compared: sign and payload of NaNs.
"""
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

ROUNDS = 6
EDGES = {
    8: [0, 1, 0x7f, 0x80, 0x81, 0xff, 0x55],
    16: [0, 1, 0x7fff, 0x8000, 0x8001, 0xffff, 0x00ff, 0x0100],
    32: [0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x0000ffff, 0x00010000],
    64: [0, 1, 0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff, 0xffffffff, 0x100000000],
    'f32': [0, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000, 0x3f000000, 0x3fc00000, 0x40200000,
            0xbf000000, 0x4effffff, 0x4f000000, 0xcf000000, 0x4f800000, 1, 0x7f7fffff, 0x4b000001, 0xc0200000],
    'f64': [0, 0x8000000000000000, 0x3ff0000000000000, 0xbff0000000000000, 0x7ff0000000000000, 0xfff0000000000000,
            0x7ff8000000000000, 0x3fe0000000000000, 0x3ff8000000000000, 0x4004000000000000, 0x41dfffffffc00000,
            0x41e0000000000000, 0xc1e0000000000000, 0x41f0000000000000, 0x7fefffffffffffff, 1, 0x4330000000000001,
            0xc004000000000000, 0x47efffffe0000000, 0x3810000000000000],
}
SHAPES = {'i8x16': 8, 'i16x8': 16, 'i32x4': 32, 'i64x2': 64, 'f32x4': 'f32', 'f64x2': 'f64', 'v128': 32}
BITS = {'f32': 32, 'f64': 64}
MEMORY_BYTES = 65536


def vector(rng, kind):
    bits = BITS.get(kind, kind)
    lanes = [rng.choice(EDGES[kind]) if rng.random() < 0.8 else rng.getrandbits(bits) for _ in range(128 // bits)]
    return sum(lane << i * bits for i, lane in enumerate(lanes))


def const(value):
    return '(v128.const i32x4 %s)' % ' '.join(hex(value >> 32 * i & 0xffffffff) for i in range(4))


def operand_kind(name):
    """Of which lanes the operands are made: the shape behind the underscore, else the one in front."""
    shapes = re.findall(r'[if]\d+x\d+', name)
    return SHAPES[shapes[-1] if shapes else 'v128']


def operands(rng, name, letters):
    kind = operand_kind(name)
    if name == 'i8x16.swizzle':
        return const(vector(rng, 8)) + const(sum(rng.choice([rng.randrange(16), 16, 255, 127]) << 8 * i for i in range(16)))
    out = []
    for letter in letters:
        if letter == 'V':
            out.append(const(vector(rng, kind)))
        elif letter == 'i':
            out.append(f'(i32.const {rng.choice([0, 1, 7, 8, 31, 32, 63, 64, 127, 255, 65535, 2**31 - 1, -1, -128])})')
        elif letter == 'I':
            out.append(f'(i64.const {rng.choice([0, 1, -1, 2**62, -2**63])})')
        else:
            bits = rng.choice(EDGES['f32' if letter == 'f' else 'f64'])
            out.append(f'({"f32.reinterpret_i32 (i32" if letter == "f" else "f64.reinterpret_i64 (i64"}.const {bits}))')
    return ''.join(out)


def expression(rng, name, pops, imm, align):
    """The instruction with operands; what a store has done is loaded again."""
    natural = {'V128_LOAD': 16}.get(name, 1 << align)
    if imm == 'MEMARG' or imm == 'MEMARG_LANE':
        address = rng.choice([64, 65, 71, 4096, MEMORY_BYTES - natural, MEMORY_BYTES - natural + 1, MEMORY_BYTES - 8])
        offset = rng.choice([0, 0, 1, 8, 4294967295])
        lane = f' {rng.randrange(16 // natural)}' if imm == 'MEMARG_LANE' else ''
        values = const(vector(rng, 32)) if 'V' in pops else ''
        text = f'({name} offset={offset}{lane} (i32.const {max(0, address - offset)}){values})'
        if '.store' in name:
            return f'{text} (v128.load (i32.const {min(max(0, address - offset) + offset, MEMORY_BYTES - 16)}))'
        return text
    if name == 'v128.const':
        return const(vector(rng, 32))
    lane = ''
    if imm == 'LANE':
        lane = f' {rng.randrange(1 << align)}'
    elif imm == 'LANES16':
        lane = ''.join(f' {rng.randrange(32)}' for _ in range(16))
    return f'({name}{lane} {operands(rng, name, pops)})'


def functions(path):
    """(name, number) and the text of a function, for each case of each instruction."""
    rng = random.Random(11)
    with open(path, encoding='utf-8') as f:
        rows = re.findall(r'^OP\(\w+,\s*"([^"]+)",\s*0xfd,\s*0x\w+,\s*"([^"]*)",\s*"([^"]*)",\s*(\w+),\s*(\d+),\s*SIMD\)', f.read(), re.M)
    for name, pops, pushes, imm, align in rows:
        for number in range(ROUNDS if imm != 'NONE' else 2 * ROUNDS):
            text = expression(rng, name, pops, imm, int(align))
            if pushes and pushes != 'V':
                back = {'i': 'i64.extend_i32_u', 'I': 'nop', 'f': 'i64.extend_i32_u (i32.reinterpret_f32', 'F': 'i64.reinterpret_f64'}[pushes]
                body = text if pushes == 'I' else f'({back} {text}{")" if pushes == "f" else ""})'
                yield name, number, f'(result i64 i64) {body} (i64.const 0)'
            else:
                yield name, number, (f'(result i64 i64) (local v128) {text} (local.set 0) '
                                     '(i64x2.extract_lane 0 (local.get 0)) (i64x2.extract_lane 1 (local.get 0))')


def write_module(path, cases):
    with open(path, 'w', encoding='utf-8') as out:
        data = ''.join('\\%02x' % (i * 37 + 11 & 255) for i in range(256))
        out.write(f'(module (memory 1) (data (i32.const 0) "{data}") (data (i32.const 4096) "{data}") (data (i32.const 65280) "{data}")\n')
        for name, number, text in cases:
            out.write(f'(func (export "{name}/{number}") {text})\n')
        out.write(')\n')


NODE = '''
const {readFileSync} = require('fs');
const m = new WebAssembly.Module(readFileSync(process.argv[2]));
const e = new WebAssembly.Instance(m).exports, out = {};
for (const x of WebAssembly.Module.exports(m)) {
  try { out[x.name] = e[x.name]().map(v => BigInt.asUintN(64, v).toString()); } catch { out[x.name] = 'trap'; }
}
console.log(JSON.stringify(out));
'''


def same(name, a, b):
    """Halves as numbers; where the result has float lanes, one NaN is as good as another."""
    if a == b or isinstance(a, str) or isinstance(b, str):
        return a == b
    shape = name.split('.')[0]
    if shape not in ('f32x4', 'f64x2'):
        return False
    bits, exponent, fraction = (32, 0xff, 23) if shape == 'f32x4' else (64, 0x7ff, 52)

    def lanes(halves):
        whole = halves[0] | halves[1] << 64
        for i in range(128 // bits):
            lane = whole >> i * bits & (1 << bits) - 1
            nan = lane >> fraction & exponent == exponent and lane & (1 << fraction) - 1
            yield 'nan' if nan else lane
    return list(lanes(a)) == list(lanes(b))


def ours(program, options, wasm):
    lines = subprocess.run([program] + options + [wasm], capture_output=True, text=True, check=True, timeout=200).stdout.splitlines()
    out = {}
    for line in lines:
        name, _, result = line.partition('() => ')
        values = re.findall(r'i64:(\d+)', result)
        out[name] = [int(v) for v in values] if values else 'trap'
    return out


def main():
    program, opcodes = sys.argv[1:3]
    for tool in ('wat2wasm', 'node'):
        if not shutil.which(tool):
            print(f'1..0 # SKIP {tool} is not installed')
            return 0
    cases = list(functions(opcodes))
    with tempfile.TemporaryDirectory(prefix='parigot-simd-') as folder:
        wat, wasm, script = (os.path.join(folder, n) for n in ('m.wat', 'm.wasm', 'run.js'))
        write_module(wat, cases)
        subprocess.run(['wat2wasm', wat, '-o', wasm], check=True)
        with open(script, 'w', encoding='utf-8') as f:
            f.write(NODE)
        theirs = json.loads(subprocess.run(['node', script, wasm], capture_output=True, text=True, check=True).stdout)
        theirs = {k: v if v == 'trap' else [int(x) for x in v] for k, v in theirs.items()}
        results = [ours(program, options, wasm) for options in ([], ['--checked'])]
    names = list(dict.fromkeys(name for name, _, _ in cases))
    failed = 0
    for i, name in enumerate(names, 1):
        wrong = [(c, t) for c, n, t in ((f'{n}/{k}', n, t) for n, k, t in cases if n == name)
                 if not all(same(name, theirs[c], r.get(c)) for r in results)]
        failed += bool(wrong)
        print(f'{"not " if wrong else ""}ok {i} - {name}')
        for case, text in wrong[:2]:
            print(f'# {text}\n# node {theirs[case]}, ours {[r.get(case) for r in results]}')
    print(f'1..{len(names)}')
    return 1 if failed or len(names) < 236 else 0


if __name__ == '__main__':
    sys.exit(main())
