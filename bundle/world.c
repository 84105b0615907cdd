/* world.c: world files. The table of keys says what may be written; what has more to it than a type and a
 * range is checked here. Errors with file:line, all of them.  docs/world.md
 *
 * A key is in the table when what it asks for is recorded; a loader that cannot do it refuses the bundle. */
#include "bundle/create.h"

#include "validator/config.h"
#include "validator/validator.h"

#include <string.h>
#include <time.h>

static const CfgKey keys[] = {
    {"world", CFG_NUMBER, NULL, 1, 1, "the version of this grammar: 1"},
    {"name", CFG_STRING, NULL, 0, 0, "the bundle's name"},
    {"version", CFG_STRING, "", 0, 0, "a version for people"},
    {"generation", CFG_NUMBER, "1", 1, INT64_MAX, "a number that only ever rises"},
    {"not_after", CFG_STRING, "", 0, 0, "a time as in RFC 3339, 2027-06-30T12:00:00Z"},
    {"main", CFG_STRING, "", 0, 0, "the module whose exit ends the world"},
    {"remote", CFG_STRINGS, "", 0, 0, "services that no module here provides"},
    {"modules", CFG_LIST, NULL, 0, 0, "the modules"},
    {"modules[].name", CFG_STRING, NULL, 0, 0, "the module's name in this world"},
    {"modules[].file", CFG_STRING, NULL, 0, 0, "path of the .wasm file, relative to the world file"},
    {"modules[].policy", CFG_STRING, "strict", 0, 0, "strict, reset or audit, or path of a policy file"},
    {"modules[].memory", CFG_SIZE, "0 B", 65536, UINT64_C(1) << 32, "most memory, 64 KiB to 4 GiB"},
    {"modules[].fuel", CFG_NUMBER, "0", 0, INT64_MAX, "fuel for one entry; 0 = no limit"},
    {"modules[].fuel_total", CFG_NUMBER, "0", 0, INT64_MAX, "fuel for the process, in all its lives; 0 = no limit"},
    {"modules[].deadline", CFG_DURATION, "0 ns", 1, UINT64_C(86400000000000),
     "longest time for one call that it serves, up to a day"},
    {"modules[].entry", CFG_DURATION, "0 ns", 1, UINT64_C(86400000000000), "longest time for one entry, up to a day"},
    {"modules[].stack", CFG_SIZE, "0 B", 4096, 64 << 20, "for the frames of its functions, 4 KiB to 64 MiB"},
    {"modules[].table", CFG_NUMBER, "0", 1, 10000000, "elements of all its tables"},
    {"modules[].share", CFG_NUMBER, "100", 1, 10000, "weight for the processor"},
    {"modules[].calls", CFG_NUMBER, "0", 1, 65536, "calls in flight, each direction"},
    {"modules[].message", CFG_SIZE, "0 B", 1, 64 << 20, "longest message, up to 64 MiB"},
    {"modules[].waiting", CFG_SIZE, "0 B", 1, 256 << 20, "bytes that it has sent and nobody has taken, up to 256 MiB"},
    {"modules[].queue", CFG_NUMBER, "0", 1, 4096, "pieces waiting, a call"},
    {"modules[].restart", CFG_NUMBER, "0", 0, 600, "fresh instances after a kill, a minute"},
    {"modules[].instances", CFG_NUMBER, "0", 1, 1024, "fresh instances at a time, under policy reset"},
    {"modules[].grant", CFG_STRINGS, "", 0, 0, "system services that it may call"},
    {"modules[].config", CFG_MAP, "", 0, 0, "settings for the program"},
    {"routes", CFG_LIST, "", 0, 0, "who answers where several modules provide one service"},
    {"routes[].service", CFG_STRING, NULL, 0, 0, "the service"},
    {"routes[].to", CFG_STRING, NULL, 0, 0, "the module"},
    {"folders", CFG_LIST, "", 0, 0, "folders that modules see"},
    {"folders[].name", CFG_STRING, NULL, 0, 0, "the folder's name in the world"},
    {"folders[].for", CFG_STRINGS, NULL, 0, 0, "the modules that see it"},
    {"folders[].write", CFG_BOOL, "false", 0, 0, "whether they may write"},
};
static const CfgTable table = {"world", keys, ARRAY_LEN(keys)};

typedef struct Reading {
    Arena *arena;
    Diags *diags;
    const char *path;
    World *world;
} Reading;

static bool out_of_memory(Reading *r)
{
    diag_add(r->diags, OUT_OF_MEMORY, DIAG_AT(.file = r->path), "out of memory");
    return false;
}

/* A copy that outlives the configuration file. */
static Str keep(Reading *r, Str s)
{
    const char *p = arena_strndup(r->arena, s.ptr, s.len);
    if (!p) out_of_memory(r);
    return p ? (Str){p, s.len} : (Str){0};
}

static void *array(Reading *r, uint32_t n, size_t size)
{
    void *p = arena_array(r->arena, n, size);
    if (!p) out_of_memory(r);
    return p;
}

static uint32_t line_of(CfgAt at, const char *key) { return cfg_place(at, key).src_line; }

/* ---- times ---- */

/* n digits; false when there are fewer or something else. */
static bool digits(const char **p, int n, int *out)
{
    *out = 0;
    for (int i = 0; i < n; i++, (*p)++) {
        if (**p < '0' || **p > '9') return false;
        *out = *out * 10 + (**p - '0');
    }
    return true;
}

static bool character(const char **p, char c)
{
    if (**p != c) return false;
    (*p)++;
    return true;
}

/* RFC 3339 §5.6 "Internet Date/Time Format"; fractions are cut off. */
static bool parse_time(const char *s, int64_t *out)
{
    struct tm tm = {0}, again;
    int hours = 0, minutes = 0, sign = 0;
    if (!digits(&s, 4, &tm.tm_year) || !character(&s, '-') || !digits(&s, 2, &tm.tm_mon) ||
        !character(&s, '-') || !digits(&s, 2, &tm.tm_mday) || !(character(&s, 'T') || character(&s, 't')) ||
        !digits(&s, 2, &tm.tm_hour) || !character(&s, ':') || !digits(&s, 2, &tm.tm_min) ||
        !character(&s, ':') || !digits(&s, 2, &tm.tm_sec))
        return false;
    if (character(&s, '.')) {
        if (*s < '0' || *s > '9') return false;
        while (*s >= '0' && *s <= '9') s++;
    }
    if (!character(&s, 'Z') && !character(&s, 'z')) {
        sign = *s == '+' ? 1 : *s == '-' ? -1 : 0;
        s += sign != 0;
        if (!sign || !digits(&s, 2, &hours) || !character(&s, ':') || !digits(&s, 2, &minutes) ||
            hours > 23 || minutes > 59)
            return false;
    }
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    again = tm;
    time_t t = timegm(&again); /* puts 31 February right; what it changed was not a date */
    bool same = again.tm_year == tm.tm_year && again.tm_mon == tm.tm_mon && again.tm_mday == tm.tm_mday &&
                again.tm_hour == tm.tm_hour && again.tm_min == tm.tm_min && again.tm_sec == tm.tm_sec;
    *out = (int64_t)t - sign * (hours * 3600 + minutes * 60);
    return *s == 0 && same && *out > 0;
}

/* ---- the parts ---- */

static void read_head(Reading *r, CfgAt root)
{
    World *w = r->world;
    w->name = keep(r, cfg_string(root, "name"));
    w->version = keep(r, cfg_string(root, "version"));
    w->generation = cfg_number(root, "generation");
    w->main = keep(r, cfg_string(root, "main"));
    w->main_line = line_of(root, "main");
    w->remote_line = line_of(root, "remote");
    if (!bundle_name_ok(w->name))
        cfg_error(root, "name", "\"name\": expected [a-z0-9][a-z0-9._-]{0,63}, found \"%.*s\"",
                  STR_ARG(w->name));
    if (w->version.len > 255) cfg_error(root, "version", "\"version\": expected at most 255 bytes");
    Str time = keep(r, cfg_string(root, "not_after"));
    if (time.len && !parse_time(time.ptr, &w->not_after))
        cfg_error(root, "not_after",
                  "\"not_after\": expected a time as in RFC 3339, 2027-06-30T12:00:00Z, found \"%.*s\"",
                  STR_ARG(time));
}

/* Names of services under a key; what is not one is an error. */
static Str *read_services(Reading *r, CfgAt at, const char *key, uint32_t *n)
{
    uint32_t count = cfg_count(at, key);
    Str *names = array(r, count, sizeof *names);
    for (uint32_t i = 0; names && i < count; i++) {
        names[i] = keep(r, cfg_string_at(at, key, i));
        if (!wasm_is_service(names[i]))
            cfg_error(at, key, "\"%s\": expected the full name of a service, found \"%.*s\"", key,
                      STR_ARG(names[i]));
    }
    *n = names ? count : 0;
    return names;
}

static void read_config(Reading *r, CfgAt at, WorldModule *m)
{
    uint32_t n = cfg_count(at, "config");
    m->config = array(r, n, sizeof *m->config);
    for (uint32_t i = 0; m->config && i < n; i++) {
        Str key, value = cfg_map_at(at, "config", i, &key);
        m->config[m->n_config++] = (WorldPair){keep(r, key), keep(r, value)};
        if (key.len > 255) cfg_error(at, "config", "\"config\": expected names of at most 255 bytes");
    }
}

static void read_module(Reading *r, CfgAt at, WorldModule *m)
{
    m->name = keep(r, cfg_string(at, "name"));
    m->line = line_of(at, "name");
    m->memory_bytes = cfg_number(at, "memory");
    m->fuel_per_entry = cfg_number(at, "fuel");
    m->fuel_total = cfg_number(at, "fuel_total");
    m->deadline_ns = cfg_number(at, "deadline");
    m->entry_ns = cfg_number(at, "entry");
    m->stack_bytes = cfg_number(at, "stack");
    m->table_elems = (uint32_t)cfg_number(at, "table");
    m->waiting_bytes = (uint32_t)cfg_number(at, "waiting");
    m->instances = (uint32_t)cfg_number(at, "instances");
    m->share = (uint32_t)cfg_number(at, "share");
    m->calls = (uint32_t)cfg_number(at, "calls");
    m->message_bytes = (uint32_t)cfg_number(at, "message");
    m->queue = (uint32_t)cfg_number(at, "queue");
    m->restarts_per_minute = (uint32_t)cfg_number(at, "restart");
    m->grants = read_services(r, at, "grant", &m->n_grants);
    read_config(r, at, m);
    if (!bundle_name_ok(m->name))
        cfg_error(at, "name", "\"modules[].name\": expected [a-z0-9][a-z0-9._-]{0,63}, found \"%.*s\"",
                  STR_ARG(m->name));
    if (cfg_string(at, "file").len == 0)
        cfg_error(at, "file", "\"modules[].file\": expected the path of a .wasm file, found \"\"");
}

static void read_route(Reading *r, CfgAt at, WorldRoute *out)
{
    *out = (WorldRoute){keep(r, cfg_string(at, "service")), keep(r, cfg_string(at, "to")),
                        line_of(at, "service")};
    if (!wasm_is_service(out->service))
        cfg_error(at, "service", "\"routes[].service\": expected the full name of a service, found \"%.*s\"",
                  STR_ARG(out->service));
}

static void read_folder(Reading *r, CfgAt at, WorldFolder *out)
{
    uint32_t n = cfg_count(at, "for");
    *out = (WorldFolder){.name = keep(r, cfg_string(at, "name")),
                         .modules = array(r, n, sizeof *out->modules),
                         .write = cfg_bool(at, "write"),
                         .line = line_of(at, "name")};
    if (!bundle_name_ok(out->name))
        cfg_error(at, "name", "\"folders[].name\": expected [a-z0-9][a-z0-9._-]{0,63}, found \"%.*s\"",
                  STR_ARG(out->name));
    if (n == 0) cfg_error(at, "for", "\"folders[].for\": expected at least one module");
    for (uint32_t i = 0; out->modules && i < n; i++)
        out->modules[out->n_modules++] = keep(r, cfg_string_at(at, "for", i));
}

static void read_world(Reading *r, CfgAt root)
{
    World *w = r->world;
    read_head(r, root);
    w->remote = read_services(r, root, "remote", &w->n_remote);
    uint32_t n = cfg_count(root, "modules");
    if (n == 0) cfg_error(root, "modules", "\"modules\": expected at least one module");
    w->modules = array(r, n, sizeof *w->modules);
    for (uint32_t i = 0; w->modules && i < n; i++)
        read_module(r, cfg_item(root, "modules", i), &w->modules[w->n_modules++]);
    n = cfg_count(root, "routes");
    w->routes = array(r, n, sizeof *w->routes);
    for (uint32_t i = 0; w->routes && i < n; i++)
        read_route(r, cfg_item(root, "routes", i), &w->routes[w->n_routes++]);
    n = cfg_count(root, "folders");
    w->folders = array(r, n, sizeof *w->folders);
    for (uint32_t i = 0; w->folders && i < n; i++)
        read_folder(r, cfg_item(root, "folders", i), &w->folders[w->n_folders++]);
}

/* ---- what the world names: policies and modules ---- */

/* A path in the file is relative to the folder of the file. */
static const char *resolve(Reading *r, Str path)
{
    const char *slash = strrchr(r->path, '/');
    const char *out =
        path.ptr[0] == '/' || !slash
            ? arena_strndup(r->arena, path.ptr, path.len)
            : arena_printf(r->arena, "%.*s%.*s", (int)(slash + 1 - r->path), r->path, STR_ARG(path));
    if (!out) out_of_memory(r);
    return out;
}

static void load_policy(Reading *r, CfgAt at, WorldModule *m)
{
    Str name = cfg_string(at, "policy");
    m->policy = val_builtin_policy(name);
    if (m->policy) return;
    const char *path = name.len ? resolve(r, name) : NULL;
    ValPolicy *own = array(r, 1, sizeof *own);
    if (name.len == 0)
        cfg_error(at, "policy",
                  "\"modules[].policy\": expected strict, reset or audit, or the path of a policy file");
    else if (own && path && val_load_policy(r->arena, path, r->diags, own)) m->policy = own;
}

static void load_module(Reading *r, CfgAt at, WorldModule *m)
{
    m->file = resolve(r, cfg_string(at, "file"));
    if (!m->file || !file_read(m->file, 0, r->diags, &m->own)) return;
    m->bytes = m->own.ptr;
    m->size = m->own.size;
}

bool bundle_parse_world(Arena *a, Str text, const char *name, Diags *d, World *out)
{
    *out = (World){.file = name};
    size_t errors = d->errors;
    CfgFile *f = cfg_parse(text, name, &table, d);
    if (!f) return false;
    Reading r = {.arena = a, .diags = d, .path = name, .world = out};
    read_world(&r, cfg_root(f));
    cfg_close(f);
    return d->errors == errors;
}

enum { NONE_LEFT_OUT = -1 };

/* The one that is linked, by its name or because it is alone; NONE_LEFT_OUT when there is no such one. */
static int64_t find_linked(const World *w, Str name)
{
    if (!name.ptr) return w->n_modules == 1 ? 0 : NONE_LEFT_OUT;
    for (uint32_t i = 0; i < w->n_modules; i++)
        if (str_eq(w->modules[i].name, name)) return i;
    return NONE_LEFT_OUT;
}

/* linked: NULL: all modules are read from their files. */
static bool read_files(Arena *a, const char *path, const Str *linked, Diags *d, World *out, int64_t *left_out)
{
    *out = (World){.file = path};
    *left_out = NONE_LEFT_OUT;
    size_t errors = d->errors;
    CfgFile *f = cfg_read(path, &table, d);
    if (!f) return false;
    Reading r = {.arena = a, .diags = d, .path = path, .world = out};
    CfgAt root = cfg_root(f);
    read_world(&r, root);
    if (linked) *left_out = find_linked(out, *linked);
    bool known = d->errors == errors && (!linked || *left_out >= 0);
    for (uint32_t i = 0; known && i < out->n_modules; i++) {
        load_policy(&r, cfg_item(root, "modules", i), &out->modules[i]);
        if (i != *left_out) load_module(&r, cfg_item(root, "modules", i), &out->modules[i]);
    }
    cfg_close(f);
    return known && d->errors == errors;
}

bool bundle_read_world(Arena *a, const char *path, Diags *d, World *out)
{
    int64_t none;
    return read_files(a, path, NULL, d, out, &none);
}

bool bundle_read_world_around(Arena *a, const char *path, Str linked, Diags *d, World *out, WorldModule **module)
{
    int64_t at;
    bool ok = read_files(a, path, &linked, d, out, &at);
    *module = ok ? &out->modules[at] : NULL;
    return ok;
}

void bundle_close_world(World *w)
{
    for (uint32_t i = 0; i < w->n_modules; i++)
        if (w->modules[i].own.ptr) file_close(&w->modules[i].own);
    w->n_modules = 0;
}
