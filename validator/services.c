/* services.c: services and methods that are described or named, features that are named, and which of them was
 * probably meant. */
#include "validator/validator.h"

#include <string.h>

/* ---- finding ---- */

const ValService *val_find_service(const ValAbi *abi, Str name)
{
    uint32_t low = 0, high = abi->n_services;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        int order = str_cmp(abi->services[mid].name, name);
        if (order == 0) return &abi->services[mid];
        if (order < 0) low = mid + 1;
        else high = mid;
    }
    return NULL;
}

const ValMethod *val_find_method(const ValService *s, Str name)
{
    uint32_t low = 0, high = s->n_methods;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        int order = str_cmp(s->methods[mid].name, name);
        if (order == 0) return &s->methods[mid];
        if (order < 0) low = mid + 1;
        else high = mid;
    }
    return NULL;
}

bool val_is_named(const ValNamed *named, Str service)
{
    for (uint32_t i = 0; i < named->n_services; i++)
        if (str_eq(named->services[i], service)) return true;
    return named->n_services == 0;
}

/* ---- what was probably meant ---- */

enum { MOST = 511 }; /* bytes of a name that is compared: service, slash, method */

/* Letters to insert, remove or replace (Levenshtein); anything from `limit` on is `limit`. */
static uint32_t distance(Str a, Str b, uint32_t limit, uint64_t *budget)
{
    size_t gap = a.len > b.len ? a.len - b.len : b.len - a.len;
    uint64_t steps = (uint64_t)a.len * b.len;
    if (a.len > MOST || b.len > MOST || gap >= limit) return limit;
    if (steps > *budget) {
        *budget = 0;
        return limit;
    }
    *budget -= steps;
    uint32_t row[MOST + 1];
    for (uint32_t j = 0; j <= b.len; j++) row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        uint32_t diagonal = row[0], least;
        row[0] = least = (uint32_t)i;
        for (size_t j = 1; j <= b.len; j++) {
            uint32_t above = row[j], best = diagonal + (a.ptr[i - 1] != b.ptr[j - 1]);
            if (above + 1 < best) best = above + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            row[j] = best;
            diagonal = above;
            if (best < least) least = best;
        }
        if (least >= limit) return limit;
    }
    return row[b.len] < limit ? row[b.len] : limit;
}

/* "service/method"; an empty one when that is longer than any name may be. */
static Str join(char buffer[MOST + 1], Str service, Str method, bool as_in_c)
{
    size_t n = service.len + 1 + method.len;
    if (n > MOST) return (Str){0};
    if (service.len) memcpy(buffer, service.ptr, service.len);
    buffer[service.len] = '/';
    if (method.len) memcpy(buffer + service.len + 1, method.ptr, method.len);
    for (size_t i = 0; as_in_c && i < n; i++)
        if (buffer[i] == '.' || buffer[i] == '/') buffer[i] = '_';
    return (Str){buffer, n};
}

/* Of one service: the method whose whole name is nearest to `wanted`, if nearer than out->distance. */
static void look_in(const ValService *s, Str wanted, bool as_in_c, uint64_t *budget, ValNearest *out)
{
    char buffer[MOST + 1];
    for (uint32_t i = 0; i < s->n_methods && *budget; i++) {
        --*budget;
        Str name = join(buffer, s->name, s->methods[i].name, as_in_c);
        uint32_t d = name.len ? distance(wanted, name, out->distance, budget) : out->distance;
        if (d < out->distance) *out = (ValNearest){s, &s->methods[i], d};
    }
}

static bool look(const ValAbi *abi, const ValNamed *named, Str wanted, bool as_in_c, uint64_t *budget,
                 ValNearest *out)
{
    *out = (ValNearest){.distance = (uint32_t)(wanted.len / 2 + 1)}; /* beyond that it is chance */
    for (uint32_t i = 0; i < abi->n_services && *budget; i++) {
        --*budget;
        if (val_is_named(named, abi->services[i].name))
            look_in(&abi->services[i], wanted, as_in_c, budget, out);
    }
    return out->method != NULL;
}

bool val_nearest_method(const ValAbi *abi, const ValNamed *named, Str service, Str method, uint64_t *budget,
                        ValNearest *out)
{
    char buffer[MOST + 1];
    Str wanted = join(buffer, service, method, false);
    const ValService *s = val_find_service(abi, service);
    *out = (ValNearest){.distance = MOST};
    if (!wanted.len) return false;
    if (!s || !val_is_named(named, service)) return look(abi, named, wanted, false, budget, out);
    look_in(s, wanted, false, budget, out);
    return out->method != NULL;
}

bool val_nearest_symbol(const ValAbi *abi, const ValNamed *named, Str symbol, uint64_t *budget,
                        ValNearest *out)
{
    static const char *const tails[] = {"_call", "_reply", "_piece", "_import",
                                        "_entry"}; /* generated code's */
    for (size_t i = 0; i < ARRAY_LEN(tails); i++)
        if (str_has_suffix(symbol, str_of(tails[i]))) {
            symbol.len -= strlen(tails[i]);
            break;
        }
    *out = (ValNearest){.distance = MOST};
    return symbol.len && symbol.len <= MOST && look(abi, named, symbol, true, budget, out);
}

/* ---- features ---- */

typedef struct FeatureSet {
    const char *word;
    WasmFeatures features;
    bool wamr;
} FeatureSet;
static const FeatureSet feature_sets[] = {{"wamr", FEATURES_CORE, true}, {"all", FEATURES_ALL, false}};

/* The word for a feature or set that is nearest; NULL: none is. */
static const char *nearest_feature(Str word)
{
    uint32_t nearest = (uint32_t)(word.len / 2 + 1); /* beyond that it is chance */
    uint64_t budget = UINT64_MAX;
    const char *found = NULL;
    for (int f = 0; f < FEATURE_COUNT + (int)ARRAY_LEN(feature_sets); f++) {
        const char *text = f < FEATURE_COUNT ? wasm_feature_text((WasmFeature)f) : feature_sets[f - FEATURE_COUNT].word;
        uint32_t d = distance(word, str_of(text), nearest, &budget);
        if (d >= nearest) continue;
        nearest = d;
        found = text;
    }
    return found;
}

static void explain_feature(TextBuf *t, Str word)
{
    const char *nearest = nearest_feature(word);
    text_add(t, STR("no such feature: \""));
    text_add_escaped(t, word);
    text_add(t, STR("\""));
    if (nearest) text_printf(t, ", did you mean %s?", nearest);
    text_add(t, STR(" (features: "));
    for (int f = 0; f < FEATURE_COUNT; f++)
        if (wasm_feature_supported((WasmFeature)f)) text_printf(t, "%s, ", wasm_feature_text((WasmFeature)f));
    text_add(t, STR("and the sets wamr and all)"));
}

const char *val_add_feature(Arena *arena, Str word, WasmFeatures *features, bool *wamr)
{
    WasmFeature f;
    for (size_t i = 0; i < ARRAY_LEN(feature_sets); i++)
        if (str_eq(word, str_of(feature_sets[i].word))) {
            *features |= feature_sets[i].features;
            *wamr |= feature_sets[i].wamr;
            return NULL;
        }
    TextBuf t = {0};
    if (!wasm_feature_find(word, &f)) {
        explain_feature(&t, word);
    } else if (!wasm_feature_supported(f)) {
        text_printf(&t, "feature %s is not supported: modules that use it are refused", wasm_feature_text(f));
    } else {
        *features |= UINT64_C(1) << f;
        return NULL;
    }
    const char *copy = t.failed ? NULL : arena_strndup(arena, t.ptr, t.len);
    text_free(&t);
    return copy ? copy : "no such feature";
}
