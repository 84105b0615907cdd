/* extract.c: what is in a bundle, as files: the manifest and its signatures for minisign -V, modules, or all
 * of it. */
#include "bundle/create.h"
#include "bundle/tool.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

typedef struct Extracting {
    const char *manifest, *signatures, *module, *output, *folder;
} Extracting;

static bool write_file(Tool *tool, const char *path, const void *bytes, size_t size)
{
    return path && file_write(path, bytes, size, 0644, false, &tool->diags);
}

/* Signature i goes to PATH, PATH.2, PATH.3 ...: minisign reads one a file. */
static bool write_signatures(Tool *tool, const Bundle *b, const char *path)
{
    bool ok = b->n_signatures > 0;
    if (!ok)
        diag_add(&tool->diags, BUNDLE_UNSIGNED, DIAG_AT(.file = b->file),
                 "the bundle is not signed: there is nothing to extract");
    for (uint32_t i = 0; i < b->n_signatures; i++) {
        const char *text = bundle_minisig_text(&tool->arena, b, i);
        const char *name = i ? arena_printf(&tool->arena, "%s.%u", path, i + 1) : path;
        ok = write_file(tool, name, text, strlen(text)) && ok;
    }
    return ok;
}

static bool write_module(Tool *tool, const Bundle *b, const BundleModule *m, const char *path)
{
    return write_file(tool, path, b->blobs[m->blob].ptr, b->blobs[m->blob].size);
}

static bool write_all(Tool *tool, const Bundle *b, const char *folder)
{
    if (mkdir(folder, 0777) < 0 && errno != EEXIST) {
        diag_add(&tool->diags, IO_WRITE, DIAG_AT(.file = folder), "cannot make the folder: %s",
                 strerror(errno));
        return false;
    }
    const char *manifest = arena_printf(&tool->arena, "%s/manifest", folder),
               *minisig = arena_printf(&tool->arena, "%s/manifest.minisig", folder);
    bool ok = write_file(tool, manifest, b->manifest_bytes.ptr, b->manifest_bytes.len) &&
              (b->n_signatures == 0 || (minisig && write_signatures(tool, b, minisig)));
    for (size_t i = 0; ok && i < b->manifest->n_modules;
         i++) /* names are checked: no slash, no leading dot */
        ok = write_module(tool, b, b->manifest->modules[i],
                          arena_printf(&tool->arena, "%s/%s.wasm", folder, b->manifest->modules[i]->name));
    return ok;
}

static void extract(Tool *tool, const Extracting *x, const Bundle *b)
{
    bool ok = true; /* what is wrong is recorded */
    const BundleModule *m = x->module ? bundle_find_module(b->manifest, x->module) : NULL;
    if (x->manifest) ok = write_file(tool, x->manifest, b->manifest_bytes.ptr, b->manifest_bytes.len);
    if (ok && x->signatures) ok = write_signatures(tool, b, x->signatures);
    if (ok && x->module && !m) {
        Diag *d = diag_add(&tool->diags, USAGE, DIAG_AT(.file = b->file),
                           "there is no module \"%s\" in the bundle", x->module);
        for (size_t i = 0; i < b->manifest->n_modules; i++)
            diag_note(&tool->diags, d, "%s", b->manifest->modules[i]->name);
    } else if (ok && m) ok = write_module(tool, b, m, x->output);
    if (ok && x->folder) ok = write_all(tool, b, x->folder);
    (void)ok;
}

const char extract_help[] =
    "usage: parigot-bundle extract [OPTION ...] BUNDLE\n"
    "Takes parts out of a bundle; minisign -V accepts manifest and signatures.\n"
    "      --manifest=FILE       the bytes that are signed\n"
    "      --signatures=FILE     X.minisig; further signatures: X.minisig.2 ...\n"
    "      --module=NAME         one module, to -o FILE\n"
    "      --all=FOLDER          manifest, signatures and all modules\n" TOOL_TRUST_HELP;

void tool_extract(Tool *tool, int argc, char **argv)
{
    static const struct option options[] = {{"manifest", required_argument, NULL, 'M'},
                                            {"signatures", required_argument, NULL, 'S'},
                                            {"module", required_argument, NULL, 'm'},
                                            {"output", required_argument, NULL, 'o'},
                                            {"all", required_argument, NULL, 'a'},
                                            TOOL_TRUST_LONG,
                                            {0}};
    Extracting x = {0};
    ToolTrust trust = {0};
    char **file;
    for (int c; (c = tool_option(tool, argc, argv, ":o:" TOOL_TRUST_SHORT, options)) != -1;) {
        switch (c) {
        case 'M': x.manifest = optarg; break;
        case 'S': x.signatures = optarg; break;
        case 'm': x.module = optarg; break;
        case 'o': x.output = optarg; break;
        case 'a': x.folder = optarg; break;
        case '?': return;
        default: tool_trust_option(tool, &trust, c);
        }
    }
    if (!tool_operands(tool, argc, argv, 1, 1, "the bundle", &file) || tool->diags.errors) return;
    Bundle b;
    if (!x.module != !x.output) tool_usage(tool, "extract: --module NAME and -o FILE go together");
    else if (!x.manifest && !x.signatures && !x.module && !x.folder)
        tool_usage(tool, "extract: one of --manifest, --signatures, --module or --all says what");
    else if (tool_open(tool, file[0], &trust, &b)) {
        extract(tool, &x, &b);
        bundle_close(&b);
    }
}
