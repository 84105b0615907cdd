/* system.c: the services of the host, by name: one table for whoever grants them and whoever provides them. */
#include "bundle/bundle.h"

#include <string.h>
#include <strings.h>

const BundleSystemService bundle_system_services[BUNDLE_SYSTEM_COUNT] = {
#define SYSTEM_SERVICE(id, name, here) [BUNDLE_SYSTEM_##id] = {name, here},
#include "bundle/system_services.def"
#undef SYSTEM_SERVICE
};

const BundleSystemService *bundle_find_system_service(Str name)
{
    for (size_t i = 0; i < BUNDLE_SYSTEM_COUNT; i++)
        if (str_eq(name, str_of(bundle_system_services[i].name))) return &bundle_system_services[i];
    return NULL;
}

/* What is written for parigot.log.v1.Log by who does not know that names are full: Log, log, parigot.Log, parigot.log.Log. */
static bool is_short_form(Str name, const char *full)
{
    const char *last = strrchr(full, '.') + 1;
    size_t n = strlen(last), start = name.len;
    while (start > 0 && name.ptr[start - 1] != '.') start--;
    return name.len - start == n && strncasecmp(name.ptr + start, last, n) == 0;
}

const char *bundle_nearest_system_service(Str name)
{
    enum { MOST_EDITS = 3 };
    const char *nearest = NULL;
    size_t best = MOST_EDITS + 1;
    for (size_t i = 0; i < BUNDLE_SYSTEM_COUNT; i++) {
        const char *is = bundle_system_services[i].name;
        size_t d = is_short_form(name, is) ? 0 : str_distance(name, str_of(is));
        if (d < best) best = d, nearest = is;
    }
    return nearest;
}
