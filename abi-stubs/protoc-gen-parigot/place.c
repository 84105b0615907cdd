/* place.c: where things stand in their .proto file, and the comments in front of them. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "gen.h"

static int compare_paths(const int32_t *a, size_t a_len, const int32_t *b, size_t b_len)
{
    for (size_t i = 0; i < a_len && i < b_len; i++)
        if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
    return a_len < b_len ? -1 : a_len > b_len;
}

static int compare_places(const void *a, const void *b)
{
    const Location *x = *(const Location *const *)a, *y = *(const Location *const *)b;
    return compare_paths(x->path, x->n_path, y->path, y->n_path);
}

void gen_index_places(Gen *g, File *f)
{
    const Google__Protobuf__SourceCodeInfo *info = f->proto->source_code_info;
    if (!info) return;
    f->places = arena_array(&g->arena, info->n_location, sizeof *f->places);
    for (size_t i = 0; i < info->n_location; i++) f->places[i] = info->location[i];
    f->n_places = info->n_location;
    qsort(f->places, f->n_places, sizeof *f->places, compare_places);
}

const Location *gen_place(const File *f, const Path *path)
{
    size_t low = 0, high = f->n_places;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const Location *place = f->places[mid];
        int order = compare_paths(path->step, path->len, place->path, place->n_path);
        if (order == 0) return place;
        if (order < 0) high = mid;
        else low = mid + 1;
    }
    return NULL;
}

void gen_error(Gen *g, const File *f, const Path *path, const char *format, ...)
{
    const Location *place = path ? gen_place(f, path) : NULL;
    if (g->errors.len) text_printf(&g->errors, "\n");
    text_printf(&g->errors, "%s", f->proto->name);
    if (place && place->n_span >= 2)
        text_printf(&g->errors, ":%d:%d", place->span[0] + 1, place->span[1] + 1);
    va_list ap;
    va_start(ap, format);
    text_printf(&g->errors, ": %s", arena_vprintf(&g->arena, format, ap));
    va_end(ap);
}

const char *gen_comment(Gen *g, const File *f, const Path *path)
{
    const Location *place = gen_place(f, path);
    const char *text = place ? place->leading_comments : NULL;
    if (!text || !*text) text = place ? place->trailing_comments : NULL;
    if (!text) return NULL;
    /* Nothing in it may end the comment, or begin one, or go on behind it: "*" and "/" are parted by a space.
     */
    size_t len = strlen(text);
    char *out = arena_alloc(&g->arena, len * 2 + 1), *p = out;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (p > out && ((p[-1] == '*' && c == '/') || (p[-1] == '/' && c == '*'))) *p++ = ' ';
        *p++ = c == '\\' && (text[i + 1] == '\n' || !text[i + 1]) ? ' ' : c == '\r' ? ' ' : c;
    }
    while (p > out && (p[-1] == '\n' || p[-1] == ' ')) p--;
    *p = 0;
    while (*out == ' ' || *out == '\n') out++;
    return *out ? out : NULL;
}

Path gen_path(Gen *g, const Path *base, int32_t kind, size_t index)
{
    size_t len = base ? base->len : 0;
    int32_t *step = arena_array(&g->arena, len + 2, sizeof *step);
    if (len) memcpy(step, base->step, len * sizeof *step);
    step[len] = kind;
    step[len + 1] = (int32_t)index;
    return (Path){step, len + 2};
}
