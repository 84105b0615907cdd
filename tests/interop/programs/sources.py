"""sources.py: Debian's upstream sources, fetched by apt into a folder of our own.

apt gets a list of sources and state folders that are its own, so that the system's lists stay as they are; it checks
the archive's signature and the digests as ever. The original tar files are unpacked, without Debian's patches.
"""
import glob
import os
import subprocess
import tarfile

MIRROR = os.environ.get('DEBIAN_MIRROR', 'http://deb.debian.org/debian')
SUITE = 'bookworm'
KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'


class NoSources(Exception):
    """The sources are not there and cannot be fetched; the text says why."""


def apt_options(folder):
    for path in ('state/lists/partial', 'cache/archives/partial'):
        os.makedirs(os.path.join(folder, path), exist_ok=True)
    sources_list = os.path.join(folder, 'sources.list')
    with open(sources_list, 'w', encoding='ascii') as out:
        out.write(f'deb-src [signed-by={KEYRING}] {MIRROR} {SUITE} main\n')
    settings = {'Dir::Etc::sourcelist': sources_list, 'Dir::Etc::sourceparts': '-', 'Dir::State': f'{folder}/state',
                'Dir::Cache': f'{folder}/cache', 'APT::Sandbox::User': 'root'}
    return [word for key, value in settings.items() for word in ('-o', f'{key}={value}')]


def run_apt(folder, *arguments):
    try:
        result = subprocess.run(['apt-get', '-q', *apt_options(folder), *arguments], cwd=folder, capture_output=True,
                                text=True, timeout=500, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoSources(f'apt-get: {error}') from error
    if result.returncode:
        raise NoSources('apt-get ' + ' '.join(arguments[:1]) + ': ' + (result.stderr.strip().splitlines() or ['failed'])[-1])


def unpack(folder, package, tar):
    target = os.path.join(folder, package)
    with tarfile.open(tar) as archive:
        members = archive.getmembers()
        top = members[0].name.split('/')[0]
        kept = [m for m in members if m.isreg() and m.name.startswith(top + '/') and '..' not in m.name.split('/')]
        for member in kept:
            member.name = member.name[len(top) + 1:]
            member.mode |= 0o600
        archive.extractall(target + '.new', kept)
    os.rename(target + '.new', target)


def fetch(cache, packages):
    """{package: folder of its sources}; what is in `cache` already is not fetched again. Raises NoSources."""
    cache = os.path.abspath(cache)
    os.makedirs(cache, exist_ok=True)
    missing = [p for p in packages if not os.path.isdir(os.path.join(cache, p))]
    if missing:
        run_apt(cache, 'update')
        run_apt(cache, 'source', '--download-only', *missing)
    for package in missing:
        tars = [t for t in glob.glob(f'{cache}/{package}_*.orig.tar.*') if not t.endswith('.asc')]
        if len(tars) != 1:
            raise NoSources(f'{package}: {len(tars)} files where one .orig.tar was expected')
        unpack(cache, package, tars[0])
    return {p: os.path.join(cache, p) for p in packages}
