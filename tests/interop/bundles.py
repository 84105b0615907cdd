#!/usr/bin/env python3
"""Do parigot-bundle and the second implementation agree? Reports in TAP.

bundles.py [--mutants=N] [--seed=N] PARIGOT_BUNDLE BUNDLE...: each bundle is signed with a fresh key and given to both
verifiers, as it is and after changes that spoil its signature. Then manifests are changed and signed again, so that what
judges them are the checks of the manifest itself: by bits and by fields, of the bundles and of one that has every field.
Both must take the same, and where they refuse, the second one's code must be among those of the first.
"""
import ctypes
import ctypes.util
import hashlib
import os
import random
import re
import subprocess
import sys
import tempfile
import time

import verify_bundle

HERE = os.path.dirname(os.path.abspath(__file__))
VERIFIER = os.path.join(HERE, 'verify_bundle.py')
FLIPS = 24
BATCH = 4      # parigot-bundle shows 100 errors, and 20 are found in one manifest
PAST, FUTURE = 1_700_000_000, 4_102_444_800
KEY_ID = b'mutation'


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, check=False)


# ---- the signature notices ----

def verdicts(tool, key, path):
    return run(tool, 'verify', '-p', key, path).returncode == 0, run(sys.executable, VERIFIER, key, path).returncode == 0


def changes(data):
    """(what, bytes): flipped bits all over the file, cuts, additions."""
    generator = random.Random(1)
    places = [0, 8, 12, 16, 20, 24, 30] + [generator.randrange(len(data)) for _ in range(FLIPS)]
    for place in places:
        yield f'bit flipped at {place}', data[:place] + bytes([data[place] ^ 1 << place % 8]) + data[place + 1:]
    for cut in (0, 23, 24, len(data) // 2, len(data) - 1):
        yield f'cut at {cut}', data[:cut]
    yield 'a zero appended', data + b'\0'
    yield 'a page appended', data + bytes(4096)


def check(tool, folder, bundle):
    key, secret, signed = (os.path.join(folder, n) for n in ('k.pub', 'k.key', 'signed.pbundle'))
    for name in (key, secret, signed):
        if os.path.exists(name):
            os.unlink(name)
    for command in ([tool, 'keygen', '-W', '-p', key, '-s', secret],
                    [tool, 'sign', bundle, '-s', secret, '-o', signed]):
        result = run(*command)
        if result.returncode:
            return [f'{command}: {result.stdout}{result.stderr}']
    wrong = []
    if verdicts(tool, key, signed) != (True, True):
        wrong.append(f'as it is: {verdicts(tool, key, signed)}')
    with open(signed, 'rb') as f:
        data = f.read()
    path = os.path.join(folder, 'changed.pbundle')
    for what, changed in changes(data):
        with open(path, 'wb') as f:
            f.write(changed)
        if verdicts(tool, key, path) != (False, False):
            wrong.append(f'{what}: parigot-bundle and verify_bundle.py say {verdicts(tool, key, path)}')
    return wrong


# ---- a manifest as a tree of [number, wire type, value]; a message's value is a list of such ----

SAMPLES = [0, 1, 2, 3, 4, 12, 16, 17, 256, 257, 4096, 10000, 10001, 65536, 2**31, 2**32 - 1, 2**32, 2**32 + 1, 2**63, 2**64 - 1,
           PAST, FUTURE]
WORDS = [b'', b'a', b'A', b'a.b', b'a.v1.A', b'b.v1.B', b'parigot.kernel.v1.Kernel', b'parigot.log.v1.Log', b'parigot.file.v1.File',
         b'parigot.new.v1.New', b'parigot', b'/', b'a/b', b'..', b'\xff', b'\xed\xa0\x80', b'a\0b', b'a\nb', b'\x7f', b'x' * 64,
         b'x' * 65, b'y' * 256, b'P101', b'P104', b'P201', b'P699', b'P6x1', b'mvp', b'simd', bytes(32), bytes(31), b'\x7f\x7e',
         'é'.encode()]


def tree(message, data):
    fields, at = [], 0
    while at < len(data):
        tag, at = verify_bundle.varint(data, at, 5)
        if tag & 7 == 0:
            value, at = verify_bundle.varint(data, at)
        else:
            value, at = verify_bundle.payload(data, at)
        of = verify_bundle.MESSAGES[message][tag >> 3][1]
        fields.append([tag >> 3, tag & 7, tree(of, value) if of in verify_bundle.MESSAGES else value])
    return fields


def varint(value, padding=0):
    out = b''
    while value >= 0x80 or padding:
        out += bytes([value & 0x7f | 0x80])
        padding -= value < 0x80
        value >>= 7
    return out + bytes([value])


def encode(fields, generator=None):
    """generator: some numbers are longer than they need be"""
    def number(value):
        return varint(value, generator.choice((1, 2, 4, 5)) if generator and generator.random() < 0.02 else 0)
    out = b''
    for field, wire_type, value in fields:
        out += number(field << 3 | wire_type)
        if wire_type == 0:
            out += number(value)
        elif wire_type == 2:
            value = encode(value, generator) if isinstance(value, list) else value
            out += number(len(value)) + value
        else:
            out += value
    return out


def copy(fields):
    return [[n, w, copy(v) if isinstance(v, list) else v] for n, w, v in fields]


def messages(fields):
    """Every list of fields, the outermost first."""
    yield fields
    for _, _, value in fields:
        if isinstance(value, list):
            yield from messages(value)


def change_value(generator, row, fields):
    if isinstance(row[2], int):
        row[2] = generator.choice(SAMPLES + [row[2] + 1, max(row[2] - 1, 0)])
    elif isinstance(row[2], bytes):
        same = [v for n, _, v in fields if n == row[0] and isinstance(v, bytes)]
        row[2] = generator.choice(WORDS + [row[2] + b'x', row[2][:-1], row[2].swapcase(), *same])
    elif row[2]:
        change_value(generator, generator.choice(row[2]), row[2])


def mutate(generator, root):
    """One or a few changes of fields."""
    root = copy(root)
    for _ in range(generator.choice((1, 1, 1, 2, 3))):
        fields = generator.choice([m for m in messages(root) if m])
        row = generator.choice(fields)
        kind = generator.randrange(8)
        if kind == 0:
            fields.remove(row)
        elif kind == 1:
            fields.insert(generator.randrange(len(fields) + 1), copy([row])[0])
        elif kind == 2:
            other = generator.choice(fields)
            i, j = fields.index(row), fields.index(other)
            fields[i], fields[j] = fields[j], fields[i]
        elif kind == 3:
            number = generator.choice((14, 20, 111, 999, 1000, 1001, 2**29 - 1, 0))
            wire_type, value = generator.choice(((0, 5), (2, b'zz'), (5, b'1234'), (1, b'12345678'), (3, b''), (5, b'1')))
            fields.insert(generator.randrange(len(fields) + 1), [number, wire_type, value])
        elif kind == 4:
            row[0] = generator.randrange(1, 20)
        else:
            change_value(generator, row, fields)
    return root


def repair(root):
    """The list of services as the rest needs it, so that what is found is elsewhere."""
    def first(fields, number):
        return next((v for n, _, v in fields if n == number and isinstance(v, bytes)), b'')
    rows = {first(v, 1): row for row in root for n, _, v in [row] if n == 13 and isinstance(v, list)}
    modules = [v for n, _, v in root if n == 8 and isinstance(v, list)]
    names = {v for n, _, v in root if n == 12 and isinstance(v, bytes)}
    names |= {first(v, 1) for n, _, v in root if n == 11 and isinstance(v, list)}
    names |= {first(v, 1) for m in modules for n, _, v in m if n in (7, 8) and isinstance(v, list)}
    names |= {v for m in modules for n, _, v in m if n == 9 and isinstance(v, bytes)}
    return [row for row in root if row[0] != 13] + [rows.get(s, [13, 2, [[1, 2, s]]]) for s in sorted(names)]


def about_the_world(generator, root):
    """Who provides what, who requires what, in which order."""
    root = copy(root)
    modules = [row for row in root if row[0] == 8]
    links = [row for m in modules for row in m[2] if row[0] in (7, 8, 9)]
    for _ in range(generator.choice((1, 1, 2))):
        kind, m = generator.randrange(7), generator.choice(modules)
        if kind == 0:
            i, j = (root.index(row) for row in (m, generator.choice(modules)))
            root[i], root[j] = root[j], root[i]
        elif kind == 1:
            m[2].remove(generator.choice(m[2]))
        elif kind == 2:
            m[2].append(copy([generator.choice(links)])[0])
        elif kind == 3:
            root.append([12, 2, generator.choice(WORDS[3:10])])
        elif kind == 4:
            root.append([11, 2, [[1, 2, generator.choice(WORDS[3:10])], [2, 2, generator.choice((b'server', b'client', b'other', b'x'))]]])
        elif kind == 5:
            root[:] = [row for row in root if row[0] != generator.choice((9, 11, 12))]
        else:
            link = generator.choice(links)
            if isinstance(link[2], list):
                link[2][0][2] = generator.choice(WORDS[3:10])
    return repair(root)


def flip(generator, data):
    at = generator.randrange(28, len(data))
    return data[:at] + bytes([data[at] ^ 1 << generator.randrange(8)]) + data[at + 1:]


def everything():
    """A manifest with every field, and its blobs."""
    def digest(data):
        return hashlib.blake2b(data, digest_size=32).digest()

    def text(number, value):
        return [number, 2, value]
    blobs = [b'\0asm the server', b'\0asm the client', b'native code', b'descriptors', b'debug']
    kinds = [1, 1, 2, 3, 4]
    policy = b'policy = 1;\n'
    layout = [[n, 0, v] for n, v in enumerate((4096, 4096, 69632, 69632, 73728, 73728, 73730, 73744, 256, 1, 12), 1)]
    waiver = [text(1, b'errno'), text(2, b'P104'), text(3, b'errno'), text(4, bytes(32)), text(5, b'because'), [6, 0, 73728], [7, 0, 2],
              [8, 0, FUTURE]]
    kernel = text(7, [text(1, b'parigot.kernel.v1.Kernel'), text(2, b'Reply'), text(3, b'\x7f\x7f\x7f\x7f'), text(4, b'\x7f')])

    def module(name, blob, *more):
        return text(8, [text(1, name), *([[2, 0, blob]] if blob else []), [6, 0, 100], kernel, *more])

    def provides(service):
        return text(8, [text(1, service), text(2, b'Do')])

    def requires(service):
        return text(7, [text(1, service), text(2, b'Do'), text(3, b'\x7f\x7e'), text(4, b'')])
    root = [text(1, verify_bundle.TYPE.encode()), text(2, b'all'), text(3, b'1.0'), [4, 0, 3], [5, 0, FUTURE], text(6, b'test')]
    root += [text(7, [[1, 0, k], [2, 0, len(b)], text(3, digest(b))]) for k, b in zip(kinds, blobs)]
    root += [module(b'server', 0, text(3, [[1, 0, 2], text(2, b'x86_64'), text(3, digest(blobs[0])), [4, 0, 1]]), text(4, layout),
                    text(5, [[1, 0, 1 << 20], [2, 0, 5], [3, 0, 10**9], [4, 0, 7], [5, 0, 100], [6, 0, 8], [7, 0, 3]]), provides(b'a.v1.A'),
                    text(11, [text(1, b'P101'), [2, 0, 1]]), text(11, [text(1, b'P104'), [2, 0, 2], [3, 0, 1], [4, 0, 1]]), text(12, waiver),
                    text(13, [[1, 0, 2], [2, 0, 1]]), text(14, [text(1, b'lib.a'), text(2, b'x.o'), text(3, bytes(32)), text(4, b'clang')]),
                    text(17, b'mvp'), text(17, b'simd'), [18, 0, 5]),
             module(b'other', 0, provides(b'a.v1.A')),
             module(b'client', 1, requires(b'a.v1.A'), requires(b'out.v1.Out'), requires(b'parigot.log.v1.Log'),
                    text(9, b'parigot.file.v1.File'), text(9, b'parigot.log.v1.Log'), text(15, [text(1, b'count'), text(2, b'3')]),
                    text(15, [text(1, b'who'), text(2, b'world')]), text(16, [text(1, b'cache'), [2, 0, 1]]), text(16, [text(1, b'data')])),
             text(9, b'client'), text(10, [text(1, b'strict'), text(2, digest(policy)), text(3, policy)]),
             text(11, [text(1, b'a.v1.A'), text(2, b'other')]), text(12, b'out.v1.Out'),
             text(13, [text(1, b'a.v1.A'), text(2, bytes(32)), [3, 0, 4]])]
    root += [text(13, [text(1, s)]) for s in (b'out.v1.Out', b'parigot.file.v1.File', b'parigot.kernel.v1.Kernel', b'parigot.log.v1.Log')]
    return root, blobs


def taken_apart(path):
    with open(path, 'rb') as f:
        data = f.read()
    manifest_size, signatures_size = verify_bundle.read_header(data)
    manifest, at = data[24:24 + manifest_size], 24 + manifest_size + signatures_size
    blobs = []
    for blob in verify_bundle.decode('Manifest', manifest)['blobs']:
        at += -at % 4096
        blobs.append(data[at:at + blob['size']])
        at += blob['size']
    return tree('Manifest', manifest), blobs


# ---- signed again ----

class Signer:
    """libsodium's Ed25519, through ctypes: also verifies for the second implementation, which would need minutes."""
    def __init__(self):
        name = ctypes.util.find_library('sodium')
        self.sodium = ctypes.CDLL(name) if name else None
        if self.sodium:
            self.public, self.secret = ctypes.create_string_buffer(32), ctypes.create_string_buffer(64)
            self.sodium.crypto_sign_seed_keypair(self.public, self.secret, b'seed' * 8)

    def sign(self, message):
        out = ctypes.create_string_buffer(64)
        self.sodium.crypto_sign_detached(out, None, message, ctypes.c_ulonglong(len(message)), self.secret)
        return out.raw

    def verify(self, key, message, signature):
        return self.sodium.crypto_sign_verify_detached(signature, message, ctypes.c_ulonglong(len(message)), key) == 0

    def bundle(self, manifest, blobs, comment=b'timestamp:1\tfile:x'):
        signature = self.sign(hashlib.blake2b(manifest).digest())
        record = b'ED' + KEY_ID + signature + comment + self.sign(signature + comment)
        out = b'PBUNDLE\0' + b''.join(n.to_bytes(4, 'little') for n in (1, len(manifest), len(record) + 2, 0))
        out += manifest + len(record).to_bytes(2, 'little') + record
        for blob in blobs:
            out += bytes(-len(out) % 4096) + blob
        return out


def theirs(data, signer):
    try:
        verify_bundle.check_bundle(data, KEY_ID, signer.public.raw, int(time.time()))
        return 'good'
    except verify_bundle.Bad as e:
        return e.code


def ours(tool, folder, key, items):
    """Per item: {'good'}, or codes. One process for all."""
    names = [os.path.join(folder, f'm{i}.pbundle') for i in range(len(items))]
    for name, data in zip(names, items):
        with open(name, 'wb') as f:
            f.write(data)
    result = run(tool, 'verify', '-P', key, *names)
    if result.returncode not in (0, 1):
        raise SystemExit(f'Bail out! parigot-bundle: status {result.returncode}\n{result.stderr[-2000:]}')
    found = [set() for _ in names]
    for i in re.findall(r'm(\d+)\.pbundle: good', result.stdout):
        found[int(i)].add('good')
    for i, code in re.findall(r'm(\d+)\.pbundle.*\[([A-Z]\d{4})\]$', result.stderr, re.M):
        found[int(i)].add(code)
    return found


def mutants(generator, sources, signer, n):
    """(what, bytes)"""
    for number in range(n):
        name, root, blobs = sources[number % len(sources)]
        kind = generator.randrange(16)
        if kind == 0:
            manifest = flip(generator, encode(root))
        elif kind == 1:
            manifest = encode(root, generator)
        elif kind == 2:
            manifest = encode(root)[:generator.randrange(28, len(encode(root)) + 1)]
        elif kind < 8:
            manifest = encode(about_the_world(generator, root))
        else:
            manifest = encode(mutate(generator, root) if kind < 12 else repair(mutate(generator, root)))
        comment = generator.choice([b'c'] * 60 + [b'\t', b'\x01', b'\xff', b'', '\x7f'.encode(), b'x' * 8054, b'x' * 8055])
        files = list(blobs)
        if generator.randrange(12) == 0:
            generator.shuffle(files)
        if not manifest:
            continue
        data = signer.bundle(manifest, files, comment)
        yield f'{name} {number}', about_the_head(generator, data, len(manifest)) if generator.randrange(8) == 0 else data


def about_the_head(generator, data, manifest_size):
    """Header and records, without signing again: bits, records twice or of another key, cut, in front of others."""
    start, end = 24 + manifest_size, 24 + manifest_size + int.from_bytes(data[16:20], 'little')
    record, kind = data[start:end], generator.randrange(6)
    if kind == 0:
        at = generator.choice([*range(24), *range(start, end)])
        return data[:at] + bytes([data[at] ^ 1 << generator.randrange(8)]) + data[at + 1:]
    stranger = record[:4] + b'stranger' + record[12:]
    records = generator.choice([b'', record * 2, record * 16, record * 17, stranger, stranger + record, record + stranger,
                                record[:-1], record + b'\0', record[:2] + b'Ed' + record[4:], record + b'\x89\0' + bytes(137),
                                record + b'\x8a\0ED' + bytes(136), record[:-64] + bytes(64)])
    out = data[:16] + len(records).to_bytes(4, 'little') + data[20:start] + records
    return out + bytes(-len(out) % 4096) + data[end + -end % 4096:]


def compare(tool, folder, signer, items, counts):
    key = verify_bundle.base64.b64encode(b'Ed' + KEY_ID + signer.public.raw).decode()
    wrong = []
    for (what, data), codes in zip(items, ours(tool, folder, key, [d for _, d in items])):
        code = theirs(data, signer)
        counts[code] = counts.get(code, 0) + 1
        if code not in codes or ('good' in codes) != (code == 'good'):
            wrong.append(f'{what}: parigot-bundle says {sorted(codes)}, verify_bundle.py {code}')
            with open(os.path.join(tempfile.gettempdir(), f'parigot-disagree-{len(wrong)}.pbundle'), 'wb') as f:
                f.write(data)
    return wrong


def check_mutants(tool, folder, bundles, n, seed):
    """What both say of manifests that are signed, and changed. [], or what they do not agree on; None: cannot be done"""
    signer = Signer()
    if not signer.sodium:
        return None
    verify_bundle.verify = signer.verify
    sources = [('everything', *everything())] + [(os.path.basename(b), *taken_apart(b)) for b in bundles]
    counts, generator = {}, random.Random(seed)
    items = [(name, signer.bundle(encode(root), blobs)) for name, root, blobs in sources]
    wrong = compare(tool, folder, signer, items, counts)
    if counts != {'good': len(sources)}:
        wrong.append(f'unchanged ones: {counts}')
    batch = []
    for item in mutants(generator, sources, signer, n):
        batch.append(item)
        if len(batch) == BATCH:
            wrong += compare(tool, folder, signer, batch, counts)
            batch = []
    wrong += compare(tool, folder, signer, batch, counts) if batch else []
    print('# ' + ', '.join(f'{code}: {count}' for code, count in sorted(counts.items())))
    missing = {'good', 'B0104', 'B0107', 'B0108', 'B0302', 'B0303', 'B0305', 'B0306'} - set(counts)
    return wrong + [f'no mutant was judged {code}' for code in sorted(missing) if n >= 1000]


def main():
    arguments, n, seed = [], 2000, 1
    for word in sys.argv[1:]:
        if word.startswith('--mutants='):
            n = int(word[10:])
        elif word.startswith('--seed='):
            seed = int(word[7:])
        else:
            arguments.append(word)
    tool, bundles = arguments[0], arguments[1:]
    print(f'1..{len(bundles) + 1}')
    failed = not bundles
    with tempfile.TemporaryDirectory(prefix='parigot-interop-') as folder:
        for number, bundle in enumerate(bundles, 1):
            wrong = check(tool, folder, bundle)
            failed |= bool(wrong)
            print(f'{"not ok" if wrong else "ok"} {number} - {os.path.basename(bundle)}')
            print('\n'.join('# ' + line for line in wrong))
        wrong = check_mutants(tool, folder, bundles, n, seed)
        failed |= bool(wrong)
        skip = ' # SKIP no libsodium' if wrong is None else ''
        print(f'{"not ok" if wrong else "ok"} {len(bundles) + 1} - manifests changed and signed again{skip}')
        print('\n'.join('# ' + line for line in (wrong or [])[:40]))
    return failed


if __name__ == '__main__':
    sys.exit(main())
