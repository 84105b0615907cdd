/* memory.h: linear memory and its images, for engines. memory.c */
#ifndef PARIGOT_LOADER_MEMORY_H
#define PARIGOT_LOADER_MEMORY_H

#include "loader/engine.h"

MUST_USE bool memory_open(LoadMemory *, uint64_t size_bytes, uint64_t max_bytes, bool force_checks);
MUST_USE bool memory_grow(LoadMemory *, uint64_t size_bytes);
MUST_USE bool memory_guard(LoadMemory *, uint32_t null_guard);              /* page protection on */
MUST_USE bool memory_seal(LoadMemory *, uint32_t low, uint32_t high);
void memory_close(LoadMemory *);
/* Whether [addr, addr + len) may be read or written as a whole: what a bulk operation asks before its first byte. */
LoadTrapKind memory_check(const LoadMemory *, uint64_t addr, uint64_t len, bool write);

/* The bytes of a memory at one moment, for any number of memories that start with them: mapped private, so that a page
 * is copied when it is first written. The pages behind the last one that is not all zero are not in the file. */
typedef struct MemoryImage {
    LoadMemory memory;    /* sizes and protections; base is not used                                              */
    bool guarded;         /* the null guard is page protection                                                     */
    int fd;               /* of the file in memory; -1: file_bytes is 0                                            */
    int pagemap;          /* -1: the kernel cannot tell which pages were written                                   */
    uint64_t file_bytes;
    const uint8_t *bytes; /* of the file                                                                           */
} MemoryImage;
/* memory_image_take: m becomes a memory made from the image. In: no guest code runs; guarded: memory_guard was called.
 * false: as good as closed, both of them */
MUST_USE bool memory_image_take(MemoryImage *, LoadMemory *m, bool guarded);
MUST_USE bool memory_from_image(LoadMemory *, const MemoryImage *);
/* memory_restore: m, made from the image, has its bytes and its size again. */
MUST_USE bool memory_restore(LoadMemory *m, const MemoryImage *);
void memory_image_free(MemoryImage *);

#endif
