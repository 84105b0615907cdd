#!/usr/bin/env python3
"""verify_bundle.py PUBLICKEY BUNDLE: a second implementation of docs/bundle-format.md, for comparison.

Written from the document with the standard library alone, Ed25519 included (RFC 8032). Slow and strict: exit 0 and one
line for each module when every check passes, exit 1 and one line that says which failed. Not a tool to rely on: its
arithmetic takes time that depends on its input, which is harmless only because it holds no secret.
"""
import base64
import hashlib
import struct
import sys

ALIGN = 4096
MAX_MANIFEST = 16 << 20
MAX_RECORDS, MAX_RECORD = 16, 8192
TYPE = 'parigot.bundle.v1.Manifest'


class Bad(Exception):
    pass


def require(condition, why):
    if not condition:
        raise Bad(why)


# ---- Ed25519, RFC 8032 §5.1 ----

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def add(a, b):
    """Points in extended coordinates, §5.1.4."""
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = f - e, d - c, d + c, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(s, a):
    result = (0, 1, 1, 0)
    while s:
        if s & 1:
            result = add(result, a)
        a = add(a, a)
        s >>= 1
    return result


def same(a, b):
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def decompress(data):
    """§5.1.3; None when there is no such point."""
    y = int.from_bytes(data, 'little')
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - x2) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, 'little'))


def verify(key, message, signature):
    """§5.1.7"""
    a, r, s = decompress(key), decompress(signature[:32]), int.from_bytes(signature[32:], 'little')
    if a is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), 'little') % L
    return same(multiply(s, BASE), add(r, multiply(h, a)))


# ---- the container ----

def read_public_key(path):
    """minisign's file: a comment line, then base64 of algorithm, key id, key."""
    lines = open(path, encoding='utf-8').read().splitlines()
    require(len(lines) >= 2 and lines[0].startswith('untrusted comment:'), 'public key: no comment line')
    data = base64.b64decode(lines[1], validate=True)
    require(len(data) == 42 and data[:2] == b'Ed', 'public key: not an Ed25519 key')
    return data[2:10], data[10:]


def split_records(data):
    records = []
    while data:
        require(len(data) >= 2, 'signatures: cut short')
        size = struct.unpack('<H', data[:2])[0]
        require(138 <= size <= MAX_RECORD and len(data) >= 2 + size, 'signatures: bad size')
        record, data = data[2:2 + size], data[2 + size:]
        require(record[:2] == b'ED', 'signatures: algorithm')
        records.append((record[2:10], record[10:74], record[74:-64], record[-64:]))
    require(len(records) <= MAX_RECORDS, 'signatures: too many')
    return records


def check_signatures(manifest, records, key_id, key):
    digest = hashlib.blake2b(manifest).digest()
    counted = 0
    for record_id, signature, comment, global_signature in records:
        if record_id != key_id:
            continue
        require(verify(key, digest, signature), 'signature does not match the manifest')
        require(verify(key, signature + comment, global_signature), 'trusted comment does not match')
        counted += 1
    require(counted > 0, 'no signature of this key')


# ---- protobuf, as far as the manifest needs it ----

def varint(data, at):
    value = shift = 0
    while True:
        require(at < len(data) and shift < 70, 'manifest: bad varint')
        value |= (data[at] & 0x7f) << shift
        at += 1
        if data[at - 1] < 0x80:
            return value, at
        shift += 7


def fields(data):
    """[(number, value)]: an int for varints, bytes for what has a length."""
    result, at = [], 0
    while at < len(data):
        tag, at = varint(data, at)
        if tag & 7 == 0:
            value, at = varint(data, at)
        elif tag & 7 == 2:
            size, at = varint(data, at)
            require(size <= len(data) - at, 'manifest: a field is longer than what is left')
            value, at = data[at:at + size], at + size
        else:
            raise Bad('manifest: wire type')
        result.append((tag >> 3, value))
    return result


def one(message, number, default):
    return next((v for n, v in reversed(message) if n == number), default)


def every(message, number):
    return [v for n, v in message if n == number]


def check_blobs(manifest, rest, at):
    """Each blob at the next multiple of 4096, zeros between, and nothing behind the last."""
    blobs = []
    for number, blob in enumerate(fields(b) for b in every(manifest, 7)):
        padding = -at % ALIGN
        require(len(rest) >= padding and not any(rest[:padding]), f'blob {number}: padding')
        rest, at = rest[padding:], at + padding
        size = one(blob, 2, 0)
        require(len(rest) >= size, f'blob {number}: the file ends in it')
        require(hashlib.blake2b(rest[:size], digest_size=32).digest() == one(blob, 3, b''), f'blob {number}: digest')
        blobs.append(rest[:size])
        rest, at = rest[size:], at + size
    return blobs, rest


def main():
    key_id, key = read_public_key(sys.argv[1])
    with open(sys.argv[2], 'rb') as f:
        data = f.read()
    require(len(data) >= 24 and data[:8] == b'PBUNDLE\0', 'not a bundle')
    version, manifest_size, signatures_size, zero = struct.unpack('<4I', data[8:24])
    require(version == 1 and zero == 0 and 0 < manifest_size <= MAX_MANIFEST, 'header')
    end = 24 + manifest_size + signatures_size
    require(len(data) >= end, 'the file ends in manifest or signatures')
    raw = data[24:24 + manifest_size]
    check_signatures(raw, split_records(data[24 + manifest_size:end]), key_id, key)

    manifest = fields(raw)
    require(manifest and manifest[0] == (1, TYPE.encode()), 'manifest: type')
    require(all(n <= 13 or n >= 1000 for n, _ in manifest), 'manifest: unknown field')
    blobs, rest = check_blobs(manifest, data[end:], end)
    require(not rest, 'bytes behind the last blob')
    print(f'{one(manifest, 2, b"").decode()} generation {one(manifest, 4, 0)}')
    for module in map(fields, every(manifest, 8)):
        print(f'  {one(module, 1, b"").decode()}: {len(blobs[one(module, 2, 0)])} bytes')


if __name__ == '__main__':
    try:
        main()
    except Bad as e:
        print(f'bad: {e}')
        sys.exit(1)
