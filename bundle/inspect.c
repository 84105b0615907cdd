/* inspect.c: what is in a bundle: a summary that fits a screen, or everything as JSON. The JSON is written
 * along the descriptors of manifest.proto, so that it has every field that the manifest has. */
#include "bundle/container.h"
#include "bundle/tool.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

/* ---- words ---- */

static const char *shown(Tool *tool, const char *s)
{
    const char *safe = diag_escape(&tool->arena, str_of(s));
    return safe ? safe : "?";
}

static void add_bytes(TextBuf *t, uint64_t n)
{
    if (n < 1024) text_printf(t, "%" PRIu64 " B", n);
    else if (n < 1024 * 1024) text_printf(t, n % 1024 ? "%.1f KiB" : "%.0f KiB", (double)n / 1024);
    else text_printf(t, n % (1024 * 1024) ? "%.1f MiB" : "%.0f MiB", (double)n / (1024 * 1024));
}

static void add_time(TextBuf *t, int64_t seconds)
{
    struct tm tm;
    time_t time = (time_t)seconds;
    char text[64];
    if (gmtime_r(&time, &tm) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm))
        text_add(t, str_of(text));
    else text_printf(t, "%" PRId64 " s after 1970", seconds);
}

/* ---- the summary ---- */

static void add_signatures(Tool *tool, const Bundle *b, const ToolTrust *trust)
{
    TextBuf *t = &tool->out;
    BundleRecord records[BUNDLE_MAX_SIGNATURES];
    uint32_t n = 0;
    if (!bundle_read_records(b->signature_bytes, 0, b->file, &tool->diags, records, &n))
        return; /* bundle_open has read them */
    if (n == 0) text_add(t, STR("signed     by nobody\n"));
    for (uint32_t i = 0; i < n; i++) {
        char id[17];
        const BundleSigner *by = NULL;
        bundle_key_id_text(records[i].id, id);
        for (uint32_t j = 0; j < b->n_signers; j++)
            if (b->signers[j].record == i) by = &b->signers[j];
        text_printf(t, "signed     by key %s", id);
        if (by) text_printf(t, " (%s): %s\n", shown(tool, by->key->name), by->comment);
        else
            text_add(t, trust->given ? STR(", which is not among the trusted ones\n")
                                     : STR(" (not checked: -p and --trust name keys)\n"));
    }
}

static void add_verdicts(TextBuf *t, const BundleModule *m)
{
    static const char *const words[] = {"", "proved", "violated", "not provable", "off"};
    for (int result = 1; result <= 4; result++) {
        size_t n = 0;
        for (size_t i = 0; i < m->n_verdicts; i++) n += (int)m->verdicts[i]->result == result;
        if (n == 0) continue;
        text_printf(t, ", %zu %s", n, words[result]);
        const char *before = " (";
        for (size_t i = 0; result != 1 && i < m->n_verdicts; i++)
            if ((int)m->verdicts[i]->result == result) {
                text_printf(t, "%s%s", before, m->verdicts[i]->code);
                before = " ";
            }
        if (result != 1) text_add(t, STR(")"));
    }
}

/* "a.v1.A: Do, Undo; b.v1.B: Go" */
static void add_method(TextBuf *t, const char **before, const char *service, const char *method)
{
    bool same = *before && strcmp(*before, service) == 0;
    if (same) text_printf(t, ", %s", method);
    else text_printf(t, "%s%s: %s", *before ? "; " : "", service, method);
    *before = service;
}

static void add_limits(TextBuf *t, const BundleModule *m)
{
    const BundleLimits *l = m->limits;
    text_add(t, STR("    memory    "));
    if (l->memory_bytes) {
        text_add(t, STR("at most "));
        add_bytes(t, l->memory_bytes);
    } else text_add(t, STR("none of its own"));
    if (m->layout) {
        text_add(t, STR("; stack "));
        add_bytes(t, m->layout->stack_high - m->layout->stack_low);
        text_add(t, STR(", sealed "));
        add_bytes(t, m->layout->sealed_high - m->layout->sealed_low);
        if (m->layout->seal == PM_SEAL_CHECK) text_add(t, STR(" by store checks"));
        text_add(t, STR(", waived "));
        add_bytes(t, m->layout->waived_high - m->layout->waived_low);
    }
    text_add(t, STR("\n"));
    if (l->deadline_ns || l->calls || l->message_bytes || l->queue || l->restarts_per_minute ||
        l->fuel_per_entry || m->share != 100) {
        text_printf(t, "    limits    share %u", m->share);
        if (l->fuel_per_entry) text_printf(t, ", fuel %" PRIu64, l->fuel_per_entry);
        if (l->deadline_ns) text_printf(t, ", deadline %g s", (double)l->deadline_ns / 1e9);
        if (l->calls) text_printf(t, ", calls %u", l->calls);
        if (l->message_bytes) {
            text_add(t, STR(", message "));
            add_bytes(t, l->message_bytes);
        }
        if (l->queue) text_printf(t, ", queue %u", l->queue);
        if (l->restarts_per_minute) text_printf(t, ", %u restarts a minute", l->restarts_per_minute);
        text_add(t, STR("\n"));
    }
}

static void add_module(Tool *tool, const BundleManifest *m, const BundleModule *mod)
{
    TextBuf *t = &tool->out;
    text_printf(t, "  %s  ", mod->name);
    add_bytes(t, m->blobs[mod->blob]->size);
    text_printf(t, ", policy %s", shown(tool, m->policies[mod->policy]->name));
    add_verdicts(t, mod);
    text_add(t, STR("\n"));
    const char *before = NULL;
    if (mod->n_provides) text_add(t, STR("    provides  "));
    for (size_t i = 0; i < mod->n_provides; i++)
        add_method(t, &before, mod->provides[i]->service, mod->provides[i]->method);
    if (mod->n_provides) text_add(t, STR("\n"));
    before = NULL;
    if (mod->n_imports) text_add(t, STR("    requires  "));
    for (size_t i = 0; i < mod->n_imports; i++)
        add_method(t, &before, mod->imports[i]->service, mod->imports[i]->method);
    if (mod->n_imports) text_add(t, STR("\n"));
    if (mod->n_grants) text_add(t, STR("    granted   "));
    for (size_t i = 0; i < mod->n_grants; i++) text_printf(t, "%s%s", i ? ", " : "", mod->grants[i]);
    if (mod->n_grants) text_add(t, STR("\n"));
    if (mod->n_folders) text_add(t, STR("    folders   "));
    for (size_t i = 0; i < mod->n_folders; i++)
        text_printf(t, "%s%s (%s)", i ? ", " : "", mod->folders[i]->name, mod->folders[i]->write ? "writes" : "reads");
    if (mod->n_folders) text_add(t, STR("\n"));
    add_limits(t, mod);
    for (size_t i = 0; i < mod->n_waivers; i++) {
        const BundleWaiver *w = mod->waivers[i];
        text_printf(t, "    waived    %s %s", w->rule, shown(tool, w->symbol));
        if (w->size) text_printf(t, ", %u bytes", w->size);
        text_printf(t, ": %s%s\n", shown(tool, w->reason), w->archive_digest.len ? " (by archive)" : "");
    }
    for (size_t i = 0; i < mod->n_config; i++)
        text_printf(t, "    config    %s = \"%s\"\n", shown(tool, mod->config[i]->key),
                    shown(tool, mod->config[i]->value));
}

static void summarise(Tool *tool, const Bundle *b, const ToolTrust *trust)
{
    const BundleManifest *m = b->manifest;
    TextBuf *t = &tool->out;
    text_printf(t, "%s %s, generation %" PRIu64 "; made by %s\n", m->name,
                m->version[0] ? shown(tool, m->version) : "(no version)", m->generation,
                shown(tool, m->tool));
    if (m->not_after) {
        text_add(t, STR("not after  "));
        add_time(t, m->not_after);
        text_add(t, STR("\n"));
    }
    add_signatures(tool, b, trust);
    text_printf(t, "ends       %s%s\n", m->main[0] ? "with module " : "when nothing is left to do", m->main);
    for (size_t i = 0; i < m->n_remote; i++) text_printf(t, "remote     %s\n", m->remote[i]);
    for (size_t i = 0; i < m->n_routes; i++)
        text_printf(t, "route      %s to %s\n", m->routes[i]->service, m->routes[i]->module);
    text_printf(t, "modules    %zu, in start order\n", m->n_modules);
    for (size_t i = 0; i < m->n_modules; i++) add_module(tool, m, m->modules[i]);
}

/* ---- JSON ---- */

static void json_message(TextBuf *t, const ProtobufCMessage *message);

static void json_hex(TextBuf *t, const uint8_t *p, size_t n)
{
    text_add(t, STR("\""));
    for (size_t i = 0; i < n; i++) text_printf(t, "%02x", p[i]);
    text_add(t, STR("\""));
}

/* One value of a field's type at `at`. */
static void json_value(TextBuf *t, const ProtobufCFieldDescriptor *f, const void *at)
{
    switch (f->type) {
    case PROTOBUF_C_TYPE_STRING: text_add_json(t, str_of(*(const char *const *)at)); return;
    case PROTOBUF_C_TYPE_BYTES: {
        const ProtobufCBinaryData *b = at;
        json_hex(t, b->data, b->len);
        return;
    }
    case PROTOBUF_C_TYPE_MESSAGE: json_message(t, *(const ProtobufCMessage *const *)at); return;
    case PROTOBUF_C_TYPE_ENUM: {
        const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(f->descriptor, *(const int *)at);
        text_add_json(t, str_of(v ? v->name : "?"));
        return;
    }
    case PROTOBUF_C_TYPE_BOOL:
        text_add(t, *(const protobuf_c_boolean *)at ? STR("true") : STR("false"));
        return;
    case PROTOBUF_C_TYPE_UINT32: text_printf(t, "%" PRIu32, *(const uint32_t *)at); return;
    case PROTOBUF_C_TYPE_UINT64: text_printf(t, "%" PRIu64, *(const uint64_t *)at); return;
    case PROTOBUF_C_TYPE_INT64: text_printf(t, "%" PRId64, *(const int64_t *)at); return;
    default: text_add(t, STR("null")); return; /* manifest.proto has no other type */
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

static void json_message(TextBuf *t, const ProtobufCMessage *message)
{
    if (!message) {
        text_add(t, STR("null"));
        return;
    }
    const uint8_t *base = (const uint8_t *)message;
    text_add(t, STR("{"));
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &message->descriptor->fields[i];
        text_printf(t, "%s\"%s\":", i ? "," : "", f->name);
        if (f->label != PROTOBUF_C_LABEL_REPEATED) {
            json_value(t, f, base + f->offset);
            continue;
        }
        size_t n = *(const size_t *)(base + f->quantifier_offset);
        const uint8_t *items = *(const uint8_t *const *)(base + f->offset);
        text_add(t, STR("["));
        for (size_t j = 0; j < n; j++) {
            if (j) text_add(t, STR(","));
            json_value(t, f, items + j * value_size(f));
        }
        text_add(t, STR("]"));
    }
    text_add(t, STR("}"));
}

static void as_json(Tool *tool, const Bundle *b, const ToolTrust *trust)
{
    TextBuf *t = &tool->out;
    BundleRecord records[BUNDLE_MAX_SIGNATURES];
    uint32_t n = 0;
    if (!bundle_read_records(b->signature_bytes, 0, b->file, &tool->diags, records, &n)) return;
    text_add(t, STR("{\"file\":"));
    text_add_json(t, str_of(b->file));
    text_printf(t, ",\"checked\":%s,\"trusted\":%s,\"signatures\":[", trust->given ? "true" : "false",
                b->trusted ? "true" : "false");
    for (uint32_t i = 0; i < n; i++) {
        char id[17];
        bundle_key_id_text(records[i].id, id);
        text_printf(t, "%s{\"key\":\"%s\"", i ? "," : "", id);
        for (uint32_t j = 0; j < b->n_signers; j++)
            if (b->signers[j].record == i) {
                text_add(t, STR(",\"trusted_comment\":"));
                text_add_json(t, records[i].comment);
                text_add(t, STR(",\"trusted_as\":"));
                text_add_json(t, str_of(b->signers[j].key->name));
                break;
            }
        text_add(t, STR("}"));
    }
    text_add(t, STR("],\"manifest\":"));
    json_message(t, &b->manifest->base);
    text_add(t, STR("}\n"));
}

const char inspect_help[] =
    "usage: parigot-bundle inspect [OPTION ...] BUNDLE\n"
    "Shows what is in a bundle and what was proved. Signatures are checked only when\n"
    "keys are named.\n"
    "  -j, --json                every field of the manifest\n" TOOL_TRUST_HELP;

void tool_inspect(Tool *tool, int argc, char **argv)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'}, TOOL_TRUST_LONG, {0}};
    ToolTrust trust = {0};
    bool json = false;
    char **file;
    for (int c; (c = tool_option(tool, argc, argv, ":j" TOOL_TRUST_SHORT, options)) != -1;) {
        if (c == '?') return;
        if (c == 'j') json = true;
        else tool_trust_option(tool, &trust, c);
    }
    if (!tool_operands(tool, argc, argv, 1, 1, "the bundle", &file) || tool->diags.errors) return;
    Bundle b;
    if (!tool_open(tool, file[0], &trust, &b)) return;
    if (json) as_json(tool, &b, &trust);
    else summarise(tool, &b, &trust);
    bundle_close(&b);
}
