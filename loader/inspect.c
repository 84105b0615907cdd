/* inspect.c: calls and processes as people read them. */
#include "loader/inspect.h"

#include <stdlib.h>
#include <string.h>

#define NS_PER_MS 1e6

static void add_name(TextBuf *t, const char *name, int width)
{
    size_t before = t->len;
    text_add_escaped(t, str_of(name));
    if (!t->failed && t->len - before < (size_t)width) text_printf(t, "%*s", width - (int)(t->len - before), "");
}

const char *inspect_status_name(Status status)
{
    const ProtobufCEnumValue *v =
        protobuf_c_enum_descriptor_get_value(&parigot__kernel__v1__status__descriptor, (int)status);
    return v ? v->name : "?";
}

/* parigot-run: call: asker -> greeter greeting.v1.Greeter/Hello */
static void add_ends(TextBuf *t, const CallRecord *r, const char *tool)
{
    text_printf(t, "%s: call: ", tool);
    add_name(t, process_name(r->caller), 0);
    text_printf(t, " -> ");
    add_name(t, r->provider ? process_name(r->provider) : "nobody", 0);
    text_printf(t, " ");
    add_name(t, r->method ? r->method : "?", 0);
}

static void add_refusal(TextBuf *t, const CallRecord *r)
{
    text_printf(t, ": %s not taken: %s of ", r->sender == r->caller ? "request" : "reply", r->refused);
    add_name(t, process_name(r->whose), 0);
    text_printf(t, " limited to %llu, would be %llu\n", (unsigned long long)r->limit, (unsigned long long)r->wanted);
}

void inspect_call(TextBuf *t, const CallRecord *r, const char *tool)
{
    add_ends(t, r, tool);
    if (r->refused) {
        add_refusal(t, r);
        return;
    }
    text_printf(t, ": %s, %u B in, %llu B out in %u", inspect_status_name(r->status), r->request_bytes,
                (unsigned long long)r->reply_bytes, r->pieces);
    if (r->provider && process_is_metered(r->provider)) text_printf(t, ", fuel %llu", (unsigned long long)r->fuel);
    text_printf(t, ", ran %.3f ms, took %.3f ms\n", (double)r->ran_ns / NS_PER_MS, (double)r->took_ns / NS_PER_MS);
}

enum { NAME_WIDTH = 20, NUMBER_WIDTH = 9, FUEL_WIDTH = 14 };

static void add_number(TextBuf *t, int width, uint64_t n) { text_printf(t, " %*llu", width, (unsigned long long)n); }
static void add_none(TextBuf *t, int width) { text_printf(t, " %*s", width, "-"); }

static void add_row(TextBuf *t, const InspectRow *row)
{
    const ProcessUsage *u = process_usage(row->process);
    add_name(t, process_name(row->process), NAME_WIDTH);
    add_number(t, NUMBER_WIDTH, u->served);
    if (row->native) { /* it has no turns of its own: what it does is its caller's time */
        for (int i = 0; i < 4; i++) add_none(t, NUMBER_WIDTH);
        add_none(t, FUEL_WIDTH);
        for (int i = 0; i < 3; i++) add_none(t, NUMBER_WIDTH);
        text_printf(t, "\n");
        return;
    }
    add_number(t, NUMBER_WIDTH, u->made);
    add_number(t, NUMBER_WIDTH, u->failed);
    add_number(t, NUMBER_WIDTH, u->refused);
    add_number(t, NUMBER_WIDTH, u->entries);
    if (process_is_metered(row->process)) add_number(t, FUEL_WIDTH, u->fuel);
    else add_none(t, FUEL_WIDTH);
    text_printf(t, " %*.3f", NUMBER_WIDTH, (double)u->ran_ns / NS_PER_MS);
    add_number(t, NUMBER_WIDTH, row->memory_peak_bytes >> 10);
    add_number(t, NUMBER_WIDTH, u->kills);
    text_printf(t, "\n");
}

void inspect_stats(TextBuf *t, const InspectRow *rows, size_t n)
{
    text_printf(t, "%-*s %*s %*s %*s %*s %*s %*s %*s %*s %*s\n", NAME_WIDTH, "process", NUMBER_WIDTH, "served",
                NUMBER_WIDTH, "made", NUMBER_WIDTH, "failed", NUMBER_WIDTH, "refused", NUMBER_WIDTH, "entries", FUEL_WIDTH, "fuel", NUMBER_WIDTH,
                "ran ms", NUMBER_WIDTH, "peak KiB", NUMBER_WIDTH, "kills");
    for (size_t i = 0; i < n; i++) add_row(t, &rows[i]);
}

/* ---- methods -------------------------------------------------------------------------------------------------------------- */

static int by_address(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t)((const InspectMethod *)a)->name, y = (uintptr_t)((const InspectMethod *)b)->name;
    return x < y ? -1 : x > y;
}

void inspect_sort(InspectMethod *methods, size_t n) { qsort(methods, n, sizeof *methods, by_address); }

void inspect_count(InspectMethod *methods, size_t n, const CallRecord *r)
{
    InspectMethod key = {.name = r->method};
    InspectMethod *m = n ? bsearch(&key, methods, n, sizeof *methods, by_address) : NULL;
    if (!m) return; /* nobody counts, or nobody provides it */
    if (r->refused) {
        m->refused++;
        return;
    }
    m->calls++;
    m->failed += r->status != STATUS_OK;
    m->request_bytes += r->request_bytes;
    m->reply_bytes += r->reply_bytes;
    m->fuel += r->fuel;
    m->ran_ns += r->ran_ns;
}

static int by_name(const void *a, const void *b)
{
    const InspectMethod *x = a, *y = b;
    int order = strcmp(process_name(x->provider), process_name(y->provider));
    return order ? order : strcmp(x->name, y->name);
}

enum { METHOD_WIDTH = NAME_WIDTH + 1 + NUMBER_WIDTH + 1 + NUMBER_WIDTH };

/* "greeting.v1.Greeter/Hello (greeter)"; a service of the host's is a process of its own name. */
static void add_method(TextBuf *t, const InspectMethod *m)
{
    const char *process = process_name(m->provider);
    size_t before = t->len, len = strlen(process);
    add_name(t, m->name, 0);
    if (strncmp(m->name, process, len) != 0 || m->name[len] != '/') {
        text_printf(t, " (");
        add_name(t, process, 0);
        text_printf(t, ")");
    }
    if (!t->failed && t->len - before < METHOD_WIDTH) text_printf(t, "%*s", (int)(METHOD_WIDTH - (t->len - before)), "");
    add_number(t, NUMBER_WIDTH, m->calls);
    add_number(t, NUMBER_WIDTH, m->failed);
    add_number(t, NUMBER_WIDTH, m->refused);
    add_number(t, FUEL_WIDTH, m->request_bytes);
    add_number(t, FUEL_WIDTH, m->reply_bytes);
    if (process_is_metered(m->provider)) add_number(t, FUEL_WIDTH, m->fuel);
    else add_none(t, FUEL_WIDTH);
    if (m->ran_ns) text_printf(t, " %*.3f", NUMBER_WIDTH, (double)m->ran_ns / NS_PER_MS);
    else add_none(t, NUMBER_WIDTH); /* a service of the host's */
    text_printf(t, "\n");
}

void inspect_methods(TextBuf *t, InspectMethod *methods, size_t n)
{
    qsort(methods, n, sizeof *methods, by_name);
    text_printf(t, "%-*s %*s %*s %*s %*s %*s %*s %*s\n", METHOD_WIDTH, "method", NUMBER_WIDTH, "calls", NUMBER_WIDTH, "failed",
                NUMBER_WIDTH, "refused", FUEL_WIDTH, "bytes in", FUEL_WIDTH, "bytes out", FUEL_WIDTH, "fuel", NUMBER_WIDTH,
                "ran ms");
    for (size_t i = 0; i < n; i++)
        if (methods[i].calls || methods[i].refused) add_method(t, &methods[i]);
}
