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
 * Source: core 2.0 §4.2.8 "Memory Instances"; docs/module-section.md "Checked means". */
#include <sys/mman.h>
#include <unistd.h>

#include "loader/interp.h"

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
