"""npm.py: wasm modules out of packages of the npm registry, by exact version and digest, in a cache of our own.

`npm pack` fetches a package's archive and runs nothing of it; one member is taken out, unpacked if its name ends in .gz, and
kept under a name that tells where it is from. What is in the cache is checked again each time: a digest differs, or it is it.
"""
import gzip
import hashlib
import os
import subprocess
import tarfile
import tempfile


class NotThere(Exception):
    """A module cannot be had; the text says why."""


def cached(cache, package, member):
    """Where a module lies: astral-sh+ruff-wasm-web@0.16.9/ruff_wasm_bg.wasm; folders inside of the package become '+'."""
    name = member.removesuffix('.gz').replace('/', '+')
    return os.path.join(cache, package.lstrip('@').replace('/', '+'), name)


def pack(folder, package):
    """Fetch a package's archive into `folder`; its path."""
    try:
        result = subprocess.run(['npm', 'pack', '--silent', '--ignore-scripts', package], cwd=folder, capture_output=True,
                                text=True, timeout=500, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotThere(f'npm: {error}') from error
    if result.returncode or not result.stdout.strip():
        raise NotThere(f'npm pack {package}: ' + (result.stderr.strip().splitlines() or [f'status {result.returncode}'])[-1])
    return os.path.join(folder, result.stdout.strip().splitlines()[-1])


def unpack(archive, member):
    with tarfile.open(archive) as tar:
        try:
            # The top folder is "package" by custom only.
            top = tar.getnames()[0].split('/')[0]
            data = tar.extractfile(f'{top}/{member}').read()
        except (KeyError, AttributeError) as error:
            raise NotThere(f'{archive} has no file {member}') from error
    return gzip.decompress(data) if member.endswith('.gz') else data


def store(path, data):
    """Write `data` to `path`, or leave nothing there."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=os.path.dirname(path), delete=False) as out:
        out.write(data)
    os.replace(out.name, path)


def fetch(cache, package, member, sha256):
    """The path of one module of `package` (name@version); raises NotThere, also when it is not what it was."""
    path = cached(cache, package, member)
    if not os.path.exists(path):
        os.makedirs(cache, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            store(path, unpack(pack(folder, package), member))
    with open(path, 'rb') as module:
        found = hashlib.sha256(module.read()).hexdigest()
    if found != sha256:
        raise NotThere(f'{path}: SHA-256 is {found}, not {sha256}')
    return path
