#!/usr/bin/env python3
"""protoc.py RECODE PROTO-FOLDER CORPUS: does the guest's codec read and write as protobuf's own implementation does?

Messages of the corpus, and changed ones, go through RECODE (decode, encode) and through `protoc --decode | protoc
--encode`. Both must refuse, or both write the same bytes. Unknown fields cannot be compared that way: protoc keeps them,
guests drop them. Nor can a key that is in a map twice: protoc's dynamic messages keep both, so what protoc wrote is read by
us once more. Numbers of more than 64 bits are not tried: protoc cuts them, guests refuse them. Reports in TAP.
"""
import os
import random
import re
import struct
import subprocess
import sys

ROUNDS = 250
TYPE = 'tests.guest.v1.All'


def protoc(folder, *arguments, stdin):
    return subprocess.run(['protoc', '-I' + folder, *arguments, 'all.proto'], input=stdin, capture_output=True,
                          timeout=60, check=False)


def theirs(folder, message):
    """Bytes, None when refused, or 'unknown' when there are fields that the text form cannot name."""
    decoded = protoc(folder, '--decode=' + TYPE, stdin=message)
    if decoded.returncode != 0:
        return None
    if re.search(rb'^\s*\d+(:| \{)', decoded.stdout, re.MULTILINE):
        return 'unknown'
    if b'is not valid UTF-8' in decoded.stderr or b'invalid UTF-8' in decoded.stderr:
        return None  # protoc only warns of it; by the rules of proto3 it is an error
    encoded = protoc(folder, '--deterministic_output', '--encode=' + TYPE, stdin=decoded.stdout)
    if encoded.returncode != 0:
        raise RuntimeError(encoded.stderr.decode(errors='replace'))
    return encoded.stdout


def ours(recode, messages):
    data = b''.join(struct.pack('<I', len(m)) + m for m in messages)
    out = subprocess.run([recode], input=data, capture_output=True, timeout=60, check=True).stdout
    results = []
    while out:
        length = struct.unpack('<I', out[:4])[0]
        if length == 0xffffffff:
            results.append(None)
            out = out[4:]
        else:
            results.append(out[4:4 + length])
            out = out[4 + length:]
    return results


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


# Wire types of the fields of All, by number.
WIRE = {**dict.fromkeys([3, 4, 5, 6, 7, 8, 13, 16, 19, 72, 75, 81, 101, 103, 104, 105, 106, 51, 53], 0),
        **dict.fromkeys([1, 10, 12, 76, 52], 1), **dict.fromkeys([2, 9, 11], 5),
        **dict.fromkeys([14, 15, 17, 18, *range(31, 49), *range(61, 68), 71, 73, 77, 82, 91, 92, 102], 2)}
MESSAGES = (17, 18, 47, 48, *range(61, 68), 73, 82, 91, 92)
NUMBERS = (0, 1, 5, 300, 2**31, 2**32 - 1, 2**63, 2**64 - 1)


def random_field(rng):
    """A field of All, mostly with a value that fits it."""
    number, wire = rng.choice(list(WIRE.items()))
    if rng.random() < 0.05:
        wire = rng.choice([0, 1, 2, 5])
    if wire == 0:
        value = varint(rng.choice([*NUMBERS, rng.getrandbits(64)]))
    elif wire in (1, 5):
        value = rng.randbytes(8 if wire == 1 else 4)
    else:
        if number in (82, 91, 92):
            body = b''.join(random_field(rng) for _ in range(rng.randrange(3)))
        elif number in MESSAGES:
            body = rng.choice([b'', b'\x08\x05', b'\x08\xff\xff\xff\xff\x0f'])
        elif number in (14, 44, 71, 102):
            body = rng.choice([b'', b'a', 'h\u00e9'.encode(), b'\xf0\x9f\x98\x80', b'\xff'])
        elif number in (33, 34, 35, 36, 37, 38, 43, 46):
            body = b''.join(varint(rng.choice(NUMBERS)) for _ in range(rng.randrange(4)))
        else:
            body = rng.randbytes(8 * rng.randrange(3))
        value = varint(len(body)) + body
    return varint(number << 3 | wire) + value


def change(rng, seeds):
    message = bytearray(rng.choice(seeds))
    kind = rng.randrange(6)
    if kind == 0 or kind > 3:
        return b''.join(random_field(rng) for _ in range(rng.randrange(1, 8)))
    if kind == 1:
        return bytes(message) + bytes(rng.choice(seeds)) + random_field(rng)
    if kind == 2:
        return bytes(message[:rng.randrange(len(message) + 1)])
    for _ in range(rng.randrange(1, 4)):
        message[rng.randrange(len(message))] = rng.choice([0, 1, 2, 0x7f, 0x80, 0xff, rng.randrange(256)])
    return bytes(message)


def main():
    recode, folder, corpus = sys.argv[1:]
    rng = random.Random(20260101)
    seeds = [open(os.path.join(corpus, n), 'rb').read() for n in sorted(os.listdir(corpus))]
    messages = seeds + [change(rng, seeds) for _ in range(ROUNDS)]
    compared = refused = different = 0
    for message, mine in zip(messages, ours(recode, messages), strict=True):
        their = theirs(folder, message)
        if their == 'unknown':
            continue
        if their is not None:
            their = ours(recode, [their])[0]
        compared += 1
        refused += their is None
        if mine != their:
            different += 1
            show = lambda b: 'refused' if b is None else b.hex()
            print(f'# {message.hex()}\n#   ours:   {show(mine)}\n#   protoc: {show(their)}')
    print(f'# {compared} messages compared, {refused} of them refused')
    print('1..1')
    print('ok 1 - protoc' if not different and compared - refused > ROUNDS / 4 else f'not ok 1 - protoc: {different} differ')
    return 1 if different else 0


if __name__ == '__main__':
    sys.exit(main())
