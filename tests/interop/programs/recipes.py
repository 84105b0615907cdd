"""recipes.py: which upstream libraries are built, how, and the program that exercises each.

One row a library. The programs are small drivers in drivers/, but for Lua, whose own interpreter runs drivers/lua.lua.
"""
import glob
import os
import shutil
import subprocess
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Library:
    name: str
    package: str                        # Debian source package; '/...': a folder of sources that is installed
    sources: tuple                      # glob patterns in its folder
    without: tuple = ()                 # file names that are left out
    includes: tuple = ('.',)
    flags: tuple = ()
    uses: tuple = ()                    # other libraries of this list
    prepare: object = None              # called with the source folder, before anything is compiled
    driver: str = ''                    # in drivers/, or in the source folder when it begins with '@'
    arguments: tuple = ()
    status: int = 0                     # what the program ends with
    more: tuple = field(default=())     # further files of drivers/


def prepare_png(source):
    shutil.copy(os.path.join(source, 'scripts/pnglibconf.h.prebuilt'), os.path.join(source, 'pnglibconf.h'))


def prepare_sqlite(source):
    """Make the one large sqlite3.c from its parts: needs tclsh and a compiler for the host."""
    if os.path.exists(os.path.join(source, 'sqlite3.c')):
        return
    if not shutil.which('tclsh'):
        raise FileNotFoundError('tclsh makes sqlite3.c from its parts, and is not installed')
    for command in (['sh', 'configure', '--disable-readline'], ['make', '-s', 'sqlite3.c']):
        subprocess.run(command, cwd=source, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


# setjmp as wasm exceptions, which need a tag: another kind of symbol for the linker.
SJLJ = ('-mllvm', '-wasm-enable-sjlj', '-mexception-handling')

SQLITE = ('-DSQLITE_OS_OTHER=1', '-DSQLITE_THREADSAFE=0', '-DSQLITE_OMIT_LOAD_EXTENSION', '-DSQLITE_ENABLE_JSON1',
          '-DSQLITE_TEMP_STORE=3', '-DSQLITE_ENABLE_FTS5', '-DSQLITE_ENABLE_RTREE')
LUA = ('-D_WASI_EMULATED_SIGNAL', '-D_WASI_EMULATED_PROCESS_CLOCKS', '-DLUA_TMPNAMBUFSIZE=8', '-Dlua_tmpnam(b,e)={e=1;}')

LIBRARIES = (
    Library('zlib', 'zlib', ('*.c',), includes=('.',), flags=('-DHAVE_UNISTD_H',), driver='zlib.c'),
    Library('bzip2', 'bzip2', ('*.c',), flags=('-DBZ_NO_STDIO',), driver='bzip2.c',
            without=('bzip2.c', 'bzip2recover.c', 'dlltest.c', 'mk251.c', 'spewG.c', 'unzcrash.c')),
    Library('png', 'libpng1.6', ('png*.c',), without=('pngtest.c',), flags=SJLJ, uses=('zlib',),
            prepare=prepare_png, driver='png.c', more=('setjmp.c',)),
    Library('zstd', 'libzstd', ('lib/common/*.c', 'lib/compress/*.c', 'lib/decompress/*.c'), includes=('lib',),
            flags=('-DZSTD_DISABLE_ASM',), driver='zstd.c'),
    Library('lz4', 'lz4', ('lib/*.c',), includes=('lib',), driver='lz4.c'),
    Library('brotli', 'brotli', ('c/common/*.c', 'c/dec/*.c', 'c/enc/*.c'), includes=('c/include',), driver='brotli.c'),
    Library('expat', 'expat', ('expat/lib/xml*.c',), without=('xmltok_impl.c', 'xmltok_ns.c'), includes=('expat/lib',),
            driver='expat.c'),
    Library('cjson', 'cjson', ('cJSON.c', 'cJSON_Utils.c'), driver='cjson.c'),
    Library('lua', 'lua5.4', ('src/*.c',), without=('lua.c', 'luac.c'), includes=('src',),
            flags=(*SJLJ, *LUA, '-include', 'lua_wasi.h'),
            driver='@src/lua.c', more=('setjmp.c',), arguments=('/drivers/lua.lua', 'argument'), status=5),
    Library('sqlite', 'sqlite3', ('sqlite3.c',), prepare=prepare_sqlite, driver='sqlite.c', flags=SQLITE),
)

# Programs without a host: run() is all that they export, and they import nothing (drivers/hosted.c). Less work than above, for
# interpreters; core 2.0 only, so Lua does without longjmp.
HOSTED = (
    Library('stb', '/usr/include/stb', (), driver='stb.c', more=('hosted.c',)),
    Library('zlib', 'zlib', ('*.c',), includes=('.',), flags=('-DHAVE_UNISTD_H', '-DBYTES=12000'), driver='zlib.c',
            more=('hosted.c',)),
    Library('lua', 'lua5.4', ('src/*.c',), without=('lua.c', 'luac.c'), includes=('src',),
            flags=(*LUA, '-include', 'lua_hosted.h'), driver='lua_hosted.c', more=('hosted.c',)),
    Library('sqlite', 'sqlite3', ('sqlite3.c',), prepare=prepare_sqlite, driver='sqlite.c', flags=(*SQLITE, '-DROWS="1000"'),
            more=('hosted.c',)),
)


def source_files(library, folder):
    found = sorted(path for pattern in library.sources for path in glob.glob(os.path.join(folder, pattern)))
    return [path for path in found if os.path.basename(path) not in library.without]
