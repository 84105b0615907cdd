#!/usr/bin/env python3
"""lie.py: w.pbundle of the current folder becomes lie.pbundle, in which the last module has a writable global more than the
manifest's verdicts know of. All digests and sizes are right, and imports, exports and layout are as the manifest says."""
import hashlib
import struct

ALIGN = 4096


def leb(n):
    out = b''
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def read_leb(b, at):
    n = shift = 0
    while True:
        n |= (b[at] & 127) << shift
        shift, at = shift + 7, at + 1
        if b[at - 1] < 128:
            return n, at


def with_global(module):
    """One more entry at the end of the global section."""
    at = 8
    while at < len(module):
        section, (size, body) = module[at], read_leb(module, at + 1)
        if section == 6:
            count, first = read_leb(module, body)
            content = leb(count + 1) + module[first:body + size] + bytes([0x7f, 1, 0x41, 0, 0x0b])
            return module[:at + 1] + leb(len(content)) + content + module[body + size:]
        at = body + size
    raise SystemExit('no global section')


def digest(b):
    return hashlib.blake2b(b, digest_size=32).digest()


with open('w.pbundle', 'rb') as f:
    bundle = f.read()
manifest_size, signatures_size = struct.unpack_from('<II', bundle, 12)
assert signatures_size == 0
manifest, at, blobs = bundle[24:24 + manifest_size], 24 + manifest_size, []
starts = [i for i in range(at, len(bundle)) if i % ALIGN == 0 and bundle[i:i + 4] == b'\0asm']
for start, end in zip(starts, starts[1:] + [len(bundle)]):
    blobs.append(next(bundle[start:stop] for stop in range(end, start, -1) if digest(bundle[start:stop]) in manifest))
old, new = blobs[-1], with_global(blobs[-1])
assert len(leb(len(old))) == len(leb(len(new)))
manifest = manifest.replace(b'\x10' + leb(len(old)) + b'\x1a\x20' + digest(old), b'\x10' + leb(len(new)) + b'\x1a\x20' + digest(new))
blobs[-1] = new
out = bundle[:24] + manifest
for blob in blobs:
    out += bytes(-len(out) % ALIGN) + blob
with open('lie.pbundle', 'wb') as f:
    f.write(out)
