/* timers.c: the kernel's timers: a binary heap by (due time, order of setting). Timers lie in their owners' structs. */
#include "loader/kernel_impl.h"

#include <stdlib.h>

static bool earlier(const Timer *a, const Timer *b)
{
    return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->seq < b->seq;
}

static void put(Kernel *k, size_t i, Timer *t)
{
    k->timers[i] = t;
    t->slot = i + 1;
}

static void sift_up(Kernel *k, size_t i)
{
    Timer *t = k->timers[i];
    for (; i > 0 && earlier(t, k->timers[(i - 1) / 2]); i = (i - 1) / 2) put(k, i, k->timers[(i - 1) / 2]);
    put(k, i, t);
}

static void sift_down(Kernel *k, size_t i)
{
    Timer *t = k->timers[i];
    for (size_t child; (child = 2 * i + 1) < k->n_timers; i = child) {
        if (child + 1 < k->n_timers && earlier(k->timers[child + 1], k->timers[child])) child++;
        if (!earlier(k->timers[child], t)) break;
        put(k, i, k->timers[child]);
    }
    put(k, i, t);
}

static bool reserve(Kernel *k)
{
    if (k->n_timers < k->cap_timers) return true;
    size_t cap = k->cap_timers ? k->cap_timers * 2 : 32;
    Timer **more = kernel_alloc(k, cap * sizeof(Timer *));
    if (!more) return false;
    for (size_t i = 0; i < k->n_timers; i++) more[i] = k->timers[i];
    free(k->timers);
    k->timers = more;
    k->cap_timers = cap;
    return true;
}

bool timer_set(Kernel *k, Timer *t, uint64_t due_ns, TimerFn *ring)
{
    if (!t->slot && !reserve(k)) return false;
    t->due_ns = due_ns;
    t->seq = k->seq++;
    t->ring = ring;
    if (!t->slot) put(k, k->n_timers++, t);
    size_t i = t->slot - 1;
    sift_up(k, i);
    if (t->slot == i + 1) sift_down(k, i);
    return true;
}

void timer_clear(Kernel *k, Timer *t)
{
    if (!t->slot) return;
    size_t i = t->slot - 1;
    t->slot = 0;
    Timer *last = k->timers[--k->n_timers];
    if (last == t) return;
    put(k, i, last);
    sift_up(k, i);
    sift_down(k, last->slot - 1);
}

void timers_ring(Kernel *k)
{
    while (k->n_timers && k->timers[0]->due_ns <= k->now_ns) {
        Timer *t = k->timers[0];
        timer_clear(k, t);
        t->ring(t);
    }
}

uint64_t kernel_next_timer(const Kernel *k) { return k->n_timers ? k->timers[0]->due_ns : UINT64_MAX; }
