/* memory.c: linear memory.
 *
 * A memory that can be addressed without checks: 8 GiB and 64 KiB of address space, of which the pages up to the
 * memory's size are accessible. A 32-bit address plus a 32-bit offset plus the width of an access stays inside, so
 * whatever is out of bounds faults. Growing makes more pages accessible and changes no older one: what was protected
 * (null guard, sealed data) stays so.
 *
 * Where the address space for that is not to be had (ulimit -v, small machines), as much is reserved as there is, up
 * to the memory's maximum; memory.grow fails beyond, and code compares every access with the size (interp_labels).
 * Guard and seal are page protection even so. Memory never moves.
 *
 * An image (policy reset) is a file in memory that is mapped private over the first pages. The kernel copies a page when
 * it is first written; the copies stay with the memory, and going back means to copy the file's bytes over them again:
 * the next request then writes without a fault. Where the kernel cannot say which pages are copies, or where there are
 * many, they are dropped instead, and fault once more. docs/reset.md has the figures.
 *
 * Source: core 2.0 §4.2.8 "Memory Instances"; docs/module-section.md "Checked means". */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "loader/memory.h"

#define RESERVED_BYTES ((UINT64_C(8) << 30) + 65536)

static bool make_accessible(uint8_t *base, uint64_t from, uint64_t to)
{
    return from == to || mprotect(base + from, to - from, PROT_READ | PROT_WRITE) == 0;
}

static void *map(uint64_t bytes, int protection)
{
    void *p = mmap(NULL, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

/* As much as there is, at least what is needed now. */
static bool reserve_checked(LoadMemory *m, uint64_t size_bytes)
{
    m->checked = true;
    for (uint64_t bytes = m->max_bytes;; bytes = size_bytes + (bytes - size_bytes) / 2 / 65536 * 65536) {
        m->reserved_bytes = bytes > 0 ? bytes : 65536; /* of an empty memory, something to point at */
        m->base = map(m->reserved_bytes, PROT_NONE);
        if (m->base != NULL) m->max_bytes = bytes;
        if (m->base != NULL || bytes == size_bytes) return m->base != NULL;
    }
}

bool memory_open(LoadMemory *m, uint64_t size_bytes, uint64_t max_bytes, bool force_checks)
{
    m->max_bytes = max_bytes;
    m->reserved_bytes = RESERVED_BYTES;
    if (!force_checks) m->base = map(RESERVED_BYTES, PROT_NONE);
    if (m->base == NULL && !reserve_checked(m, size_bytes)) return false;
    if (!make_accessible(m->base, 0, size_bytes)) return false;
    m->size_bytes = size_bytes;
    return true;
}

bool memory_grow(LoadMemory *m, uint64_t size_bytes)
{
    if (size_bytes > m->max_bytes || !make_accessible(m->base, m->size_bytes, size_bytes)) return false;
    m->size_bytes = size_bytes;
    return true;
}

bool memory_guard(LoadMemory *m, uint32_t null_guard)
{
    if (null_guard > 0 && mprotect(m->base, null_guard, PROT_NONE) != 0) return false;
    m->null_guard = null_guard;
    return true;
}

bool memory_seal(LoadMemory *m, uint32_t low, uint32_t high)
{
    if (low < high && mprotect(m->base + low, high - low, PROT_READ) != 0) return false;
    m->sealed_low = low;
    m->sealed_high = high;
    m->sealed = true;
    return true;
}

void memory_close(LoadMemory *m)
{
    if (m->base != NULL) munmap(m->base, m->reserved_bytes);
    *m = (LoadMemory){0};
}

LoadTrapKind memory_check(const LoadMemory *m, uint64_t addr, uint64_t len, bool write)
{
    if (len > m->size_bytes || addr > m->size_bytes - len) return TRAP_OOB_MEMORY;
    if (len == 0) return TRAP_NONE;
    if (addr < m->null_guard) return TRAP_NULL_POINTER;
    bool in_seal = m->sealed && addr < m->sealed_high && addr + len > m->sealed_low;
    return write && in_seal ? TRAP_READ_ONLY : TRAP_NONE;
}

/* ---- images ------------------------------------------------------------------------------------------------------------- */

/* Linux 6.7, Documentation/admin-guide/mm/pagemap.rst; headers of that age may lack it. */
typedef struct ScanRange {
    uint64_t start, end, categories;
} ScanRange;
typedef struct ScanArg {
    uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
    uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
} ScanArg;
#define SCAN _IOWR('f', 16, ScanArg)
enum { SCAN_FILE = 1 << 2, SCAN_PRESENT = 1 << 3, SCAN_SWAPPED = 1 << 4, SCAN_ZERO_PAGE = 1 << 5 };

/* Of more copies than that, all are dropped: they are the memory of an instance that nobody uses at present. */
enum { KEPT_PAGES = 64 };

/* The ranges of pages that are this memory's own: neither the file's nor the zero page. -1: cannot be told. */
static int scan(int pagemap, const uint8_t *from, uint64_t bytes, ScanRange *ranges, uint64_t *n_pages)
{
    ScanArg arg = {.size = sizeof arg, .start = (uint64_t)(uintptr_t)from, .end = (uint64_t)(uintptr_t)from + bytes,
                   .vec = (uint64_t)(uintptr_t)ranges, .vec_len = KEPT_PAGES + 1, .max_pages = KEPT_PAGES + 1,
                   .category_inverted = SCAN_FILE | SCAN_ZERO_PAGE, .category_mask = SCAN_FILE | SCAN_ZERO_PAGE,
                   .category_anyof_mask = SCAN_PRESENT | SCAN_SWAPPED, .return_mask = SCAN_PRESENT};
    int n = ioctl(pagemap, SCAN, &arg);
    *n_pages = 0;
    for (int i = 0; i < n; i++) *n_pages += (ranges[i].end - ranges[i].start) / (uint64_t)sysconf(_SC_PAGESIZE);
    return n;
}

/* Of the file's part of m. false: not one byte was changed. */
static bool copy_back(LoadMemory *m, const MemoryImage *image)
{
    ScanRange ranges[KEPT_PAGES + 1];
    uint64_t n_pages, first = (uint64_t)(uintptr_t)m->base;
    int n = image->pagemap >= 0 ? scan(image->pagemap, m->base, m->size_bytes, ranges, &n_pages) : -1;
    if (n < 0 || n_pages > KEPT_PAGES) return false;
    for (int i = 0; i < n; i++) {
        uint64_t start = ranges[i].start - first, len = ranges[i].end - ranges[i].start;
        bool guard = image->guarded && start < m->null_guard;
        if (guard || (m->sealed && start < m->sealed_high && start + len > m->sealed_low)) return false;
    }
    for (int i = 0; i < n; i++) {
        uint64_t start = ranges[i].start - first, end = ranges[i].end - first;
        uint64_t in_file = end < image->file_bytes ? end : image->file_bytes;
        if (start < in_file) memcpy(m->base + start, image->bytes + start, in_file - start);
        else in_file = start;
        memset(m->base + in_file, 0, end - in_file);
    }
    return true;
}

bool memory_restore(LoadMemory *m, const MemoryImage *image)
{
    uint64_t size = image->memory.size_bytes;
    if (m->size_bytes > size) { /* memory.grow: those pages are given back */
        void *beyond = m->base + size;
        if (mmap(beyond, m->size_bytes - size, PROT_NONE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) ==
            MAP_FAILED)
            return false;
        m->size_bytes = size;
    }
    return size == 0 || copy_back(m, image) || madvise(m->base, size, MADV_DONTNEED) == 0;
}

static bool is_zero(const uint8_t *p, uint64_t n)
{
    return p[0] == 0 && memcmp(p, p + 1, n - 1) == 0;
}

/* The file, up to the last page that is not all zero; pages of zeros within are holes. */
static bool write_file(MemoryImage *image, const LoadMemory *m)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), first = image->guarded ? m->null_guard : 0;
    uint64_t end = m->size_bytes;
    while (end > first && is_zero(m->base + end - page, page)) end -= page;
    if (end <= first) return true;
    image->fd = memfd_create("parigot memory", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (image->fd < 0 || ftruncate(image->fd, (off_t)end) != 0) return false;
    for (uint64_t at = first; at < end; at += page) {
        if (is_zero(m->base + at, page)) continue;
        if (pwrite(image->fd, m->base + at, page, (off_t)at) != (ssize_t)page) return false;
    }
    if (fcntl(image->fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0) return false;
    void *p = mmap(NULL, end, PROT_READ, MAP_SHARED, image->fd, 0);
    if (p == MAP_FAILED) return false;
    image->bytes = p;
    image->file_bytes = end;
    return true;
}

/* The image over the first pages of m, and the protections again, which a new mapping does not have. */
static bool map_image(LoadMemory *m, const MemoryImage *image)
{
    if (image->file_bytes > 0 && mmap(m->base, image->file_bytes, PROT_READ | PROT_WRITE,
                                      MAP_FIXED | MAP_PRIVATE | MAP_NORESERVE, image->fd, 0) == MAP_FAILED)
        return false;
    if (image->guarded && !memory_guard(m, image->memory.null_guard)) return false;
    m->null_guard = image->memory.null_guard;
    m->heap_base = image->memory.heap_base;
    return !image->memory.sealed || memory_seal(m, image->memory.sealed_low, image->memory.sealed_high);
}

void memory_image_free(MemoryImage *image)
{
    if (image->bytes) munmap((void *)(uintptr_t)image->bytes, image->file_bytes);
    if (image->fd >= 0) close(image->fd);
    if (image->pagemap >= 0) close(image->pagemap);
    *image = (MemoryImage){.fd = -1, .pagemap = -1};
}

bool memory_image_take(MemoryImage *image, LoadMemory *m, bool guarded)
{
    *image = (MemoryImage){.memory = *m, .guarded = guarded, .fd = -1, .pagemap = -1};
    if (m->base == NULL) return true; /* a module without a memory */
    if (!write_file(image, m) || !map_image(m, image)) {
        memory_image_free(image);
        return false;
    }
    image->pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC); /* without it, pages are dropped */
    return true;
}

bool memory_from_image(LoadMemory *m, const MemoryImage *image)
{
    const LoadMemory *of = &image->memory;
    *m = (LoadMemory){.checked = of->checked};
    if (of->base == NULL) return true;
    /* Code with checks and code without are different: a table of the image has the functions of one of them. */
    if (memory_open(m, of->size_bytes, of->max_bytes, of->checked) && m->checked == of->checked && map_image(m, image))
        return true;
    memory_close(m);
    return false;
}
