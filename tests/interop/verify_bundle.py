#!/usr/bin/env python3
"""verify_bundle.py PUBLICKEY BUNDLE: a second implementation of docs/bundle-format.md, for comparison.

Written from the document and manifest.proto with the standard library alone, Ed25519 included (RFC 8032). Slow and strict:
exit 0 and one line for each module when every check of the document passes; exit 1 and one line with the code of the check
that failed, the first one in the document's order. Not a tool to rely on: its arithmetic takes time that depends on its
input, which is harmless only because it holds no secret.
"""
import base64
import binascii
import hashlib
import os
import re
import struct
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SCHEMA = os.path.join(HERE, '..', '..', 'proto', 'parigot', 'bundle', 'v1', 'manifest.proto')

ALIGN = 4096
MAX_MANIFEST = 16 << 20
MAX_RECORDS, MAX_RECORD = 16, 8192
MAX_DEPTH, FIRST_INFORMATION = 8, 1000
TYPE = 'parigot.bundle.v1.Manifest'
KERNEL, FILE = 'parigot.kernel.v1.Kernel', 'parigot.file.v1.File'
MODULE, NATIVE, DESCRIPTORS, DEBUG = 1, 2, 3, 4
VALUE_TYPES = bytes([0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x6f])
FEATURES = set('''mvp mutable-global sign-ext sat-float multi-value bulk-memory reference-types simd extended-const tail-call
    threads exception-handling memory64 multi-memory function-references gc relaxed-simd stack-switching wide-arithmetic
    custom-page-sizes custom-descriptors memory-control stringref shared-everything-threads half-precision
    compact-import-section'''.split())


class Bad(Exception):
    """A code, as docs/security.md and parigot-bundle have it, and what is wrong."""
    def __init__(self, code, why):
        super().__init__(f'{code}: {why}')
        self.code = code


def require(condition, code, why):
    if not condition:
        raise Bad(code, why)


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


IDENTITY = (0, 1, 1, 0)


def verify(key, message, signature):
    """§5.1.7, cofactorless; and no R of small order"""
    a, r, s = decompress(key), decompress(signature[:32]), int.from_bytes(signature[32:], 'little')
    if a is None or r is None or s >= L or same(multiply(8, r), IDENTITY):
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), 'little') % L
    return same(multiply(s, BASE), add(r, multiply(h, a)))


# ---- keys: section 5 ----

def read_public_key(path):
    """minisign's file: a comment line, then base64 of algorithm, key id, key."""
    with open(path, 'rb') as f:
        lines = f.read().split(b'\n')
    require(len(lines) >= 2 and lines[0].startswith(b'untrusted comment:'), 'B0207', 'public key: no comment line')
    require(not any(line.strip() for line in lines[2:]), 'B0207', 'public key: more than two lines')
    try:
        data = base64.b64decode(lines[1].removesuffix(b'\r'), validate=True)
    except binascii.Error:
        data = b''
    require(len(data) == 42 and data[:2] == b'Ed', 'B0207', 'public key: not an Ed25519 key')
    point = decompress(data[10:])
    require(point is not None and not same(multiply(8, point), IDENTITY) and same(multiply(L, point), IDENTITY), 'B0207',
            'public key: not a point of the main subgroup')
    return data[2:10], data[10:]


# ---- the container: sections 1 and 2 ----

def read_header(data):
    require(len(data) >= 24, 'B0103', 'the file ends inside the header')
    require(data[:8] == b'PBUNDLE\0', 'B0101', 'not a bundle')
    version, manifest_size, signatures_size, zero = struct.unpack('<4I', data[8:24])
    require(version == 1, 'B0102', 'version')
    require(0 < manifest_size <= MAX_MANIFEST, 'B0104', 'manifest size')
    require(signatures_size <= MAX_RECORDS * (2 + MAX_RECORD), 'B0104', 'signatures size')
    require(zero == 0, 'B0104', 'reserved field')
    require(len(data) >= 24 + manifest_size + signatures_size, 'B0103', 'the file ends in manifest or signatures')
    return manifest_size, signatures_size


def split_records(data):
    records = []
    while data:
        require(len(records) < MAX_RECORDS, 'B0108', 'more than 16 records')
        require(len(data) >= 2, 'B0108', 'a record is cut short')
        size = struct.unpack('<H', data[:2])[0]
        require(138 <= size <= MAX_RECORD and len(data) >= 2 + size, 'B0108', 'size of a record')
        record, data = data[2:2 + size], data[2 + size:]
        require(record[:2] == b'ED', 'B0202', 'algorithm of a record')
        try:
            comment = record[74:-64].decode('utf-8')
        except UnicodeDecodeError:
            raise Bad('B0108', 'a trusted comment is not UTF-8') from None
        require(not re.search('[\\x00-\\x08\\x0a-\\x1f\\x7f]', comment), 'B0108', 'control character in a trusted comment')
        records.append((record[2:10], record[10:74], record[74:-64], record[-64:]))
    return records


def check_signatures(manifest, records, key_id, key):
    require(records, 'B0201', 'not signed')
    digest = hashlib.blake2b(manifest).digest()
    counted = 0
    for record_id, signature, comment, global_signature in records:
        if record_id != key_id:
            continue
        require(verify(key, digest, signature), 'B0203', 'a signature does not match the manifest')
        require(verify(key, signature + comment, global_signature), 'B0203', 'a trusted comment does not match')
        counted += 1
    require(counted > 0, 'B0204', 'no signature of this key')


# ---- protobuf: section 3, check 2 ----

def read_schema(path):
    """{message: {number: (name, type, repeated)}}, {enum: values}; as much of the language as manifest.proto uses."""
    with open(path, encoding='utf-8') as f:
        text = re.sub(r'//.*', '', f.read())
    messages, enums = {}, {}
    for kind, name, body in re.findall(r'\b(message|enum)\s+(\w+)\s*\{([^}]*)\}', text):
        if kind == 'enum':
            enums[name] = {int(n) for n in re.findall(r'=\s*(\d+)', body)}
        else:
            messages[name] = {int(number): (field, of, bool(repeated)) for repeated, of, field, number in
                              re.findall(r'(repeated\s+)?(\w+)\s+(\w+)\s*=\s*(\d+)', body)}
    return messages, enums


MESSAGES, ENUMS = read_schema(SCHEMA)
VARINTS = {'uint32': range(1 << 32), 'uint64': range(1 << 64), 'int64': range(1 << 64), 'bool': range(2)} | ENUMS
EMPTY = {'string': '', 'bytes': b''}


def varint(data, at, longest=10):
    value = 0
    for i in range(longest):
        require(at + i < len(data), 'B0302', 'the manifest ends inside a number')
        value |= (data[at + i] & 0x7f) << 7 * i
        if data[at + i] < 0x80:
            require(value < 1 << 64, 'B0302', 'a number of more than 64 bits')
            return value, at + i + 1
    raise Bad('B0302', f'a number of more than {longest} bytes')


def take(data, at, size):
    require(size <= len(data) - at, 'B0302', 'a field is longer than what is left')
    return data[at:at + size], at + size


def payload(data, at):
    size, at = varint(data, at, 5)
    return take(data, at, size)


def skip(number, wire_type, data, at):
    """An unknown field."""
    if wire_type == 0:
        _, at = varint(data, at)
    elif wire_type == 2:
        _, at = payload(data, at)
    else:
        require(wire_type in (1, 5), 'B0302', 'wire type of an unknown field')
        _, at = take(data, at, 8 if wire_type == 1 else 4)
    require(number >= FIRST_INFORMATION, 'B0303', f'unknown field {number}')
    return at


def known(of, wire_type, data, at, depth):
    """The value of a field of this type."""
    require(wire_type == (0 if of in VARINTS else 2), 'B0302', 'wire type')
    if of in VARINTS:
        value, at = varint(data, at)
        require(value in VARINTS[of], 'B0302', f'a number that does not fit its type {of}')
        return value - (1 << 64) if of == 'int64' and value >> 63 else value, at
    value, at = payload(data, at)
    if of == 'string':
        try:
            value = value.decode('utf-8')
        except UnicodeDecodeError:
            raise Bad('B0302', 'a string is not UTF-8') from None
        require('\0' not in value, 'B0302', 'zero byte in a string')
    elif of != 'bytes':
        value = decode(of, value, depth + 1)
    return value, at


def decode(name, data, depth=1):
    """A message as {field: value}; what is absent has its default."""
    require(depth <= MAX_DEPTH, 'B0304', 'nested too deep')
    fields = MESSAGES[name]
    out = {field: [] for field, _, repeated in fields.values() if repeated}
    at = 0
    while at < len(data):
        tag, at = varint(data, at, 5)
        number, wire_type = tag >> 3, tag & 7
        require(number > 0 and tag < 1 << 32, 'B0302', 'tag')
        if number not in fields:
            at = skip(number, wire_type, data, at)
            continue
        field, of, repeated = fields[number]
        require(repeated or field not in out, 'B0302', f'{field} is there twice')
        value, at = known(of, wire_type, data, at, depth)
        if repeated:
            out[field].append(value)
        else:
            out[field] = value
    for field, of, _ in fields.values():
        out.setdefault(field, EMPTY.get(of, None if of in MESSAGES else 0))
    return out


# ---- the manifest: section 3, checks 3 and 4 ----

def value(condition, why):
    require(condition, 'B0305', why)


def world(condition, why):
    require(condition, 'B0306', why)


def is_name(s):
    return re.fullmatch('[a-z0-9][a-z0-9._-]{0,63}', s) is not None


def is_ident(s):
    return re.fullmatch('[A-Za-z_][A-Za-z0-9_]*', s) is not None


def is_service(s):
    parts = s.split('.')
    return len(s) <= 255 and len(parts) > 1 and all(map(is_ident, parts))


def is_method(s):
    return len(s) <= 255 and is_ident(s)


def is_text(s, most):
    return len(s.encode()) <= most and not re.search('[\x01-\x1f\x7f]', s)


def is_host(service):
    return service.startswith('parigot.')


def ascending(items):
    items = [s.encode() for s in items]
    return all(a < b for a, b in zip(items, items[1:]))


def digest_or_none(b):
    return len(b) in (0, 32)


def blob_of(m, index, kind, used):
    value(0 <= index < len(m['blobs']) and m['blobs'][index]['kind'] == kind, f'{index} is no blob of kind {kind}')
    used.add(index)


def check_head(m):
    require(m['type'] == TYPE, 'B0301', 'type')
    value(is_name(m['name']) and is_text(m['version'], 255) and is_text(m['tool'], 255), 'name, version or tool')
    value(m['generation'] >= 1 and m['not_after'] >= 0, 'generation or not_after')
    value(1 <= len(m['modules']) <= 4096 and len(m['blobs']) <= 16384, 'number of modules or blobs')
    value(all(is_service(s['name']) for s in m['services']), 'name of a service')
    value(ascending(s['name'] for s in m['services']), 'order of services')
    for blob in m['blobs']:
        value(blob['kind'] != 0 and blob['size'] != 0 and len(blob['digest']) == 32, 'a blob')
    for policy in m['policies']:
        value(policy['name'] and is_text(policy['name'], 255), 'name of a policy')
        value(policy['digest'] == hashlib.blake2b(policy['text'].encode(), digest_size=32).digest(), 'digest of a policy')
    value(len({p['text'] for p in m['policies']}) == len(m['policies']), 'policies alike')
    value(all(is_name(mod['name']) for mod in m['modules']), 'name of a module')
    value(len({mod['name'] for mod in m['modules']}) == len(m['modules']), 'modules of one name')


def check_layout(layout):
    if layout is None:
        return
    rising = [layout[n] for n in ('null_guard', 'stack_low', 'stack_high', 'sealed_low', 'sealed_high', 'waived_low',
                                  'waived_high', 'heap_base')]
    value(all(a <= b for a, b in zip(rising, rising[1:])) and layout['stack_low'] < layout['stack_high'], 'layout: order')
    value(layout['null_guard'] in (0, 4096) and layout['seal'] <= 2 and layout['heap_control'] <= 256, 'layout: numbers')
    value(12 <= layout['page_log2'] <= 16, 'layout: page')
    page = 1 << layout['page_log2']
    value(layout['sealed_low'] % page == 0 and layout['sealed_high'] % page == 0, 'layout: alignment')


def check_settings(mod, named):
    limits, meter = mod['limits'] or {'memory_bytes': 0}, mod['meter'] or {'kind': 0}
    value(1 <= mod['share'] <= 10000 and limits['memory_bytes'] <= 1 << 32 and meter['kind'] <= 2, 'share, memory or meter')
    value(all(kv['key'] and is_text(kv['key'], 255) for kv in mod['config']), 'key of config')
    value(ascending(kv['key'] for kv in mod['config']), 'order of config')
    value(all(is_name(f['name']) for f in mod['folders']), 'name of a folder')
    value(ascending(f['name'] for f in mod['folders']), 'order of folders')
    value(all(g in named and is_host(g) for g in mod['grants']), 'a grant')
    value(ascending(mod['grants']), 'order of grants')
    value(not mod['folders'] or FILE in mod['grants'], 'folders without the file service')


def check_claims(mod):
    value(all(re.fullmatch('P[0-9]{3}', v['code']) and v['result'] != 0 for v in mod['verdicts']), 'a verdict')
    value(ascending(v['code'] for v in mod['verdicts']), 'order of verdicts')
    for w in mod['waivers']:
        value(re.fullmatch('P101|P104|P105|P106|P6[0-9]{2}', w['rule']) is not None, 'rule of a waiver')
        value(w['name'] and w['reason'] and digest_or_none(w['archive_digest']) and w['expires'] >= 0, 'a waiver')
    for i in mod['inputs']:
        value(len(i['digest']) == 32, 'digest of an input')
        value(all(is_text(i[n], 4096) and '/' not in i[n] for n in ('name', 'member')), 'name of an input')
    value(all(f in FEATURES for f in mod['features']) and len(set(mod['features'])) == len(mod['features']), 'features')


def check_module(m, mod, named, used):
    blob_of(m, mod['blob'], MODULE, used)
    if mod['debug_blob']:
        blob_of(m, mod['debug_blob'] - 1, DEBUG, used)
    value(mod['policy'] < len(m['policies']), 'index of a policy')
    for native in mod['native']:
        blob_of(m, native['blob'], NATIVE, used)
        value(native['target'] and native['module_digest'] == m['blobs'][mod['blob']]['digest'], 'native code')
    check_layout(mod['layout'])
    check_settings(mod, named)
    check_claims(mod)
    for p in mod['provides']:
        value(is_method(p['method']) and p['service'] in named and not is_host(p['service']), 'a provided method')
    for i in mod['imports']:
        value(is_method(i['method']) and i['service'] in named, 'an import')
        value(all(len(i[n]) <= 1000 and not i[n].strip(VALUE_TYPES) for n in ('params', 'results')), 'type of an import')


def find_providers(m, named):
    """{service: the index of who answers}, -1 for remote ones"""
    by_name = {mod['name']: i for i, mod in enumerate(m['modules'])}
    providers = {s: {i for i, mod in enumerate(m['modules']) for p in mod['provides'] if p['service'] == s} for s in named}
    for s in m['remote'] + [r['service'] for r in m['routes']]:
        value(s in named, 'a service that is not listed')
    world(len(set(m['remote'])) == len(m['remote']), 'remote twice')
    world(not any(providers[s] or is_host(s) for s in m['remote']), 'a remote service is provided')
    answers = {s: next(iter(p)) for s, p in providers.items() if len(p) == 1} | {s: -1 for s in m['remote']}
    routed = set()
    for r in m['routes']:
        to = by_name.get(r['module'])
        world(to in providers[r['service']] and r['service'] not in routed, 'a route')
        world(len(providers[r['service']]) > 1, 'a route that is not needed')
        routed.add(r['service'])
        answers[r['service']] = to
    world(all(len(p) < 2 or s in routed for s, p in providers.items()), 'several providers')
    world(not m['main'] or m['main'] in by_name, 'main')
    return answers


def check_world(m, named):
    answers = find_providers(m, named)
    for index, mod in enumerate(m['modules']):
        for service in {i['service'] for i in mod['imports']} - {KERNEL}:
            if is_host(service):
                world(service in mod['grants'], f'{service} is not granted')
            else:
                world(answers.get(service, index + 1) <= index, f'nobody who is started before provides {service}')


def check_used(m, named, used):
    for s in m['services']:
        value(digest_or_none(s['descriptor_digest']), 'digest of a description')
        if s['descriptors']:
            blob_of(m, s['descriptors'] - 1, DESCRIPTORS, used)
    referred = set(m['remote']) | {r['service'] for r in m['routes']}
    for mod in m['modules']:
        referred |= set(mod['grants']) | {i['service'] for i in mod['imports']} | {p['service'] for p in mod['provides']}
    value(referred == named, 'a service that nothing refers to')
    value(used == set(range(len(m['blobs']))), 'a blob that belongs to nothing')
    value({mod['policy'] for mod in m['modules']} == set(range(len(m['policies']))), "a policy that is no module's")


def read_manifest(data):
    """The manifest after checks 1 to 4 of section 3."""
    require(data.startswith(b'\x0a\x1a' + TYPE.encode()), 'B0301', 'not a manifest')
    m = decode('Manifest', data)
    named, used = {s['name'] for s in m['services']}, set()
    check_head(m)
    for mod in m['modules']:
        check_module(m, mod, named, used)
    check_world(m, named)
    check_used(m, named, used)
    return m


def check_times(m, now):
    ends = [m['not_after']] + [w['expires'] for mod in m['modules'] for w in mod['waivers']]
    require(all(end == 0 or now <= end for end in ends), 'B0205', 'expired')


# ---- blobs: section 4 ----

def check_blobs(m, rest, at):
    """Each blob at the next multiple of 4096, zeros between, and nothing behind the last."""
    total = at
    for blob in m['blobs']:
        total += -total % ALIGN + blob['size']
    require(total < 1 << 32 and total == at + len(rest), 'B0106', 'sizes do not add up to the file')
    for number, blob in enumerate(m['blobs']):
        padding = -at % ALIGN
        require(not any(rest[:padding]), 'B0105', f'padding before blob {number}')
        rest, at = rest[padding:], at + padding
        require(hashlib.blake2b(rest[:blob['size']], digest_size=32).digest() == blob['digest'], 'B0107', f'blob {number}')
        rest, at = rest[blob['size']:], at + blob['size']


def check_bundle(data, key_id, key, now):
    """Section 6, for an operator who trusts one key."""
    manifest_size, signatures_size = read_header(data)
    end = 24 + manifest_size + signatures_size
    raw = data[24:24 + manifest_size]
    check_signatures(raw, split_records(data[24 + manifest_size:end]), key_id, key)
    m = read_manifest(raw)
    check_times(m, now)
    check_blobs(m, data[end:], end)
    return m


def main():
    key_id, key = read_public_key(sys.argv[1])
    with open(sys.argv[2], 'rb') as f:
        data = f.read()
    m = check_bundle(data, key_id, key, int(time.time()))
    print(f'{m["name"]} generation {m["generation"]}')
    for module in m['modules']:
        print(f'  {module["name"]}: {m["blobs"][module["blob"]]["size"]} bytes')


if __name__ == '__main__':
    try:
        main()
    except Bad as e:
        print(f'bad: {e}')
        sys.exit(1)
