/* oci_json.c: JSON that somebody else wrote. jansson bounds nesting at 2048 and nothing else; an empty array
 * of two bytes costs it a hundred times as much. So a scan that knows brackets and strings only counts first.
 * Sources: RFC 8259; image-spec 1.1 descriptor.md "Properties", image-index.md, manifest.md */
#include "bundle/oci_json.h"

#include <stdlib.h>
#include <string.h>

static bool json_fail(Diags *d, DiagCode code, const char *file, const char *what, size_t at, const char *why)
{
    Arena a = {0};
    const char *shown = diag_escape(&a, str_of(why));
    if (at) diag_add(d, code, DIAG_AT(.file = file), "%s, byte %zu: %s", what, at, shown ? shown : "");
    else diag_add(d, code, DIAG_AT(.file = file), "%s: %s", what, shown ? shown : "");
    arena_free(&a);
    return false;
}

/* Nesting and number of values, as if it were well-formed: jansson sees to that. */
static bool count_values(const Writer *bytes, const char *file, const char *what, Diags *d)
{
    size_t depth = 0, values = 0;
    bool in_string = false;
    for (size_t i = 0; i < bytes->len; i++) {
        uint8_t c = bytes->ptr[i];
        if (in_string) {
            if (c == '\\') i++;
            else if (c == '"') in_string = false;
            continue;
        }
        if (c == '"') in_string = true;
        if (c == '{' || c == '[') depth++;
        if ((c == '}' || c == ']') && depth) depth--;
        if (strchr("{[,:", c) && c) values++;
        if (depth > OCI_MAX_JSON_DEPTH) return json_fail(d, OCI_TOO_BIG, file, what, i, "nested too deep");
        if (values > OCI_MAX_JSON_VALUES) return json_fail(d, OCI_TOO_BIG, file, what, i, "too many values");
    }
    return true;
}

/* jansson 2.14's lexer passes over an allocation that fails while a string grows, and goes on with less of
 * it: a document that nobody wrote. So whether one has failed is noted here, the one place that it asks. */
static _Thread_local bool json_lacked_memory;

static void *json_allocate(size_t n)
{
    void *p = malloc(n);
    if (!p) json_lacked_memory = true;
    return p;
}

bool oci_json_read(const Writer *bytes, const char *file, const char *what, Diags *d, json_t **out)
{
    json_error_t error;
    *out = NULL;
    if (!count_values(bytes, file, what, d)) return false;
    json_set_alloc_funcs(json_allocate, free);
    json_lacked_memory = false;
    json_t *json = json_loadb((const char *)bytes->ptr, bytes->len, JSON_REJECT_DUPLICATES, &error);
    if (json_lacked_memory) {
        json_decref(json);
        diag_add(d, OUT_OF_MEMORY, DIAG_AT(.file = file), "out of memory");
        return false;
    }
    if (!json) return json_fail(d, OCI_JSON, file, what, (size_t)error.position, error.text);
    if (json_is_object(json)) {
        *out = json;
        return true;
    }
    json_decref(json);
    return json_fail(d, OCI_JSON, file, what, 0, "not a JSON object");
}

char *oci_json_write(const json_t *json)
{
    json_lacked_memory = false;
    char *text = json_dumps(json, JSON_COMPACT);
    if (!json_lacked_memory) return text;
    free(text);
    return NULL;
}

const char *oci_json_text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

bool oci_digest_ok(Str digest)
{
    if (digest.len != OCI_DIGEST_TEXT || !str_has_prefix(digest, STR("sha256:"))) return false;
    for (size_t i = 7; i < digest.len; i++)
        if (!strchr("0123456789abcdef", digest.ptr[i]) || !digest.ptr[i]) return false;
    return true;
}

bool oci_tag_ok(Str tag)
{
    static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
    if (tag.len == 0 || tag.len > OCI_MAX_TAG || tag.ptr[0] == '.' || tag.ptr[0] == '-') return false;
    for (size_t i = 0; i < tag.len; i++)
        if (!memchr(first, tag.ptr[i], sizeof first - 1)) return false;
    return true;
}

bool oci_json_descriptor(const json_t *json, const char *file, const char *what, Diags *d, OciDescriptor *out)
{
    const char *type = oci_json_text(json, "mediaType"), *digest = oci_json_text(json, "digest");
    const json_t *size = json_object_get(json, "size");
    if (!type) return json_fail(d, OCI_DESCRIPTOR, file, what, 0, "a descriptor without mediaType");
    if (!digest || !oci_digest_ok(str_of(digest)))
        return json_fail(d, OCI_DESCRIPTOR, file, what, 0,
                         "a descriptor's digest is not sha256: and 64 hexadecimal digits in lower case");
    if (!json_is_integer(size) || json_integer_value(size) < 0)
        return json_fail(d, OCI_DESCRIPTOR, file, what, 0, "a descriptor's size is not a number of bytes");
    out->media_type = type;
    memcpy(out->digest, digest, sizeof out->digest);
    out->size = (uint64_t)json_integer_value(size);
    return true;
}

const char *oci_json_tag(const json_t *descriptor)
{
    return oci_json_text(json_object_get(descriptor, "annotations"), OCI_ANNOTATION "ref.name");
}

bool oci_json_is(const json_t *json, const char *media_type, const char *file, const char *what, Diags *d)
{
    const json_t *version = json_object_get(json, "schemaVersion"),
                 *type = json_object_get(json, "mediaType");
    if (!json_is_integer(version) || json_integer_value(version) != 2)
        return json_fail(d, OCI_JSON, file, what, 0, "schemaVersion is not 2");
    if (type && (!json_is_string(type) || strcmp(json_string_value(type), media_type) != 0))
        return json_fail(d, OCI_JSON, file, what, 0, "mediaType is another one than its descriptor's");
    return true;
}
