/* order.c: who answers whom, and who is started first. A provider stands before those that require it;
 * otherwise modules keep the order of the world file. Depth-first over requirements, so a cycle shows itself
 * with its whole chain. */
#include "bundle/create_impl.h"

#include <string.h>

static Str row_name(const Making *c, uint32_t row) { return c->services[row].name; }

static bool is_system(Str service) { return str_has_prefix(service, STR("parigot.")); }

/* ---- providers ---- */

static void note_provider(Making *c, uint32_t module, const BundleMethod *p)
{
    ServiceRow *row = making_service(c, str_of(p->service));
    if (!row || row->provider == (int32_t)module) return;
    if (row->n_providers++ == 0) row->provider = (int32_t)module;
}

static bool module_provides(const Made *m, Str service)
{
    for (size_t i = 0; i < m->out.n_provides; i++)
        if (str_eq(str_of(m->out.provides[i]->service), service)) return true;
    return false;
}

static void apply_route(Making *c, const WorldRoute *r)
{
    ServiceRow *row = making_service(c, r->service);
    int32_t to = NO_PROVIDER;
    for (uint32_t i = 0; i < c->n_made; i++)
        if (str_eq(c->made[i].in->name, r->module)) to = (int32_t)i;
    if (!row) return; /* collect_services had no memory */
    if (to == NO_PROVIDER)
        making_world_error(c, WORLD_VALUE, r->line, "route of %.*s: there is no module \"%.*s\"",
                           STR_ARG(r->service), STR_ARG(r->module));
    else if (!module_provides(&c->made[to], r->service))
        making_world_error(c, WORLD_VALUE, r->line, "route of %.*s: module \"%.*s\" does not provide it",
                           STR_ARG(r->service), STR_ARG(r->module));
    else if (row->routed)
        making_world_error(c, WORLD_VALUE, r->line, "service %.*s is routed twice", STR_ARG(r->service));
    else if (row->n_providers < 2)
        making_world_error(c, WORLD_VALUE, r->line,
                           "route of %.*s: it has one provider, and no route is needed", STR_ARG(r->service));
    else {
        row->routed = true;
        row->provider = to;
    }
}

static void apply_remote(Making *c, Str service)
{
    ServiceRow *row = making_service(c, service);
    uint32_t line = c->world->remote_line;
    if (!row) return;
    if (is_system(service))
        making_world_error(c, WORLD_VALUE, line, "%.*s is the host's own: it cannot be remote",
                           STR_ARG(service));
    else if (row->n_providers)
        making_world_error(c, WORLD_VALUE, line, "remote service %.*s is provided by module \"%.*s\"",
                           STR_ARG(service), STR_ARG(c->made[row->provider].in->name));
    else if (row->remote)
        making_world_error(c, WORLD_VALUE, line, "remote service %.*s is named twice", STR_ARG(service));
    row->remote = true;
}

static void check_single(Making *c, const ServiceRow *row)
{
    if (row->n_providers < 2 || row->routed) return;
    Diag *d = making_world_error(c, WORLD_PROVIDERS, 0, "service %.*s has several providers and no route",
                                 STR_ARG(row->name));
    for (uint32_t i = 0; i < c->n_made; i++)
        if (module_provides(&c->made[i], row->name))
            diag_note(c->diags, d, "provided by \"%.*s\" (%s)", STR_ARG(c->made[i].in->name),
                      c->made[i].in->file);
    diag_note(c->diags, d, "say which: routes = ( { service = \"%.*s\"; to = \"...\"; } );",
              STR_ARG(row->name));
}

/* Both sides of a service must have been built from the same description. Two digests do not tell how they
 * differ. */
static void compare_descriptions(Making *c, uint32_t module)
{
    static const uint8_t none[BUNDLE_DIGEST_BYTES];
    const PmSection *pm = &c->made[module].report.pm;
    if (c->made[module].report.section != PM_PRESENT) return;
    for (uint32_t i = 0; i < pm->n_services; i++) {
        ServiceRow *row = making_service(c, pm->services[i].name);
        const uint8_t *digest = pm->services[i].digest;
        if (!row || memcmp(digest, none, sizeof none) == 0) continue;
        if (!row->digest) {
            row->digest = digest;
            row->digest_by = module;
        } else if (memcmp(row->digest, digest, BUNDLE_DIGEST_BYTES) != 0)
            making_error(c, WORLD_DESCRIPTION, &c->made[module],
                         "module \"%.*s\" was built from another description of %.*s than module \"%.*s\"",
                         STR_ARG(c->made[module].in->name), STR_ARG(row->name),
                         STR_ARG(c->made[row->digest_by].in->name));
    }
}

void find_providers(Making *c)
{
    for (uint32_t i = 0; i < c->n_made; i++)
        for (size_t j = 0; j < c->made[i].out.n_provides; j++)
            note_provider(c, i, c->made[i].out.provides[j]);
    for (uint32_t i = 0; i < c->world->n_routes; i++) apply_route(c, &c->world->routes[i]);
    for (uint32_t i = 0; i < c->world->n_remote; i++) apply_remote(c, c->world->remote[i]);
    for (uint32_t i = 0; i < c->n_services; i++) check_single(c, &c->services[i]);
    for (uint32_t i = 0; i < c->n_made; i++) compare_descriptions(c, i);
}

/* ---- start order ---- */

/* The modules that led here, each with what it requires of the next. */
typedef struct Chain {
    Made **items;
    uint32_t n;
} Chain;

/* `end`: what the last one requires its service of; NULL when that is nobody. */
static void show_chain(Making *c, Diag *d, const Chain *chain, uint32_t from, const Made *end)
{
    for (uint32_t i = from; i < chain->n; i++) {
        const Made *m = chain->items[i], *next = i + 1 < chain->n ? chain->items[i + 1] : end;
        Str service = row_name(c, m->via);
        if (next)
            diag_note(c->diags, d, "\"%.*s\" requires %.*s of \"%.*s\"", STR_ARG(m->in->name),
                      STR_ARG(service), STR_ARG(next->in->name));
        else diag_note(c->diags, d, "\"%.*s\" requires %.*s", STR_ARG(m->in->name), STR_ARG(service));
    }
}

static void report_cycle(Making *c, const Chain *chain, const Made *again)
{
    uint32_t from = 0;
    while (chain->items[from] != again) from++;
    Diag *d = making_error(c, WORLD_CYCLE, again,
                           "modules require each other in a circle, so none of them can be started first");
    show_chain(c, d, chain, from, again);
}

static void report_missing(Making *c, const Chain *chain, const Made *m, const ServiceRow *row)
{
    Diag *d = making_error(c, WORLD_NO_PROVIDER, m, "module \"%.*s\" requires %.*s, which no module provides",
                           STR_ARG(m->in->name), STR_ARG(row->name));
    show_chain(c, d, chain, 0, NULL);
    diag_note(c->diags, d, "add a module that provides it, or name it: remote = [ \"%.*s\" ];",
              STR_ARG(row->name));
}

static void visit(Making *c, Chain *chain, Made *m)
{
    if (m->mark == MARK_DONE) return;
    if (m->mark == MARK_OPEN) {
        report_cycle(c, chain, m);
        return;
    }
    m->mark = MARK_OPEN;
    chain->items[chain->n++] = m;
    const ServiceRow *before = NULL;
    for (size_t i = 0; i < m->out.n_imports; i++) {
        const ServiceRow *row = making_service(c, str_of(m->out.imports[i]->service));
        if (!row || row == before || is_system(row->name)) continue;
        before = row; /* methods of one service mostly stand together */
        m->via = (uint32_t)(row - c->services);
        if (row->provider == NO_PROVIDER) {
            if (!row->remote) report_missing(c, chain, m, row);
        } else if (&c->made[row->provider] != m)
            visit(c, chain, &c->made[row->provider]); /* a module may call itself */
    }
    chain->n--;
    m->mark = MARK_DONE;
    c->order[c->n_order++] = m;
}

void order_modules(Making *c)
{
    Chain chain = {.items = arena_array(&c->arena, c->n_made, sizeof *chain.items)};
    c->order = arena_array(&c->arena, c->n_made, sizeof *c->order);
    if (!chain.items || !c->order) {
        making_out_of_memory(c);
        return;
    }
    for (uint32_t i = 0; i < c->n_made; i++) visit(c, &chain, &c->made[i]);
}
