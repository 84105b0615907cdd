/* minisig.c: a signature as minisign writes it into a file of its own, four lines:
 *
 *     untrusted comment: anything
 *     base64 of algorithm : 2   key id : 8   signature : 64
 *     trusted comment: what the last line signs too
 *     base64 of the global signature : 64
 *
 * docs/bundle-format.md §2 */
#include "bundle/container.h"

#include <sodium.h>
#include <string.h>

static bool fail(Diags *d, DiagCode code, const char *file, const char *why)
{
    diag_add(d, code, DIAG_AT(.file = file), "%s", why);
    return false;
}

bool bundle_next_line(Str *rest, Str *line)
{
    if (rest->len == 0) return false;
    const char *nl = memchr(rest->ptr, '\n', rest->len);
    *line = (Str){rest->ptr, nl ? (size_t)(nl - rest->ptr) : rest->len};
    size_t used = line->len + (nl != NULL);
    *rest = (Str){rest->ptr + used, rest->len - used};
    if (line->len && line->ptr[line->len - 1] == '\r') line->len--;
    return true;
}

bool bundle_unbase64(Str text, uint8_t *out, size_t size)
{
    size_t len = 0;
    return sodium_base642bin(out, size, text.ptr, text.len, NULL, &len, NULL,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           len == size;
}

bool bundle_read_minisig(Str text, const char *file, Diags *d, BundleMinisig *out)
{
    Str line[4], rest = text;
    for (size_t i = 0; i < ARRAY_LEN(line); i++)
        if (!bundle_next_line(&rest, &line[i]))
            return fail(d, BUNDLE_BAD_KEY, file, "not a minisign signature: it has four lines");
    if (rest.len)
        return fail(d, BUNDLE_BAD_KEY, file,
                    "not a minisign signature: there is something after the fourth line");
    if (!str_has_prefix(line[0], STR("untrusted comment: ")) ||
        !str_has_prefix(line[2], STR("trusted comment: ")))
        return fail(d, BUNDLE_BAD_KEY, file,
                    "not a minisign signature: comments are expected in lines 1 and 3");
    if (!bundle_unbase64(line[1], out->first, sizeof out->first) ||
        !bundle_unbase64(line[3], out->global, sizeof out->global))
        return fail(d, BUNDLE_BAD_KEY, file,
                    "not a minisign signature: signatures are expected in lines 2 and 4");
    if (memcmp(out->first, "ED", ALGORITHM_BYTES) != 0)
        return fail(d, BUNDLE_BAD_ALGORITHM, file, "not a prehashed signature: make it without minisign's -l");
    size_t prefix = strlen("trusted comment: ");
    out->record = (BundleRecord){
        .id = out->first + ALGORITHM_BYTES,
        .signature = out->first + ALGORITHM_BYTES + BUNDLE_KEY_ID_BYTES,
        .comment = {line[2].ptr + prefix, line[2].len - prefix},
        .global = out->global,
    };
    if (bundle_comment_ok(out->record.comment)) return true;
    return fail(d, BUNDLE_BAD_RECORD, file, "trusted comment is too long, not UTF-8 or has control characters");
}
