"""build.py: compile the libraries of recipes.py for wasm32-wasi, one archive each, in a folder that is kept."""
import hashlib
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import recipes
import sources

HERE = os.path.dirname(os.path.abspath(__file__))
CLANG = ['clang-19', '--target=wasm32-wasi']
FLAGS = ['-O2', '-w', '-I', os.path.join(HERE, 'include')]
LIBRARIES = ['-lwasi-emulated-getpid', '-lwasi-emulated-signal', '-lwasi-emulated-process-clocks']


class Built:
    """A library as objects: `objects` of its own, `driver` those of its program, `archives` in link order."""
    def __init__(self, library, folder):
        self.library, self.folder = library, folder
        self.objects, self.driver = [], []
        self.driver_job = None  # (source, object, flags) of the program's own main
        self.archive = os.path.join(folder, f'lib{library.name}.a')


def compile_one(job):
    source, output, flags = job
    subprocess.run(['nice', *CLANG, *flags, '-c', source, '-o', output], check=True)


def jobs_of(built, folders, debug):
    library, source = built.library, folders[built.library.package]
    includes = [word for lib in (library, *(l for l in recipes.LIBRARIES if l.name in library.uses))
                for path in lib.includes for word in ('-I', os.path.join(folders[lib.package], path))]
    flags = [*FLAGS, *(['-g', f'-ffile-prefix-map={os.path.dirname(source)}=.', f'-ffile-prefix-map={HERE}=.'] if debug else []),
             *includes, *library.flags]
    jobs = []

    def add(path, into):
        output = os.path.join(built.folder, f'{len(jobs):03d}-{os.path.splitext(os.path.basename(path))[0]}.o')
        into.append(output)
        jobs.append((path, output, flags))

    for path in recipes.source_files(library, source):
        add(path, built.objects)
    for name in (library.driver, *library.more):
        add(os.path.join(source, name[1:]) if name[0] == '@' else os.path.join(HERE, 'drivers', name), built.driver)
    built.driver_job = jobs[len(built.objects)]
    return jobs


def stamp_of(jobs):
    """Changes with every flag and with our own files; upstream's do not change under their version."""
    digest = hashlib.sha256(repr(jobs).encode())
    for folder in ('.', 'drivers', 'include'):
        for name in sorted(os.listdir(os.path.join(HERE, folder))):
            path = os.path.join(HERE, folder, name)
            if os.path.isfile(path) and name != 'run.py':
                with open(path, 'rb') as data:
                    digest.update(data.read())
    return digest.hexdigest()


def build(cache, debug=False, report=print, libraries=recipes.LIBRARIES, kind='release'):
    """[Built] for all libraries whose sources are there; says what is left out. Raises sources.NoSources."""
    folders = sources.fetch(os.path.join(cache, 'sources'), [l.package for l in libraries if not os.path.isabs(l.package)])
    folders |= {l.package: l.package for l in libraries if os.path.isabs(l.package)}
    result, pending, stamps = [], [], []
    for library in libraries:
        try:
            if library.prepare:
                library.prepare(folders[library.package])
        except (OSError, subprocess.CalledProcessError) as error:
            report(f'{library.name}: left out: {error}')
            continue
        built = Built(library, os.path.join(os.path.abspath(cache), 'debug' if debug else kind, library.name))
        os.makedirs(built.folder, exist_ok=True)
        jobs = jobs_of(built, folders, debug)
        stamp, path = stamp_of(jobs), os.path.join(built.folder, 'made-by')
        result.append(built)
        if not os.path.exists(path) or open(path, encoding='ascii').read() != stamp:
            pending += jobs
            stamps.append((built, path, stamp))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(compile_one, sorted(pending, key=lambda job: -os.path.getsize(job[0]))))
    for built, path, stamp in stamps:
        if os.path.exists(built.archive):
            os.remove(built.archive)
        subprocess.run(['llvm-ar-19', 'crsD', built.archive, *built.objects], check=True)
        with open(path, 'w', encoding='ascii') as out:
            out.write(stamp)
    return result


def link_words(built, all_built):
    """Objects and archives of a library's program, in link order; clang adds the start file, libc and builtins."""
    used = [b.archive for b in all_built if b.library.name in built.library.uses]
    return [*built.driver, built.archive, *used, *LIBRARIES]
