#!/usr/bin/env python3
"""other_native.py BUNDLE WHAT: other.pbundle, unsigned, in which native code is something else:
target (for another machine), abi (another version of the border), garbage (no shared object), other-library (a shared object
without the symbol), digest (made from another module). All digests and sizes are right but that one."""
import hashlib
import struct
import sys

ALIGN, NATIVE, HEADER = 4096, 2, 24


def read_leb(b, at):
    n = shift = 0
    while True:
        n |= (b[at] & 127) << shift
        shift, at = shift + 7, at + 1
        if b[at - 1] < 128:
            return n, at


def fields(b):
    at = 0
    while at < len(b):
        key, at = read_leb(b, at)
        value, at = read_leb(b, at)
        if key & 7 == 2:
            value, at = b[at:at + value], at + value
        yield key >> 3, value


def digest(b):
    return hashlib.blake2b(b, digest_size=32).digest()


bundle = open(sys.argv[1], 'rb').read()
what = sys.argv[2]
manifest_size, signatures_size = struct.unpack_from('<II', bundle, 12)
manifest = bundle[HEADER:HEADER + manifest_size]
rows = [dict(fields(value)) for number, value in fields(manifest) if number == 7]
at, blobs = HEADER + manifest_size + signatures_size, []
for row in rows:
    at += -at % ALIGN
    blobs.append(bundle[at:at + row[2]])
    at += row[2]
native = [i for i, row in enumerate(rows) if row[1] == NATIVE]
target = next(t for t in (b'x86_64-linux-gnu', b'aarch64-linux-gnu') if t in manifest)

if what == 'target':
    manifest = manifest.replace(target, b'mips64-linux-gnu' if len(target) == 16 else b'riscv64-linux-gnu')
for i, row in enumerate(rows):
    made_from = b'\x12' + bytes([len(target)]) + target + b'\x1a\x20' + row[3]
    if what == 'abi':
        manifest = manifest.replace(made_from + b'\x20\x01', made_from + b'\x20\x4d')
    if what == 'digest':
        manifest = manifest.replace(made_from, made_from[:-1] + bytes([made_from[-1] ^ 1]))
for i in native:
    if what == 'garbage':
        other = b'no code' + blobs[i][7:]
    elif what == 'other-library':
        other = blobs[i].replace(b'\0parigot_native\0', b'\0parigot_nothing'[:15] + b'\0')
    else:
        continue
    manifest = manifest.replace(digest(blobs[i]), digest(other))
    blobs[i] = other
out = bundle[:16] + bytes(8) + manifest
for blob in blobs:
    out += bytes(-len(out) % ALIGN) + blob
with open('other.pbundle', 'wb') as f:
    f.write(out)
