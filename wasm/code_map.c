/* code_map.c: where code stands after something was put between it. The contract is in wasm.h. */
#include "wasm/wasm.h"

#include <assert.h>

bool code_map_push(CodeMap *m, uint32_t from, uint32_t to)
{
    assert(m->n == 0 || (from >= m->pairs[m->n - 1].from && to >= m->pairs[m->n - 1].to));
    if (m->n && m->pairs[m->n - 1].from == from) m->n--; /* said better now */
    uint32_t distance = m->n ? m->pairs[m->n - 1].to - m->pairs[m->n - 1].from : 0;
    if (to - from == distance) return true;
    CodeMapPair *pairs = arena_grow(m->arena, m->pairs, m->n, &m->cap, sizeof *pairs);
    if (!pairs) return m->failed = true, false;
    m->pairs = pairs;
    pairs[m->n++] = (CodeMapPair){from, to};
    return true;
}

bool code_map_insert(CodeMap *m, uint32_t at, uint32_t size)
{
    uint32_t to = at + 1 + size;
    if (m->n) {
        const CodeMapPair *last = &m->pairs[m->n - 1];
        assert(at + 1 >= last->from);
        to += last->to - last->from; /* also when the last is at + 1: put in front of the same instruction before */
    }
    return code_map_push(m, at + 1, to);
}

/* The last pair that begins at or before `from`; n when there is none. */
static size_t find_pair(const CodeMap *m, uint32_t from)
{
    size_t low = 0, high = m->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (m->pairs[mid].from <= from) low = mid + 1;
        else high = mid;
    }
    return low ? low - 1 : m->n;
}

static uint32_t find_by_pair(const CodeMap *m, uint32_t from, size_t i)
{
    size_t next = i == m->n ? 0 : i + 1;
    uint64_t to = i == m->n ? from : (uint64_t)m->pairs[i].to + (from - m->pairs[i].from);
    uint32_t most = next < m->n ? m->pairs[next].to : UINT32_MAX;
    return to < most ? (uint32_t)to : most;
}

uint32_t code_map_find(const CodeMap *m, uint32_t from) { return find_by_pair(m, from, find_pair(m, from)); }

uint32_t code_map_find_near(const CodeMap *m, uint32_t from, size_t *near)
{
    enum { STEPS = 4 };
    size_t i = *near;
    if (i < m->n && m->pairs[i].from <= from)
        for (unsigned step = 0; step < STEPS; step++, i++)
            if (i + 1 == m->n || from < m->pairs[i + 1].from) return find_by_pair(m, from, *near = i);
    return find_by_pair(m, from, *near = find_pair(m, from));
}
