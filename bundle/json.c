/* json.c: see json.h. Messages are written along their descriptors, so that no field can be forgotten. */
#include "bundle/json.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

static void begin(Json *j, const char *key)
{
    if (j->comma) text_add(j->text, STR(","));
    j->comma = true;
    if (!key) return;
    text_add_json(j->text, str_of(key));
    text_add(j->text, STR(":"));
}

static void open(Json *j, const char *key, Str bracket)
{
    begin(j, key);
    text_add(j->text, bracket);
    j->comma = false;
}

static void end(Json *j, Str bracket)
{
    text_add(j->text, bracket);
    j->comma = true;
}

void json_object(Json *j, const char *key) { open(j, key, STR("{")); }
void json_array(Json *j, const char *key) { open(j, key, STR("[")); }
void json_end_object(Json *j) { end(j, STR("}")); }
void json_end_array(Json *j) { end(j, STR("]")); }

void json_str(Json *j, const char *key, Str value)
{
    begin(j, key);
    text_add_json(j->text, value);
}

void json_string(Json *j, const char *key, const char *value) { json_str(j, key, str_of(value)); }

void json_format(Json *j, const char *key, const char *format, ...)
{
    char small[256]; /* most are short */
    Arena scratch = {0};
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(small, sizeof small, format, args);
    const char *value = n >= 0 && (size_t)n < sizeof small ? small : arena_vprintf(&scratch, format, again);
    va_end(again);
    va_end(args);
    if (value) json_string(j, key, value);
    else j->text->failed = true;
    arena_free(&scratch);
}

void json_number(Json *j, const char *key, uint64_t value)
{
    begin(j, key);
    text_printf(j->text, "%" PRIu64, value);
}

void json_bool(Json *j, const char *key, bool value)
{
    begin(j, key);
    text_add(j->text, value ? STR("true") : STR("false"));
}

void json_hex(Json *j, const char *key, const uint8_t *bytes, size_t n)
{
    begin(j, key);
    text_add(j->text, STR("\""));
    for (size_t i = 0; i < n; i++) text_printf(j->text, "%02x", bytes[i]);
    text_add(j->text, STR("\""));
}

/* ---- messages ---- */

/* One value of a field's type at `at`. */
static void field(Json *j, const char *key, const ProtobufCFieldDescriptor *f, const void *at)
{
    switch (f->type) {
    case PROTOBUF_C_TYPE_STRING: json_string(j, key, *(const char *const *)at); return;
    case PROTOBUF_C_TYPE_BYTES: {
        const ProtobufCBinaryData *b = at;
        json_hex(j, key, b->data, b->len);
        return;
    }
    case PROTOBUF_C_TYPE_MESSAGE: json_message(j, key, *(const ProtobufCMessage *const *)at); return;
    case PROTOBUF_C_TYPE_ENUM: {
        const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(f->descriptor, *(const int *)at);
        json_string(j, key, v ? v->name : "?");
        return;
    }
    case PROTOBUF_C_TYPE_BOOL: json_bool(j, key, *(const protobuf_c_boolean *)at); return;
    case PROTOBUF_C_TYPE_UINT32: json_number(j, key, *(const uint32_t *)at); return;
    case PROTOBUF_C_TYPE_UINT64: json_number(j, key, *(const uint64_t *)at); return;
    case PROTOBUF_C_TYPE_INT64:
        begin(j, key);
        text_printf(j->text, "%" PRId64, *(const int64_t *)at);
        return;
    default: json_message(j, key, NULL); return; /* manifest.proto has no other type */
    }
}

static size_t value_size(const ProtobufCFieldDescriptor *f)
{
    switch (f->type) {
    case PROTOBUF_C_TYPE_BYTES: return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE: return sizeof(void *);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_INT64: return 8;
    default: return 4;
    }
}

void json_message(Json *j, const char *key, const ProtobufCMessage *message)
{
    if (!message) {
        begin(j, key);
        text_add(j->text, STR("null"));
        return;
    }
    const uint8_t *base = (const uint8_t *)message;
    json_object(j, key);
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &message->descriptor->fields[i];
        if (f->label != PROTOBUF_C_LABEL_REPEATED) {
            field(j, f->name, f, base + f->offset);
            continue;
        }
        size_t n = *(const size_t *)(base + f->quantifier_offset);
        const uint8_t *items = *(const uint8_t *const *)(base + f->offset);
        json_array(j, f->name);
        for (size_t k = 0; k < n; k++) field(j, NULL, f, items + k * value_size(f));
        json_end_array(j);
    }
    json_end_object(j);
}
