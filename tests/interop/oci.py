#!/usr/bin/env python3
"""Other people's tools and our image layouts: skopeo, a registry, umoci, runc, crun. Reports in TAP.

oci.py PARIGOT_BUNDLE PARIGOT_RUN_STATIC BUNDLE: what is not installed is skipped with a word; so is what this machine does
not allow. PARIGOT_RUN_STATIC may be empty: then there are no images.
"""
import json
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import time

import tap

USER = 65532
KILLS = 25


def run(*command, **more):
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, check=False, **more)
    return result.returncode, result.stdout + result.stderr


def need(*command, status=0, **more):
    code, text = run(*command, **more)
    if code != status:
        raise tap.Failure(f'{" ".join(command)}: status {code}\n{text}')
    return text


def read(path):
    with open(path, 'rb') as f:
        return f.read()


def load(path):
    return json.loads(read(path))


def same(what, a, b):
    if a != b:
        raise tap.Failure(f'{what}: {len(a)} and {len(b)} bytes that differ')


def blob(layout, digest):
    return os.path.join(layout, 'blobs/sha256', digest[7:])


class Subject:
    """The tools, and a signed bundle."""

    def __init__(self, tool, runtime, bundle):
        self.tool, self.runtime, self.source = tool, runtime, bundle

    def signed(self, folder):
        key, path = os.path.join(folder, 'k'), os.path.join(folder, 'x.pbundle')
        trust = os.path.join(folder, 'trust')
        os.makedirs(trust)
        need(self.tool, 'keygen', '-W', '-s', key, '-p', os.path.join(trust, 'k.pub'))
        need(self.tool, 'sign', '-s', key, self.source, '-o', path)
        return path, trust

    def back(self, place, folder):
        out = os.path.join(folder, 'back.pbundle')
        need(self.tool, 'import-oci', '--trust', os.path.join(folder, 'trust'), place, '-o', out)
        return read(out)

    def image(self, folder):
        bundle, trust = self.signed(folder)
        layout = os.path.join(folder, 'image')
        need(self.tool, 'export-oci', '--image', '--runtime', self.runtime, '--trust', trust, bundle, '-o', layout + ':1')
        return layout, bundle


# ---- skopeo ----

def skopeo(*arguments):
    return need('skopeo', '--insecure-policy', *arguments)


def copies(s, folder):
    """Through two layouts and an archive: the same manifest, and the bundle's own bytes."""
    bundle, _ = s.signed(folder)
    a, b, archive, c = (os.path.join(folder, n) for n in ('a', 'b', 'c.tar', 'd'))
    need(s.tool, 'export-oci', bundle, '-o', a + ':1.0')
    skopeo('copy', f'oci:{a}:1.0', f'oci:{b}:2.0')
    skopeo('copy', f'oci:{b}:2.0', f'oci-archive:{archive}:3.0')
    skopeo('copy', f'oci-archive:{archive}:3.0', f'oci:{c}:4.0')
    digests = {load(os.path.join(x, 'index.json'))['manifests'][0]['digest'] for x in (a, b, c)}
    if len(digests) != 1:
        raise tap.Failure(f'digests on the way: {digests}')
    for place in (a + ':1.0', b + ':2.0', c + ':4.0', b, f'{c}@{digests.pop()}'):
        same(place, s.back(place, folder), read(bundle))
    need(s.tool, 'export-oci', bundle, '-o', b + ':mine')  # into a layout that skopeo has written
    same('added', s.back(b + ':mine', folder), read(bundle))
    same('kept', s.back(b + ':2.0', folder), read(bundle))


def corrupted(s, folder):
    """Each blob in turn with one bit changed: skopeo does not copy it, import-oci does not take it."""
    bundle, _ = s.signed(folder)
    layout = os.path.join(folder, 'a')
    need(s.tool, 'export-oci', bundle, '-o', layout + ':1')
    names = sorted(os.listdir(os.path.join(layout, 'blobs/sha256')))
    for name in names:
        path = os.path.join(layout, 'blobs/sha256', name)
        whole = read(path)
        with open(path, 'wb') as f:
            f.write(whole[:-1] + bytes([whole[-1] ^ 1]))
        to = os.path.join(folder, 'copy-' + name)
        if run('skopeo', '--insecure-policy', 'copy', f'oci:{layout}:1', f'oci:{to}:1')[0] == 0:
            raise tap.Failure(f'skopeo has copied a layout in which {name} is damaged')
        out = os.path.join(folder, 'out')
        text = need(s.tool, 'import-oci', layout + ':1', '-o', out, status=1)
        if 'B0508' not in text or os.path.exists(out):
            raise tap.Failure(f'{name} damaged: {text}')
        with open(path, 'wb') as f:
            f.write(whole)
    same('repaired', s.back(layout, folder), read(bundle))


def inspected(s, folder):
    layout, bundle = s.image(folder)
    need(s.tool, 'export-oci', bundle, '-o', layout + ':bundle')
    raw = json.loads(skopeo('inspect', '--raw', f'oci:{layout}:bundle'))
    image = json.loads(skopeo('inspect', f'oci:{layout}:1'))
    config = json.loads(skopeo('inspect', '--config', f'oci:{layout}:1'))
    if raw['artifactType'] != 'application/vnd.parigot.bundle.v1' or image['Os'] != 'linux' or len(image['Layers']) != 3 \
            or config['config']['Entrypoint'] != ['/usr/bin/parigot-run']:
        raise tap.Failure(f'{raw}\n{image}\n{config}')


def registry(s, folder):
    """A real registry: pushed, pulled, and each module there once however many bundles have it."""
    bundle, _ = s.signed(folder)
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]
    config, data = os.path.join(folder, 'registry.yml'), os.path.join(folder, 'data')
    with open(config, 'w', encoding='utf-8') as f:
        f.write(f'version: 0.1\nstorage: {{filesystem: {{rootdirectory: {data}}}}}\nhttp: {{addr: "127.0.0.1:{port}"}}\n')
    with subprocess.Popen(['docker-registry', 'serve', config], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as server:
        try:
            for _ in range(100):
                with socket.socket() as probe:
                    if probe.connect_ex(('127.0.0.1', port)) == 0:
                        break
                time.sleep(0.1)
            a, b = os.path.join(folder, 'a'), os.path.join(folder, 'b')
            remote = f'docker://127.0.0.1:{port}/shop/greeting'
            need(s.tool, 'export-oci', bundle, '-o', a + ':signed')
            need(s.tool, 'export-oci', s.source, '-o', a + ':unsigned')
            for tag in ('signed', 'unsigned'):
                skopeo('copy', '--dest-tls-verify=false', f'oci:{a}:{tag}', f'{remote}:{tag}')
            skopeo('copy', '--src-tls-verify=false', remote + ':signed', f'oci:{b}:1')
            same('pulled', s.back(b + ':1', folder), read(bundle))
            if s.runtime:
                layout, _ = Subject(s.tool, s.runtime, s.source).image(os.path.join(folder, 'i'))
                skopeo('copy', '--dest-tls-verify=false', f'oci:{layout}:1', f'{remote}:image')
        finally:
            server.terminate()


def shared_blobs(s, folder):
    """One signature more: a new head and a new manifest, everything else is there already."""
    bundle, trust = s.signed(folder)
    layout = os.path.join(folder, 'a')
    need(s.tool, 'export-oci', bundle, '-o', layout + ':1')
    before = set(os.listdir(os.path.join(layout, 'blobs/sha256')))
    need(s.tool, 'keygen', '-W', '-s', os.path.join(folder, 'k2'), '-p', os.path.join(trust, 'k2.pub'))
    need(s.tool, 'sign', '-s', os.path.join(folder, 'k2'), bundle)
    need(s.tool, 'export-oci', bundle, '-o', layout + ':2')
    new = set(os.listdir(os.path.join(layout, 'blobs/sha256'))) - before
    if len(new) != 2:
        raise tap.Failure(f'{len(new)} new blobs')


# ---- faults ----

def killed(s, folder):
    """kill -9 at any moment: the layout is whole, and every tag that was told to be there is."""
    bundle, _ = s.signed(folder)
    layout, whole, generator, tags = os.path.join(folder, 'a'), read(bundle), random.Random(1), []
    began = time.monotonic()
    need(s.tool, 'export-oci', bundle, '-o', os.path.join(folder, 'timed') + ':1')
    takes = time.monotonic() - began
    for number in range(KILLS):
        with subprocess.Popen([s.tool, 'export-oci', bundle, '-o', f'{layout}:{number}'], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as writer:
            time.sleep(generator.uniform(0, 1.3 * takes))
            writer.send_signal(signal.SIGKILL)
        if writer.returncode == 0:
            tags.append(number)
        if not os.path.exists(layout):
            if tags:
                raise tap.Failure('the layout is gone')
            continue
        for entry in load(os.path.join(layout, 'index.json'))['manifests']:
            same(entry['digest'], s.back(f'{layout}@{entry["digest"]}', folder), whole)
        for tag in tags:
            same(f'tag {tag}', s.back(f'{layout}:{tag}', folder), whole)
    if not tags or len(tags) == KILLS:
        raise tap.Skip(f'{len(tags)} of {KILLS} were told to be there: too fast or too slow to kill')


def disk_full(s, folder):
    """No file may grow beyond so many bytes: an error, no layout, nothing left; and a layout that was there is as it was."""
    bundle, _ = s.signed(folder)

    def limit(size):
        return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)) or signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    there, fresh = os.path.join(folder, 'there'), os.path.join(folder, 'fresh')
    need(s.tool, 'export-oci', bundle, '-o', there + ':1')
    index = read(os.path.join(there, 'index.json'))
    for size in (0, 20, 100, 5000, 100000):
        for place in (there, fresh):
            need(s.tool, 'export-oci', bundle, '-o', place + ':2', status=2, preexec_fn=limit(size))
        same('index.json', read(os.path.join(there, 'index.json')), index)
        left = [n for n in os.listdir(folder) if n.startswith('fresh')]
        if left or any('tmp' in n for n in os.listdir(os.path.join(there, 'blobs/sha256'))):
            raise tap.Failure(f'limit {size}: left over: {left}')
    same('after all', s.back(there, folder), read(bundle))
    out = os.path.join(folder, 'out.pbundle')
    need(s.tool, 'import-oci', there, '-o', out, status=2, preexec_fn=limit(5000))
    if [n for n in os.listdir(folder) if n.startswith('out.pbundle')]:
        raise tap.Failure('a part of a bundle is left')


# ---- images ----

def unpack(s, folder):
    layout, _ = s.image(folder)
    to = os.path.join(folder, 'unpacked')
    need('umoci', 'unpack', *([] if os.geteuid() == 0 else ['--rootless']), '--image', layout + ':1', to)
    return to


def expect_greeting(command, code, text):
    if code or 'hello, world' not in text:
        raise tap.Failure(f'{command}: status {code}\n{text}')


def unpacked(s, folder):
    """The rootfs holds what it should, under a user without rights, in chroot: nothing of the host's is there."""
    to = unpack(s, folder)
    root = os.path.join(to, 'rootfs')
    same('runtime', read(os.path.join(root, 'usr/bin/parigot-run')), read(s.runtime))
    same('bundle', read(os.path.join(root, 'srv/world.pbundle')), read(os.path.join(folder, 'x.pbundle')))
    args = load(os.path.join(to, 'config.json'))['process']['args']
    if os.geteuid() != 0:
        raise tap.Skip('chroot needs root')
    for parent in (folder, to):
        os.chmod(parent, 0o755)
    command = ['chroot', f'--userspec={USER}:{USER}', root, 'usr/bin/parigot-run', *args[1:]]
    environment = {'PATH': os.environ['PATH'], 'XDG_STATE_HOME': '/var/lib/parigot'}
    expect_greeting('chroot', *run(*command, env=environment))
    state = os.path.join(root, 'var/lib/parigot/parigot/generations')
    if not read(state).startswith(b'parigot-generations 1\n'):
        raise tap.Failure('no generation was recorded')
    expect_greeting('chroot, once more', *run(*command, env=environment))


def harden(path):
    """What docs/deploy asks of Kubernetes, in the words of a runtime's config."""
    config = load(path)
    config['process'].update(terminal=False, noNewPrivileges=True, capabilities={})
    config['root']['readonly'] = True
    config['linux']['resources'] = {'memory': {'limit': 64 << 20}, 'pids': {'limit': 32}}
    for mount in config['mounts']:
        if mount['destination'] == '/var/lib/parigot':
            mount['options'] = ['rw', 'nosuid', 'nodev', 'noexec', 'mode=0700', f'uid={USER}', f'gid={USER}']
    with open(path, 'w', encoding='utf-8') as f:
        json.dump(config, f)


def container(s, folder, runtime):
    """A read-only root, no capability, another user, 64 MiB: the entry point starts and the world runs."""
    to = unpack(s, folder)
    harden(os.path.join(to, 'config.json'))
    name = f'parigot-{os.getpid()}-{runtime}'
    if os.geteuid() != 0:
        raise tap.Skip(f'{runtime} is tried as root only')
    code, text = run(runtime, 'run', '--bundle', to, name)
    if code and 'hello' not in text and 'parigot-run' not in text:
        raise tap.Skip(f'{runtime} does not start containers here: {" ".join(text.split())[-150:] or "status %d" % code}')
    expect_greeting(runtime, code, text)


# ---- docs/deploy ----

def manifests(_, __):
    """The manifests that are published: well-formed, and as strict as their README says."""
    try:
        import yaml
    except ImportError as e:
        raise tap.Skip('python3-yaml is not installed') from e
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../docs/deploy/kubernetes.yaml')
    with open(source, encoding='utf-8') as f:
        documents = {d['kind']: d for d in yaml.safe_load_all(f)}
    pod = documents['StatefulSet']['spec']['template']['spec']
    one = pod['containers'][0]
    security = one['securityContext']
    claims = documents['StatefulSet']['spec']['volumeClaimTemplates']
    names = {v['name'] for v in pod['volumes']} | {c['metadata']['name'] for c in claims}
    wrong = [what for what, good in {
        'runAsNonRoot': pod['securityContext']['runAsNonRoot'] and pod['securityContext']['runAsUser'] == USER,
        'seccomp': pod['securityContext']['seccompProfile'] == {'type': 'RuntimeDefault'},
        'read-only root': security['readOnlyRootFilesystem'],
        'no privileges': security['allowPrivilegeEscalation'] is False and security['capabilities'] == {'drop': ['ALL']},
        'limits': {'cpu', 'memory'} <= set(one['resources']['limits']),
        'no token': pod['automountServiceAccountToken'] is False,
        'keys': documents['ConfigMap']['metadata']['name'] in [v.get('configMap', {}).get('name') for v in pod['volumes']],
        'mounts': {m['name'] for m in one['volumeMounts']} == names,
    }.items() if not good]
    if wrong:
        raise tap.Failure(f'docs/deploy/kubernetes.yaml: {wrong}')


def unit(_, folder):
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../docs/deploy/parigot@.service')
    path = os.path.join(folder, 'parigot@.service')
    with open(source, encoding='utf-8') as f, open(path, 'w', encoding='utf-8') as out:
        out.write(f.read().replace('/usr/bin/parigot-run', '/bin/true'))
    code, text = run('systemd-analyze', 'verify', '--man=no', path)
    mine = [line for line in text.splitlines() if 'parigot@' in line]
    if mine:
        raise tap.Failure('\n'.join(mine))
    if code and 'Failed to' in text:
        raise tap.Skip('systemd-analyze verify does not work here: ' + text.splitlines()[0])


def main():
    subject = Subject(*sys.argv[1:4])
    tests = [
        ('skopeo copies a bundle, and it comes back', ['skopeo'], copies, []),
        ('nobody takes a damaged blob', ['skopeo'], corrupted, []),
        ('a registry keeps bundles', ['skopeo', 'docker-registry'], registry, []),
        ('a signature more is two blobs more', [], shared_blobs, []),
        ('kill -9 leaves a whole layout', [], killed, []),
        ('a full disk leaves nothing', [], disk_full, []),
        ('Kubernetes manifests', [], manifests, []),
        ('systemd unit', ['systemd-analyze'], unit, []),
    ]
    if subject.runtime:
        tests += [
            ('skopeo inspects an image and an artifact', ['skopeo'], inspected, []),
            ('umoci unpacks an image, and it runs in chroot', ['umoci', 'chroot'], unpacked, []),
            ('runc runs an image', ['umoci', 'runc'], container, ['runc']),
            ('crun runs an image', ['umoci', 'crun'], container, ['crun']),
        ]
    return tap.run(tests, subject, [])


if __name__ == '__main__':
    sys.exit(main())
