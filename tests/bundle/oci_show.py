#!/usr/bin/env python3
"""oci_show.py LAYOUT [FOLDER]: the config and the layers of a layout's first image; with FOLDER, its files there."""
import json
import os
import stat
import sys
import tarfile
import time


def blob(digest):
    return os.path.join(sys.argv[1], 'blobs/sha256', digest[7:])


def load(name):
    with open(name, encoding='utf-8') as f:
        return json.load(f)


manifest = load(blob(load(os.path.join(sys.argv[1], 'index.json'))['manifests'][0]['digest']))
config = load(blob(manifest['config']['digest']))
assert config['rootfs']['diff_ids'] == [layer['digest'] for layer in manifest['layers']]
assert len(config['history']) == len(manifest['layers'])
print('architecture', config['architecture'])
for key, value in sorted(config['config'].items()):
    print(f'{key}:', value if isinstance(value, str) else ' '.join(value))
for number, layer in enumerate(manifest['layers']):
    print('layer', number)
    with tarfile.open(blob(layer['digest'])) as tar:
        for m in tar:
            kind = stat.S_IFDIR if m.isdir() else stat.S_IFREG
            when = time.strftime('%Y-%m-%d', time.gmtime(m.mtime))
            print(stat.filemode(kind | m.mode), f'{m.uid}/{m.gid}', m.size, when, m.name)
        if len(sys.argv) > 2:
            tar.extractall(sys.argv[2])
