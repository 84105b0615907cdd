/* oci_json.h: jansson, for JSON that somebody else wrote. Private to bundle/oci_*.c. */
#ifndef PARIGOT_BUNDLE_OCI_JSON_H
#define PARIGOT_BUNDLE_OCI_JSON_H

#include "bundle/oci.h"

#include <jansson.h>

/* oci_json_read: an object. Its depth and its number of values are bounded before jansson sees it; a key twice, a number
 * beyond 64 bits, a NUL in a string are refused.
 * in:     what   "index.json", or a digest: for the diagnostic
 * out:    json_decref frees it; NULL when false
 * errors: OCI_TOO_BIG, OCI_JSON */
MUST_USE bool oci_json_read(const Writer *bytes, const char *file, const char *what, Diags *, json_t **out);
/* As text without white space, which free() takes; NULL: out of memory. Of JSON from oci_json_read. */
char *oci_json_write(const json_t *);
/* The member's value when it is a string (not NULL), else NULL. */
const char *oci_json_text(const json_t *object, const char *key);
/* oci_json_descriptor: media type, digest and size of a descriptor, all of the right form. Text is borrowed from the JSON.
 * errors: OCI_DESCRIPTOR */
MUST_USE bool oci_json_descriptor(const json_t *, const char *file, const char *what, Diags *, OciDescriptor *out);
/* The tag that index.json gives to one of its descriptors, or NULL. */
const char *oci_json_tag(const json_t *descriptor);
/* schemaVersion is 2, and mediaType is this one where it is said.   errors: OCI_JSON */
MUST_USE bool oci_json_is(const json_t *, const char *media_type, const char *file, const char *what, Diags *);

#endif
