/* services.c: who provides what, who calls what: for the views that tell of the world.  See show.h */
#include "bundle/show.h"

#include <stdlib.h>
#include <string.h>

/* The manifest's list of services is sorted and complete: bundle_check_manifest. */
size_t show_find_service(const BundleManifest *m, const char *name)
{
    size_t low = 0, high = m->n_services;
    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (strcmp(m->services[mid]->name, name) <= 0) low = mid;
        else high = mid;
    }
    return low;
}

static int by_service(const void *a, const void *b)
{
    const ShowUse *x = a, *y = b;
    if (x->service != y->service) return x->service < y->service ? -1 : 1;
    if (!x->method || !y->method) return !x->method - !y->method; /* grants last */
    return strcmp(x->method, y->method);
}

ShowUse *show_requires(Show *s, const BundleModule *mod, size_t *n)
{
    ShowUse *uses = show_array(s, mod->n_imports + mod->n_grants, sizeof *uses);
    *n = 0;
    if (!uses) return NULL;
    for (size_t i = 0; i < mod->n_imports; i++)
        if (!show_is_kernel(mod->imports[i]->service))
            uses[(*n)++] =
                (ShowUse){show_find_service(s->m, mod->imports[i]->service), mod->imports[i]->method};
    for (size_t i = 0; i < mod->n_grants; i++)
        if (!show_is_kernel(mod->grants[i]))
            uses[(*n)++] = (ShowUse){show_find_service(s->m, mod->grants[i]), NULL};
    qsort(uses, *n, sizeof *uses, by_service);
    return uses;
}

ShowUse *show_provides(Show *s, const BundleModule *mod, size_t *n)
{
    ShowUse *uses = show_array(s, mod->n_provides, sizeof *uses);
    *n = 0;
    if (!uses) return NULL;
    for (size_t i = 0; i < mod->n_provides; i++)
        uses[(*n)++] =
            (ShowUse){show_find_service(s->m, mod->provides[i]->service), mod->provides[i]->method};
    qsort(uses, *n, sizeof *uses, by_service);
    return uses;
}

size_t show_group_end(const ShowUse *uses, size_t n, size_t i)
{
    size_t end = i + 1;
    while (end < n && uses[end].service == uses[i].service) end++;
    return end;
}

bool show_services(Show *s, ShowServices *out)
{
    const BundleManifest *m = s->m;
    out->provider = show_array(s, m->n_services, sizeof *out->provider);
    out->routed = show_array(s, m->n_services, sizeof *out->routed);
    if (!out->provider || !out->routed) return false;
    for (size_t i = 0; i < m->n_services; i++)
        out->provider[i] = bundle_is_system_service(m->services[i]->name) ? SHOW_HOST : SHOW_ELSEWHERE;
    for (uint32_t i = 0; i < m->n_modules; i++)
        for (size_t j = 0; j < m->modules[i]->n_provides; j++)
            out->provider[show_find_service(m, m->modules[i]->provides[j]->service)] = (int32_t)i;
    for (size_t i = 0; i < m->n_routes; i++) {
        size_t service = show_find_service(m, m->routes[i]->service);
        out->routed[service] = true;
        for (uint32_t j = 0; j < m->n_modules; j++)
            if (strcmp(m->modules[j]->name, m->routes[i]->module) == 0) out->provider[service] = (int32_t)j;
    }
    return true;
}
