/* commands.c: keygen, create, sign, verify. Whatever signs starts its signer before it opens anything else.
 */
#include "bundle/create.h"
#include "bundle/tool.h"

#include "validator/validator.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static Str last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return str_of(slash ? slash + 1 : path);
}

/* ---- options that several commands have ---- */

#define PASSWORD_LONG                                                                                        \
    {"password-file", required_argument, NULL, 'F'}, { "password-env", required_argument, NULL, 'E' }

static void password_option(BundlePassword *p, int option)
{
    if (option == 'F') p->file = optarg;
    else p->environment = optarg;
}

/* ---- keygen ---- */

const char keygen_help[] =
    "usage: parigot-bundle keygen [-W] [--force] -s SECRET -p PUBLIC\n"
    "Makes a pair of Ed25519 keys in minisign's own files.\n"
    "  -s, --secret-key=FILE     where the secret key goes\n"
    "  -p, --public-key=FILE     where the public key goes\n"
    "  -W, --no-password         do not encrypt the secret key\n"
    "      --force               replace files that exist\n" TOOL_PASSWORD_HELP;

void tool_keygen(Tool *tool, int argc, char **argv)
{
    static const struct option options[] = {{"secret-key", required_argument, NULL, 's'},
                                            {"public-key", required_argument, NULL, 'p'},
                                            {"no-password", no_argument, NULL, 'W'},
                                            {"force", no_argument, NULL, 'f'},
                                            PASSWORD_LONG,
                                            {0}};
    BundleKeyFiles files = {.encrypt = true};
    BundlePassword password = {0};
    char **rest;
    for (int c; (c = tool_option(tool, argc, argv, ":s:p:Wf", options)) != -1;) {
        if (c == '?') return;
        if (c == 's') files.secret_file = optarg;
        else if (c == 'p') files.public_file = optarg;
        else if (c == 'W') files.encrypt = false;
        else if (c == 'f') files.replace = true;
        else password_option(&password, c);
    }
    if (!tool_operands(tool, argc, argv, 0, 0, "", &rest)) return;
    if (!files.secret_file || !files.public_file) {
        tool_usage(tool, "keygen: -s SECRET and -p PUBLIC name the two files");
        return;
    }
    uint8_t id[BUNDLE_KEY_ID_BYTES];
    char text[17];
    if (!bundle_keygen(&files, &password, id, &tool->diags)) return;
    bundle_key_id_text(id, text);
    text_printf(&tool->out, "key %s: secret in %s%s, public in %s\n", text,
                diag_escape(&tool->arena, str_of(files.secret_file)),
                files.encrypt ? "" : " (without password)",
                diag_escape(&tool->arena, str_of(files.public_file)));
}

/* ---- create ---- */

typedef struct Creating {
    const char *world_file, *output, *name, *main, *policy, *key, *comment;
    bool native;
    BundlePassword password;
} Creating;

/* The name of a file without its folder and suffix. */
static Str stem(const char *path, const char *suffix)
{
    Str s = last_part(path);
    if (str_has_suffix(s, str_of(suffix))) s.len -= strlen(suffix);
    return s;
}

/* Modules on the command line: a world in which each may call the system services that it imports. */
static bool world_of_modules(Tool *tool, const Creating *c, char **files, uint32_t n, World *out)
{
    *out = (World){.name = c->name ? str_of(c->name)
                                   : stem(strcmp(c->output, "-") ? c->output : files[0],
                                          strcmp(c->output, "-") ? BUNDLE_SUFFIX : ".wasm")};
    ValPolicy *policy = arena_alloc(&tool->arena, sizeof *policy);
    out->modules = arena_array(&tool->arena, n, sizeof *out->modules);
    if (!policy || !out->modules) return tool_out_of_memory(tool);
    bool ok = val_load_policy(&tool->arena, c->policy ? c->policy : "strict", &tool->diags, policy);
    for (uint32_t i = 0; i < n; i++) {
        WorldModule *m = &out->modules[out->n_modules++];
        *m = (WorldModule){
            .name = stem(files[i], ".wasm"), .file = files[i], .policy = policy, .grant_imports = true};
        ok = file_read(files[i], 0, &tool->diags, &m->own) && ok;
        m->bytes = m->own.ptr;
        m->size = m->own.size;
    }
    out->main = c->main ? str_of(c->main) : n == 1 ? out->modules[0].name : (Str){0};
    return ok;
}

/* The comment's time is the bundle's only one; it stands beside what is signed first, so bytes stay
 * reproducible. */
static const char *comment_of(Tool *tool, const char *asked, const char *path)
{
    int64_t now;
    if (asked) return asked;
    return bundle_clock(&tool->diags, &now) ? bundle_default_comment(&tool->arena, path, now) : NULL;
}

static bool add_signature(Tool *tool, BundleSignerProcess *signer, const char *path, const char *asked,
                          Writer *bundle)
{
    Writer with = {0};
    const char *comment = comment_of(tool, asked, path);
    bool ok =
        comment && bundle_signer_sign(signer, bundle->ptr, bundle->len, path, comment, &tool->diags, &with);
    wr_free(bundle);
    *bundle = with;
    return ok;
}

static void create(Tool *tool, const Creating *c, char **files, uint32_t n)
{
    BundleSignerProcess signer = {0};
    World world = {0};
    Writer bundle = {0};
    if (c->key && !bundle_signer_start(&signer, c->key, &c->password, &tool->diags)) return;
    bool ok = c->world_file ? bundle_read_world(&tool->arena, c->world_file, &tool->diags, &world)
                            : world_of_modules(tool, c, files, n, &world);
    world.tool = "parigot-bundle " PARIGOT_VERSION;
    world.native = c->native;
    ok = ok && bundle_clock(&tool->diags, &world.now) && bundle_create(&world, &tool->diags, &bundle) &&
         (!c->key || add_signature(tool, &signer, c->output, c->comment, &bundle)) &&
         file_write(c->output, bundle.ptr, bundle.len, 0644, true, &tool->diags);
    (void)ok; /* what is wrong has been recorded */
    bundle_signer_stop(&signer);
    bundle_close_world(&world);
    wr_free(&bundle);
}

const char create_help[] =
    "usage: parigot-bundle create --world FILE -o OUT\n"
    "       parigot-bundle create [OPTION ...] MODULE.wasm ... -o OUT\n"
    "Proves each module under its policy and makes a bundle of them.\n"
    "  -w, --world=FILE          the modules, their limits and grants (docs/world.md)\n"
    "  -o, --output=OUT          the bundle\n"
    "      --native              native code too, by wasm2c and cc, for this machine\n"
    "Modules on the command line may call the system services that they import:\n"
    "      --policy=POLICY       strict (default), reset, audit, or a file\n"
    "      --name=NAME           of the bundle; default OUT without its suffix\n"
    "      --main=MODULE         the world ends when this one exits\n"
    "Signing:\n"
    "  -s, --sign=KEY            sign with this secret key\n"
    "  -t, --comment=TEXT        trusted comment; default time and name\n" TOOL_PASSWORD_HELP;

void tool_create(Tool *tool, int argc, char **argv)
{
    static const struct option options[] = {{"world", required_argument, NULL, 'w'},
                                            {"output", required_argument, NULL, 'o'},
                                            {"sign", required_argument, NULL, 's'},
                                            {"name", required_argument, NULL, 'n'},
                                            {"main", required_argument, NULL, 'm'},
                                            {"policy", required_argument, NULL, 'r'},
                                            {"comment", required_argument, NULL, 't'},
                                            {"native", no_argument, NULL, 'N'},
                                            PASSWORD_LONG,
                                            {0}};
    Creating c = {0};
    char **files;
    for (int o; (o = tool_option(tool, argc, argv, ":w:o:s:t:", options)) != -1;) {
        switch (o) {
        case 'w': c.world_file = optarg; break;
        case 'o': c.output = optarg; break;
        case 's': c.key = optarg; break;
        case 'n': c.name = optarg; break;
        case 'm': c.main = optarg; break;
        case 'r': c.policy = optarg; break;
        case 't': c.comment = optarg; break;
        case 'N': c.native = true; break;
        case '?': return;
        default: password_option(&c.password, o);
        }
    }
    if (!tool_operands(tool, argc, argv, c.world_file ? 0 : 1, c.world_file ? 0 : BUNDLE_MAX_MODULES,
                       "--world FILE, or a module,", &files))
        return;
    if (!c.output) tool_usage(tool, "create: -o OUT is missing");
    else if (c.world_file && (c.name || c.main || c.policy))
        tool_usage(tool,
                   "create: --name, --main and --policy go with modules; a world file says them itself");
    else if (!c.key && (c.comment || c.password.file || c.password.environment))
        tool_usage(tool, "create: --comment and --password-... go with --sign");
    else create(tool, &c, files, (uint32_t)(argc - optind));
}

/* ---- sign ---- */

typedef struct Signing {
    const char *key, *attach, *comment, *input, *output;
    const char *rotate; /* the old public key; input is the new one */
    BundlePassword password;
} Signing;

/* Nothing is signed that has not been validated as it is. */
static bool check_before_signing(Tool *tool, const char *file, const FileBytes *bytes)
{
    Bundle b;
    BundleOpenOptions o = {.ignore_signers = true}; /* nobody may have yet */
    if (!bundle_open_bytes(bytes->ptr, bytes->size, file, &o, &tool->diags, &b)) return false;
    bool ok = bundle_revalidate(&b, &tool->diags);
    bundle_close(&b);
    return ok;
}

static bool attach(Tool *tool, const Signing *s, const FileBytes *bundle, Writer *out)
{
    FileBytes minisig;
    if (!file_read(s->attach, 64 << 10, &tool->diags, &minisig)) return false;
    bool ok = bundle_attach(bundle->ptr, bundle->size, s->input,
                            (Str){(const char *)minisig.ptr, minisig.size}, s->attach, &tool->diags, out);
    file_close(&minisig);
    return ok;
}

static void sign(Tool *tool, const Signing *s)
{
    BundleSignerProcess signer = {0};
    FileBytes bytes = {0};
    Writer out = {0};
    if (s->key && !bundle_signer_start(&signer, s->key, &s->password, &tool->diags)) return;
    bool ok = file_read(s->input, 0, &tool->diags, &bytes);
    if (ok && s->attach) ok = attach(tool, s, &bytes, &out);
    else if (ok) {
        const char *comment = comment_of(tool, s->comment, s->output);
        ok = comment && check_before_signing(tool, s->input, &bytes) &&
             bundle_signer_sign(&signer, bytes.ptr, bytes.size, s->input, comment, &tool->diags, &out);
    }
    ok = ok && file_write(s->output, out.ptr, out.len, 0644, true, &tool->diags);
    (void)ok; /* what is wrong has been recorded */
    bundle_signer_stop(&signer);
    if (bytes.ptr) file_close(&bytes);
    wr_free(&out);
}

/* The word of an old key for a new one: X.rotation and X.rotation.minisig. */
static bool write_rotation(Tool *tool, const Signing *s, BundleSignerProcess *signer, const BundleTrust *keys)
{
    const char *comment = comment_of(tool, s->comment, s->output);
    const char *text = bundle_rotation_text(&tool->arena, &keys->keys[0], &keys->keys[1]);
    const char *beside = arena_printf(&tool->arena, "%s.minisig", s->output);
    if (!comment) return false;
    if (!text || !beside) return tool_out_of_memory(tool);
    const char *minisig = bundle_signer_minisig(signer, &tool->arena, str_of(text), "a key rotation", comment, &tool->diags);
    BundleTrust check = {.arena = &tool->arena}; /* as its readers will: is KEY the secret half of the old public key? */
    if (!minisig) return false;
    if (!bundle_trust_rotation_text(&check, str_of(text), str_of(minisig), s->rotate, &tool->diags)) return false;
    return file_write(beside, minisig, strlen(minisig), 0644, true, &tool->diags) &&
           file_write(s->output, text, strlen(text), 0644, true, &tool->diags);
}

static void rotate(Tool *tool, const Signing *s)
{
    BundleSignerProcess signer = {0};
    BundleTrust keys = {.arena = &tool->arena};
    if (!bundle_signer_start(&signer, s->key, &s->password, &tool->diags)) return;
    bool ok = bundle_trust_file(&keys, s->rotate, &tool->diags) && bundle_trust_file(&keys, s->input, &tool->diags) &&
              write_rotation(tool, s, &signer, &keys);
    bundle_signer_stop(&signer);
    if (!ok) return;
    char from[17], to[17];
    bundle_key_id_text(keys.keys[0].id, from);
    bundle_key_id_text(keys.keys[1].id, to);
    text_printf(&tool->out, "%s: key %s vouches for key %s\n", diag_escape(&tool->arena, str_of(s->output)), from, to);
}

const char sign_help[] =
    "usage: parigot-bundle sign -s KEY [OPTION ...] BUNDLE\n"
    "       parigot-bundle sign --attach X.minisig [-o OUT] BUNDLE\n"
    "       parigot-bundle sign -s OLD.key --rotate=OLD.pub NEW.pub -o NEW.rotation\n"
    "Adds a signature, after proving again what the bundle says of its modules.\n"
    "With --rotate an old key vouches for a new one: NEW.rotation and its .minisig.\n"
    "  -s, --secret-key=KEY      sign with this secret key\n"
    "  -a, --attach=X.minisig    add what minisign -S made of the extracted manifest\n"
    "  -o, --output=OUT          default: in place\n"
    "  -t, --comment=TEXT        trusted comment; default time and name\n" TOOL_PASSWORD_HELP;

void tool_sign(Tool *tool, int argc, char **argv)
{
    static const struct option options[] = {{"secret-key", required_argument, NULL, 's'},
                                            {"attach", required_argument, NULL, 'a'},
                                            {"rotate", required_argument, NULL, 'r'},
                                            {"output", required_argument, NULL, 'o'},
                                            {"comment", required_argument, NULL, 't'},
                                            PASSWORD_LONG,
                                            {0}};
    Signing s = {0};
    char **rest;
    for (int c; (c = tool_option(tool, argc, argv, ":s:a:o:t:", options)) != -1;) {
        if (c == '?') return;
        if (c == 's') s.key = optarg;
        else if (c == 'a') s.attach = optarg;
        else if (c == 'r') s.rotate = optarg;
        else if (c == 'o') s.output = optarg;
        else if (c == 't') s.comment = optarg;
        else password_option(&s.password, c);
    }
    if (!tool_operands(tool, argc, argv, 1, 1, s.rotate ? "the new public key" : "the bundle", &rest)) return;
    s.input = rest[0];
    if (s.rotate && (!s.key || s.attach || !s.output)) {
        tool_usage(tool, "sign: --rotate=OLD.pub goes with -s OLD.key and -o OUT.rotation");
        return;
    }
    if (!s.output) s.output = s.input; /* in place */
    if (s.rotate) rotate(tool, &s);
    else if (!s.key == !s.attach) tool_usage(tool, "sign: either -s KEY or --attach X.minisig");
    else if (s.attach && (s.comment || s.password.file || s.password.environment))
        tool_usage(tool, "sign: --comment and --password-... go with -s");
    else sign(tool, &s);
}

/* ---- verify ---- */

static void verify(Tool *tool, const char *path, const ToolTrust *t, const char *state)
{
    Bundle b;
    BundleOpenOptions o = {.trust = &t->trust, .require = t->require, .now = (int64_t)time(NULL)};
    if (!bundle_open(path, &o, &tool->diags, &b)) return;
    if (state && !bundle_state_update(state, &b, &t->trust, &tool->diags)) {
        bundle_close(&b);
        return;
    }
    text_printf(&tool->out, "%s: good: %s, generation %llu, signed by %u trusted key%s (%u required)\n",
                diag_escape(&tool->arena, str_of(path)), b.manifest->name,
                (unsigned long long)b.manifest->generation, b.n_lineages, b.n_lineages == 1 ? "" : "s",
                t->require ? t->require : 1);
    for (uint32_t i = 0; i < b.n_signers; i++) {
        char id[17];
        bundle_key_id_text(b.signers[i].key->id, id);
        text_printf(&tool->out, "  key %s (%s): %s\n", id,
                    diag_escape(&tool->arena, str_of(b.signers[i].key->name)), b.signers[i].comment);
    }
    bundle_close(&b);
}

const char verify_help[] =
    "usage: parigot-bundle verify [OPTION ...] BUNDLE ...\n"
    "Is the bundle whole, and has who is trusted signed it?\n" TOOL_TRUST_HELP
    "      --state=FILE          compare with the generations seen, and record it\n";

void tool_verify(Tool *tool, int argc, char **argv)
{
    static const struct option options[] = {{"state", required_argument, NULL, 'S'}, TOOL_TRUST_LONG, {0}};
    ToolTrust trust = {0};
    const char *state = NULL;
    char **files;
    for (int c; (c = tool_option(tool, argc, argv, ":" TOOL_TRUST_SHORT, options)) != -1;) {
        if (c == '?') return;
        if (c == 'S') state = optarg;
        else tool_trust_option(tool, &trust, c);
    }
    if (!tool_operands(tool, argc, argv, 1, argc, "a bundle", &files) || tool->diags.errors) return;
    if (trust.trust.n == 0) {
        tool_usage(tool, "verify: -p FILE, -P BASE64 or --trust FOLDER names the keys to verify with");
        return;
    }
    for (int i = 0; i < argc - optind; i++) verify(tool, files[i], &trust, state);
}
