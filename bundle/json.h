/* json.h: writing JSON, with the commas in their places. Every string goes through text_add_json, so none can end early,
 * and what a terminal or a CI system would act on is escaped.  RFC 8259 */
#ifndef PARIGOT_BUNDLE_JSON_H
#define PARIGOT_BUNDLE_JSON_H

#include "wasm/wasm.h"

#include <protobuf-c/protobuf-c.h>

typedef struct Json {
    TextBuf *text;  /* borrowed */
    bool comma;     /* something stands before, in the same object or array */
} Json;

/* key: within an object; NULL within an array, or for the whole. */
void json_object(Json *, const char *key);
void json_array(Json *, const char *key);
void json_end_object(Json *);
void json_end_array(Json *);
void json_string(Json *, const char *key, const char *value);
void json_str(Json *, const char *key, Str value);
void json_format(Json *, const char *key, const char *format, ...) PRINTF(3, 4); /* a string; what it makes is escaped */
void json_number(Json *, const char *key, uint64_t value);
void json_bool(Json *, const char *key, bool value);
void json_hex(Json *, const char *key, const uint8_t *bytes, size_t n); /* a string of lower-case digits */
/* Every field of a message, named as in its .proto; bytes in hexadecimal, enums by name; absent messages are null. */
void json_message(Json *, const char *key, const ProtobufCMessage *);

#endif
