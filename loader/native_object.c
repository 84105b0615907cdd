/* native_object.c: a shared object out of memory, and whose code is at an address.
 *
 * The bytes were checked against what was signed, in private memory. They go into a file in memory, which is sealed against
 * every change, and the dynamic linker loads that: nobody can exchange them in between. No other library is needed by it.
 *
 * Names for frames are the linker's own symbols, w2c_f12 and the parts that the compiler has cut off it (w2c_f12.cold). Source:
 * System V ABI, "Object Files". */
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "loader/native.h"

#if HAVE_NATIVE

#ifndef MFD_EXEC /* Linux 6.3 */
#define MFD_EXEC 0x0010U
#endif

/* A static program is not to get them for this. */
#pragma weak dlopen
#pragma weak dlsym
#pragma weak dlclose
#pragma weak dlerror
#pragma weak dlinfo

/* Without a dynamic linker at its start (AT_BASE) a program can load nothing that may be relied on. */
bool load_native_here(void) { return dlopen != NULL && getauxval(AT_BASE) != 0; }

static bool broken(const Object *o, Diags *d, const char *format, ...) PRINTF(3, 4);
static bool broken(const Object *o, Diags *d, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    diag_vadd(d, RUN_NATIVE_BROKEN, DIAG_AT(.file = o->wasm->file), format, args);
    va_end(args);
    return false;
}

/* ---- the file's own tables: every offset is compared with its size ------------------------------------------------------- */

/* n items of `size` bytes at that offset; NULL: they are not all in the file, or not aligned. */
static const void *items_at(const Object *o, uint64_t offset, uint64_t n, uint64_t size)
{
    if (offset > o->size || ((uintptr_t)o->bytes + offset) % 8 != 0 || n > (o->size - offset) / size) return NULL;
    return o->bytes + offset;
}

static const ElfW(Ehdr) *header_of(const Object *o)
{
    const ElfW(Ehdr) *h = items_at(o, 0, 1, sizeof *h);
    bool known = h && memcmp(h->e_ident, ELFMAG, SELFMAG) == 0 && h->e_ident[EI_CLASS] == ELFCLASS64 &&
                 h->e_phentsize == sizeof(ElfW(Phdr)) && h->e_shentsize == sizeof(ElfW(Shdr));
    return known ? h : NULL;
}

static bool needs_others(const Object *o, const ElfW(Phdr) *dynamic)
{
    const ElfW(Dyn) *d = items_at(o, dynamic->p_offset, dynamic->p_filesz / sizeof *d, sizeof *d);
    for (uint64_t i = 0; d && i < dynamic->p_filesz / sizeof *d; i++)
        if (d[i].d_tag == DT_NEEDED) return true;
    return d == NULL;
}

/* The dynamic linker maps what the file says; what is not there would fault much later. */
static bool is_whole(const Object *o)
{
#if defined __x86_64__
    enum { MACHINE = EM_X86_64 };
#else
    enum { MACHINE = EM_AARCH64 };
#endif
    const ElfW(Ehdr) *h = header_of(o);
    const ElfW(Phdr) *p = h ? items_at(o, h->e_phoff, h->e_phnum, sizeof *p) : NULL;
    if (!p || h->e_type != ET_DYN || h->e_machine != MACHINE) return false;
    for (unsigned i = 0; i < h->e_phnum; i++) {
        if (p[i].p_type != PT_LOAD && p[i].p_type != PT_DYNAMIC) continue;
        if (p[i].p_offset > o->size || p[i].p_filesz > o->size - p[i].p_offset || p[i].p_memsz < p[i].p_filesz) return false;
        if (p[i].p_type == PT_DYNAMIC && needs_others(o, &p[i])) return false;
    }
    return true;
}

static bool find_text(Object *o, uintptr_t base)
{
    const ElfW(Ehdr) *h = header_of(o);
    const ElfW(Phdr) *p = h ? items_at(o, h->e_phoff, h->e_phnum, sizeof *p) : NULL;
    for (unsigned i = 0; p && i < h->e_phnum; i++) {
        if (p[i].p_type != PT_LOAD || !(p[i].p_flags & PF_X)) continue;
        o->base = base;
        o->text = base + p[i].p_vaddr;
        o->text_end = o->text + p[i].p_memsz;
        return true;
    }
    return false;
}

/* "w2c_f12", "w2c_f12.cold". */
static bool function_of_name(const char *name, size_t room, uint32_t *func)
{
    static const char prefix[] = "w2c_f";
    size_t n = sizeof prefix - 1;
    if (room <= n || memcmp(name, prefix, n) != 0 || memchr(name, 0, room) == NULL) return false;
    uint64_t v = 0;
    const char *digit = name + n;
    for (; *digit >= '0' && *digit <= '9' && v <= UINT32_MAX; digit++) v = v * 10 + (uint64_t)(*digit - '0');
    *func = (uint32_t)v;
    return digit != name + n && v <= UINT32_MAX && (*digit == 0 || *digit == '.');
}

static int by_address(const void *a, const void *b)
{
    const NativeSymbol *x = a, *y = b;
    return x->at < y->at ? -1 : x->at > y->at;
}

static void read_symbols(Object *o)
{
    const ElfW(Ehdr) *h = header_of(o);
    const ElfW(Shdr) *s = h ? items_at(o, h->e_shoff, h->e_shnum, sizeof *s) : NULL, *table = NULL;
    for (unsigned i = 0; s && i < h->e_shnum && !table; i++)
        if (s[i].sh_type == SHT_SYMTAB && s[i].sh_link < h->e_shnum) table = &s[i];
    if (!table) return;
    const ElfW(Shdr) *strings = &s[table->sh_link];
    uint64_t n = table->sh_size / sizeof(ElfW(Sym));
    const ElfW(Sym) *symbols = items_at(o, table->sh_offset, n, sizeof *symbols);
    if (!symbols || strings->sh_offset > o->size || strings->sh_size > o->size - strings->sh_offset) return;
    const char *names = (const char *)o->bytes + strings->sh_offset;
    NativeSymbol *out = malloc((n ? n : 1) * sizeof *out);
    if (!out) return;
    for (uint64_t i = 0; i < n; i++) {
        NativeSymbol *next = &out[o->n_symbols];
        if (ELF64_ST_TYPE(symbols[i].st_info) != STT_FUNC || symbols[i].st_name >= strings->sh_size) continue;
        if (!function_of_name(names + symbols[i].st_name, strings->sh_size - symbols[i].st_name, &next->func)) continue;
        if (next->func >= o->wasm->n_funcs) continue;
        next->at = o->base + symbols[i].st_value;
        next->size = symbols[i].st_size;
        o->n_symbols++;
    }
    qsort(out, o->n_symbols, sizeof *out, by_address);
    o->symbols = out;
}

bool object_find(Object *o, uintptr_t pc, NativeSymbol *out)
{
    pthread_mutex_lock(&o->lock);
    if (!o->has_symbols) read_symbols(o);
    o->has_symbols = true;
    pthread_mutex_unlock(&o->lock);
    size_t low = 0, high = o->n_symbols;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (o->symbols[mid].at <= pc) low = mid + 1;
        else high = mid;
    }
    if (low == 0 || pc - o->symbols[low - 1].at >= o->symbols[low - 1].size) return false;
    *out = o->symbols[low - 1];
    return true;
}

/* ---- loading --------------------------------------------------------------------------------------------------------------- */

static bool write_file(Object *o, Diags *d)
{
    static const char name[] = "parigot native";
    o->fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
    if (o->fd < 0 && errno == EINVAL) o->fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    bool ok = o->fd >= 0;
    for (size_t at = 0; ok && at < o->size;) {
        ssize_t n = write(o->fd, o->bytes + at, o->size - at);
        if (n > 0) at += (size_t)n;
        else ok = n < 0 && errno == EINTR;
    }
    ok = ok && fcntl(o->fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0;
    return ok || broken(o, d, "native code cannot be put into a file in memory: %s", strerror(errno));
}

/* The numbers in it are about this module. They are not hostile (whoever can sign native code needs no tricks), but may be
 * of another tool's making. */
static bool check_code(const Object *o, Diags *d)
{
    const NativeCode *c = o->code;
    if (c->abi != PARIGOT_NATIVE_ABI)
        return broken(o, d, "native code is of version %u of the border, which the manifest does not say", c->abi);
    bool memory = c->memory_at != NATIVE_NONE, fits = memory == (o->wasm->n_memories > 0) && c->n_tables == o->wasm->n_tables;
    return fits || broken(o, d, "native code is not that of this module");
}

/* A second slash: no other library has been loaded under this name. The dynamic linker knows libraries by it. */
static bool load(Object *o, Diags *d)
{
    char path[64];
    snprintf(path, sizeof path, "//proc/self/fd/%d", o->fd);
    o->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!o->handle) {
        const char *why = dlerror();
        return broken(o, d, "native code cannot be loaded: %s", why ? why : "?");
    }
    struct link_map *map = NULL;
    o->code = dlsym(o->handle, PARIGOT_NATIVE_SYMBOL);
    if (!o->code || dlinfo(o->handle, RTLD_DI_LINKMAP, &map) != 0 || !find_text(o, map->l_addr))
        return broken(o, d, "native code has not the form of docs/native.md");
    return check_code(o, d);
}

bool object_open(Object *o, Diags *d)
{
    o->fd = -1;
    if (!load_native_here()) {
        diag_add(d, RUN_NO_NATIVE, DIAG_AT(.file = o->wasm->file), "a static program cannot load native code");
        return false;
    }
    if (!is_whole(o)) return broken(o, d, "native code is no whole shared object for this machine that needs no others");
    if (!write_file(o, d) || !load(o, d)) return false;
    o->code->init();
    return true;
}

void object_close(Object *o)
{
    if (o->handle) dlclose(o->handle);
    if (o->fd >= 0) close(o->fd);
    free(o->symbols);
}

#endif
