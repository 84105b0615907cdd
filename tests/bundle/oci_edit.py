#!/usr/bin/env python3
"""oci_edit.py LAYOUT EDIT: makes one image layout worse, in the way that EDIT names. Digests and sizes on the way to the
change are brought up to date, so that it is the change that is found, and not the path to it."""
import hashlib
import json
import os
import shutil
import sys

LAYOUT = sys.argv[1]


def path(digest):
    return os.path.join(LAYOUT, 'blobs/sha256', digest.split(':')[-1])


def read(name):
    with open(name, 'rb') as f:
        return f.read()


def write(name, data):
    with open(name, 'wb') as f:
        f.write(data if isinstance(data, bytes) else data.encode())


def put(data):
    data = data if isinstance(data, bytes) else data.encode()
    digest = 'sha256:' + hashlib.sha256(data).hexdigest()
    write(path(digest), data)
    return {'digest': digest, 'size': len(data)}


def index():
    return json.loads(read(LAYOUT + '/index.json'))


def put_index(value):
    write(LAYOUT + '/index.json', value if isinstance(value, (bytes, str)) else json.dumps(value))


def manifest():
    return json.loads(read(path(index()['manifests'][0]['digest'])))


def put_manifest(value):
    text = value if isinstance(value, (bytes, str)) else json.dumps(value)
    whole = index()
    whole['manifests'][0].update(put(text))
    put_index(whole)


def edit_entry(**members):
    whole = index()
    whole['manifests'][0].update(members)
    put_index(whole)


def edit_manifest(change):
    value = manifest()
    change(value)
    put_manifest(value)


def edit_layer(number, data):
    value = manifest()
    value['layers'][number].update(put(data))
    put_manifest(value)


def replace_file(name, make):
    target = os.path.join(LAYOUT, name)
    if os.path.isdir(target):
        shutil.rmtree(target)
    else:
        os.unlink(target)
    make(target)


def layer_path(number):
    return 'blobs/sha256/' + manifest()['layers'][number]['digest'][7:]


def outside(name):
    """The file moves out of the layout, and a link stands for it."""
    target = os.path.join(LAYOUT, name)
    kept = LAYOUT + '.outside'
    os.rename(target, kept)
    os.symlink(os.path.abspath(kept), target)


def nest(times):
    """Index within index, with one entry each."""
    for _ in range(times):
        whole = index()
        entry = put(json.dumps(whole))
        entry['mediaType'] = 'application/vnd.oci.image.index.v1+json'
        put_index({'schemaVersion': 2, 'manifests': [entry]})


def broad(times):
    """One index of many, of which none has what is looked for."""
    empty = put('{"schemaVersion":2,"manifests":[]}')
    entry = dict(empty, mediaType='application/vnd.oci.image.index.v1+json')
    put_index({'schemaVersion': 2, 'manifests': [entry] * times})


def cycle():
    """An index that names itself: only the digest is not its own."""
    text = json.dumps({'schemaVersion': 2, 'manifests': [
        {'mediaType': 'application/vnd.oci.image.index.v1+json', 'digest': 'sha256:' + 'a' * 64, 'size': 1000}]})
    write(path('a' * 64), text.ljust(1000))
    put_index(text.ljust(1000))


def flip(name):
    target = os.path.join(LAYOUT, name)
    data = bytearray(read(target))
    data[len(data) // 2] ^= 1
    write(target, bytes(data))


def descriptor(**members):
    def change(value):
        for key, member in members.items():
            if member is None:
                del value['layers'][1][key]
            else:
                value['layers'][1][key] = member
    edit_manifest(change)


def many_layers(value):
    value['layers'] += [value['layers'][1]] * 20000


EDITS = {
    'layout-version': lambda: write(LAYOUT + '/oci-layout', '{"imageLayoutVersion":"2.0.0"}'),
    'layout-missing': lambda: os.unlink(LAYOUT + '/oci-layout'),
    'not-json': lambda: put_index('{"schemaVersion":2,'),
    'not-object': lambda: put_index('[2]'),
    'empty': lambda: put_index(''),
    'twice': lambda: put_index(read(LAYOUT + '/index.json')[:-1] + b',"manifests":[]}'),
    'huge-number': lambda: put_index('{"schemaVersion":2,"x":123456789012345678901234567890,"manifests":[]}'),
    'huge-real': lambda: put_index('{"schemaVersion":2,"x":1e99999,"manifests":[]}'),
    'nul': lambda: put_index('{"schemaVersion":2,"manifests":[],"x":"a\\u0000b"}'),
    'not-utf8': lambda: put_index(b'{"schemaVersion":2,"manifests":[],"x":"\xff"}'),
    'schema-version': lambda: put_index({'schemaVersion': 1, 'manifests': index()['manifests']}),
    'manifests-object': lambda: put_index({'schemaVersion': 2, 'manifests': {}}),
    'media-type-differs': lambda: edit_manifest(lambda m: m.update(mediaType='application/vnd.oci.image.index.v1+json')),
    'depth': lambda: put_index('{"x":' + '[' * 1000000 + ']' * 1000000 + '}'),
    'depth-open': lambda: put_index('[' * 4000000),
    'values': lambda: put_index('{"x":[' + '{},' * 1300000 + '{}]}'),
    'index-too-big': lambda: put_index(b'{"schemaVersion":2,"manifests":[]}' + b' ' * (4 << 20)),
    'nested': lambda: nest(3),
    'nested-too-deep': lambda: nest(17),
    'nested-broad': lambda: broad(17),
    'cycle': cycle,
    'entries': lambda: put_index({'schemaVersion': 2, 'manifests': index()['manifests'] * 10000}),
    'entry-number': lambda: put_index({'schemaVersion': 2, 'manifests': [1]}),
    'traversal': lambda: edit_entry(digest='sha256:../../../../../../../../etc/passwd'),
    'traversal-long': lambda: edit_entry(digest='sha256:' + '../' * 21 + 'a'),
    'sha512': lambda: edit_entry(digest='sha512:' + 'a' * 128),
    'upper-case': lambda: edit_entry(digest='sha256:' + index()['manifests'][0]['digest'][7:].upper()),
    'digest-number': lambda: edit_entry(digest=7),
    'size-negative': lambda: descriptor(size=-1),
    'size-real': lambda: descriptor(size=1e3),
    'size-text': lambda: descriptor(size='10'),
    'size-missing': lambda: descriptor(size=None),
    'type-missing': lambda: descriptor(mediaType=None),
    'blob-missing': lambda: os.unlink(os.path.join(LAYOUT, layer_path(1))),
    'blob-link': lambda: outside(layer_path(1)),
    'blob-fifo': lambda: replace_file(layer_path(1), os.mkfifo),
    'blob-folder': lambda: replace_file(layer_path(1), os.mkdir),
    'blobs-link': lambda: outside('blobs'),
    'sha256-link': lambda: outside('blobs/sha256'),
    'index-link': lambda: outside('index.json'),
    'index-fifo': lambda: replace_file('index.json', os.mkfifo),
    'index-missing': lambda: os.unlink(LAYOUT + '/index.json'),
    'size-more': lambda: descriptor(size=manifest()['layers'][1]['size'] + 1),
    'size-less': lambda: descriptor(size=manifest()['layers'][1]['size'] - 1),
    'blob-cut': lambda: write(os.path.join(LAYOUT, layer_path(1)), read(os.path.join(LAYOUT, layer_path(1)))[:-1]),
    'blob-flipped': lambda: flip(layer_path(1)),
    'head-flipped': lambda: flip(layer_path(0)),
    'config-flipped': lambda: flip('blobs/sha256/' + manifest()['config']['digest'][7:]),
    'manifest-flipped': lambda: flip('blobs/sha256/' + index()['manifests'][0]['digest'][7:]),
    'manifest-size': lambda: edit_entry(size=5 << 20),
    'docker': lambda: edit_entry(mediaType='application/vnd.docker.distribution.manifest.v2+json'),
    'artifact-type': lambda: edit_manifest(lambda m: m.update(artifactType='application/vnd.acme')),
    'config-type': lambda: edit_manifest(lambda m: m['config'].update(mediaType='application/vnd.oci.empty.v1+json')),
    'config-missing': lambda: edit_manifest(lambda m: m.pop('config')),
    'no-layers': lambda: edit_manifest(lambda m: m.update(layers=[])),
    'layers-missing': lambda: edit_manifest(lambda m: m.pop('layers')),
    'many-layers': lambda: edit_manifest(many_layers),
    'layer-dropped': lambda: edit_manifest(lambda m: m['layers'].pop()),
    'layer-twice': lambda: edit_manifest(lambda m: m['layers'].append(m['layers'][1])),
    'layers-swapped': lambda: edit_manifest(lambda m: m['layers'].insert(1, m['layers'].pop())),
    'layer-other': lambda: edit_layer(1, read(os.path.join(LAYOUT, layer_path(1)))[:-1] + b'?'),
    'layer-type': lambda: edit_manifest(lambda m: m['layers'][1].update(mediaType='application/vnd.parigot.bundle.debug.v1')),
    'layer-empty': lambda: edit_layer(1, b''),
    'layer-huge': lambda: descriptor(size=4 << 30),
    'head-last': lambda: edit_manifest(lambda m: m['layers'].append(m['layers'].pop(0))),
    'head-short': lambda: edit_layer(0, b'PBUNDLE\0'),
    'head-long': lambda: edit_layer(0, read(os.path.join(LAYOUT, layer_path(0))) + b'\0'),
    'head-not': lambda: edit_layer(0, b'x' * 100),
    'head-changed': lambda: edit_layer(0, read(os.path.join(LAYOUT, layer_path(0))).replace(b'server', b'serves')),
    'config-other': lambda: edit_manifest(lambda m: m['config'].update(put('{"name":"other","generation":"1"}'))),
    'config-bomb': lambda: edit_manifest(lambda m: m['config'].update(put('[' * 4000))),
    'config-big': lambda: edit_manifest(lambda m: m['config'].update(put(' ' * 5000))),
}

EDITS[sys.argv[2]]()
