/* inputs.c: arguments to files: folders, patterns, and what cannot be read on the way. */
#include "validator/inputs.h"

#include <fnmatch.h>
#include <fts.h>
#include <string.h>
#include <sys/stat.h>

typedef struct Walk {
    Arena *arena;
    Inputs *out;
    const char *pattern; /* against the path below the root; NULL: *.wasm at any depth */
    size_t root_bytes;   /* of a file's path: the root, and the slash behind it */
    int depth;           /* of the deepest folder to look into; -1: any */
} Walk;

static void add_problem(Arena *a, Inputs *in, const char *path, DiagCode code, const char *problem)
{
    Input *items = arena_grow(a, in->items, in->n, &in->cap, sizeof *items);
    path = arena_strndup(a, path, strlen(path));
    if (problem) problem = arena_strndup(a, problem, strlen(problem));
    if (!items || !path) {
        in->failed = true;
        return;
    }
    in->items = items;
    items[in->n++] = (Input){path, problem, code};
}

static void add(Arena *a, Inputs *in, const char *path) { add_problem(a, in, path, DIAG_NONE, NULL); }

/* ---- patterns ---- */

static bool is_pattern(const char *s) { return strpbrk(s, "*?[") != NULL; }

/* One part of a pattern against one part of a path; neither has a slash. */
static bool part_matches(const char *pattern, size_t pattern_len, const char *path, size_t path_len)
{
    char p[256], s[256]; /* NAME_MAX and its NUL */
    if (pattern_len >= sizeof p || path_len >= sizeof s) return false;
    memcpy(p, pattern, pattern_len);
    memcpy(s, path, path_len);
    p[pattern_len] = s[path_len] = 0;
    return fnmatch(p, s, FNM_PERIOD) == 0;
}

static bool matches(const char *pattern, const char *path)
{
    for (;;) {
        size_t n = strcspn(pattern, "/"), m = strcspn(path, "/");
        if (strncmp(pattern, "**", 2) == 0 && n == 2) {
            if (pattern[2] && matches(pattern + 3, path)) return true;
            if (!pattern[2] && !path[m] && path[0] != '.') return true;
            if (!path[m] || path[0] == '.') return false;
            path += m + 1;
            continue;
        }
        if (!part_matches(pattern, n, path, m)) return false;
        if (!pattern[n] || !path[m]) return !pattern[n] && !path[m];
        pattern += n + 1;
        path += m + 1;
    }
}

/* ---- folders ---- */

static int by_name(const FTSENT **a, const FTSENT **b) { return strcmp((*a)->fts_name, (*b)->fts_name); }

static bool is_wanted(const Walk *w, const FTSENT *e)
{
    struct stat st;
    if (e->fts_info == FTS_SL || e->fts_info == FTS_SLNONE) {
        if (stat(e->fts_path, &st) < 0 || !S_ISREG(st.st_mode)) return false;
    } else if (e->fts_info != FTS_F) {
        return false;
    }
    if (w->pattern) return e->fts_pathlen > w->root_bytes && matches(w->pattern, e->fts_path + w->root_bytes);
    return str_has_suffix((Str){e->fts_name, e->fts_namelen}, STR(".wasm"));
}

static void walk(Walk *w, const char *root)
{
    char *copy = arena_strndup(w->arena, root, strlen(root));
    FTS *fts = copy ? fts_open((char *[]){copy, NULL}, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name) : NULL;
    if (!fts) {
        w->out->failed = true;
        return;
    }
    for (FTSENT *e; (e = fts_read(fts)) != NULL;) {
        bool below = e->fts_level > 0;
        const char *path = below && strcmp(root, ".") == 0 ? e->fts_path + 2 : e->fts_path;
        if (e->fts_info == FTS_DNR || e->fts_info == FTS_ERR || (e->fts_info == FTS_NS && below))
            add_problem(w->arena, w->out, path, IO_READ, strerror(e->fts_errno));
        else if (e->fts_info == FTS_D && w->depth >= 0 && e->fts_level > w->depth) (void)fts_set(fts, e, FTS_SKIP);
        else if (below && is_wanted(w, e)) add(w->arena, w->out, path);
    }
    fts_close(fts);
}

static void add_folder(Arena *a, Inputs *out, const char *path)
{
    size_t before = out->n;
    walk(&(Walk){.arena = a, .out = out, .depth = -1}, path);
    if (out->n == before) add_problem(a, out, path, IO_NO_FILE, "there is no *.wasm in this folder");
}

/* The folders in front of the first part with a * ? or [ are the root: nothing beside them is looked at. */
static void add_pattern(Arena *a, Inputs *out, const char *pattern)
{
    size_t before = out->n, root = 0;
    int depth = 0;
    for (size_t i = 0; pattern[i] && !strchr("*?[", pattern[i]); i++)
        if (pattern[i] == '/') root = i + 1;
    for (const char *p = pattern + root; depth >= 0 && *p; p++) {
        if (*p == '/') depth++;
        if (strncmp(p, "**", 2) == 0) depth = -1;
    }
    const char *folder = root == 0 ? "." : root == 1 ? "/" : arena_strndup(a, pattern, root - 1);
    if (!folder) out->failed = true;
    else walk(&(Walk){a, out, pattern + root, root == 0 ? 2 : root, depth}, folder);
    if (out->n == before) add_problem(a, out, pattern, IO_NO_FILE, "no file matches this pattern");
}

void inputs_collect(Arena *a, char **arguments, int n, Inputs *out)
{
    *out = (Inputs){0};
    for (int i = 0; i < n; i++) {
        struct stat st;
        bool there = stat(arguments[i], &st) == 0;
        if (strcmp(arguments[i], "-") == 0) add(a, out, "-");
        else if (there && S_ISDIR(st.st_mode)) add_folder(a, out, arguments[i]);
        else if (!there && is_pattern(arguments[i])) add_pattern(a, out, arguments[i]);
        else add(a, out, arguments[i]);
    }
}
