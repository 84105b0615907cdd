#!/usr/bin/env python3
"""hostile.py OUT [MODULES [INPUTS]]: a bundle, made by hand, whose every free text attacks who shows it.

The texts end strings of JSON and DOT, are records and entities of DOT, commands of terminals and CI systems, and turn the
direction of writing around. Names that the format restricts are harmless, else no reader would open it. MODULES (1) share one
module's bytes; each was linked of INPUTS (1).
"""
import hashlib
import sys

LINE = '"];evil[label="\\N&lt;{|}<p0>\u202e##[x]\u009b31m\\'  # where control characters are refused
TEXT = LINE + '\x1b[31m\n::error::evil\r\t\x7f'
WASM = b'\0asm\1\0\0\0' + bytes([5, 4, 1, 1, 1, 2])          # a memory of one page, two at most


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out + bytes([n]))


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def message(*fields):
    return b''.join(field(number, value) for number, value in fields)


def digest(data):
    return hashlib.blake2b(data, digest_size=32).digest()


def module(index, inputs):
    return message(
        (1, f'module-{index}'),
        (6, 100),
        (9, 'parigot.file.v1.File'), (9, 'parigot.log.v1.Log'),
        (11, message((1, 'P101'), (2, 1))), (11, message((1, 'P104'), (2, 2), (3, 7))), (11, message((1, 'P701'), (2, 4))),
        (12, message((1, TEXT), (2, 'P104'), (3, TEXT), (5, TEXT), (6, 4096), (7, 4), (8, 4102444799))),
        *((14, message((1, LINE.replace('/', '')), (2, f'{LINE}{i}'), (3, digest(b'%d' % i)), (4, TEXT))) for i in range(inputs)),
        (15, message((1, LINE), (2, TEXT))),
        (16, message((1, 'data'), (2, 1))),
        (17, 'simd'))


def main():
    modules = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    inputs = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    manifest = message(
        (1, 'parigot.bundle.v1.Manifest'), (2, 'hostile'), (3, LINE), (4, 1), (6, LINE),
        (7, message((1, 1), (2, len(WASM)), (3, digest(WASM)))),
        *((8, module(i, inputs)) for i in range(modules)),
        (10, message((1, LINE), (2, digest(TEXT.encode())), (3, TEXT))),
        (12, 'names.v1.Names'),
        (13, message((1, 'names.v1.Names'))), (13, message((1, 'parigot.file.v1.File'))), (13, message((1, 'parigot.log.v1.Log'))))
    head = b'PBUNDLE\0' + b''.join(n.to_bytes(4, 'little') for n in (1, len(manifest), 0, 0)) + manifest
    with open(sys.argv[1], 'wb') as out:
        out.write(head + bytes(-len(head) % 4096) + WASM)


if __name__ == '__main__':
    main()
