/* oci_commands.c: export-oci, import-oci.  docs/oci.md */
#include "bundle/oci.h"
#include "bundle/tool.h"

#include <string.h>

const char export_oci_help[] =
    "usage: parigot-bundle export-oci [OPTION ...] BUNDLE -o FOLDER[:TAG]\n"
    "Writes an OCI image layout, or adds to one, for tools that copy to registries:\n"
    "the bundle as an artifact, or an image that starts parigot-run with it.\n"
    "  -o, --output=FOLDER[:TAG] the layout; what had the tag is replaced\n"
    "      --image               a container image. What it needs:\n"
    "      --runtime=FILE        parigot-run, linked statically (parigot-run-static)\n"
    "      --trust=FOLDER        its files go into the image, and --require;\n"
    "                            else keys are mounted at /etc/parigot/trust\n"
    "SOURCE_DATE_EPOCH, when it is set, is the time of creation; else there is none.\n"
    "Keys to verify the bundle with:\n" TOOL_TRUST_HELP;

typedef struct Exporting {
    const char *output;
    OciImage image;
    bool is_image;
} Exporting;

static void export_oci(Tool *tool, const Exporting *e, const char *file, const ToolTrust *t)
{
    OciPlace place;
    Bundle b;
    if (!oci_parse_place(&tool->arena, e->output, &tool->diags, &place)) return;
    if (place.digest.len) {
        tool_usage(tool, "export-oci: -o FOLDER:TAG; a digest follows from the bundle");
        return;
    }
    if (!tool_open(tool, file, t, &b)) return;
    bool ok = e->is_image ? oci_export_image(&tool->arena, &b, &e->image, &place, &tool->diags)
                          : oci_export(&tool->arena, &b, &place, &tool->diags);
    (void)ok; /* what is wrong has been recorded */
    bundle_close(&b);
}

void tool_export_oci(Tool *tool, int argc, char **argv)
{
    static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                            {"image", no_argument, NULL, 'i'},
                                            {"runtime", required_argument, NULL, 'r'},
                                            TOOL_TRUST_LONG,
                                            {0}};
    Exporting e = {0};
    ToolTrust trust = {0};
    const char *folder = NULL;
    int n_folders = 0;
    char **file;
    for (int c; (c = tool_option(tool, argc, argv, ":o:" TOOL_TRUST_SHORT, options)) != -1;) {
        if (c == '?') return;
        if (c == 'o') e.output = optarg;
        else if (c == 'i') e.is_image = true;
        else if (c == 'r') e.image.runtime = optarg;
        else tool_trust_option(tool, &trust, c);
        if (c == 'T') folder = optarg, n_folders++;
    }
    if (!tool_operands(tool, argc, argv, 1, 1, "the bundle", &file) || tool->diags.errors) return;
    e.image.trust_folder = folder;
    e.image.require = trust.require;
    if (!e.output) tool_usage(tool, "export-oci: -o FOLDER[:TAG] is missing");
    else if (e.is_image != (e.image.runtime != NULL))
        tool_usage(tool, "export-oci: --image and --runtime=FILE go together");
    else if (e.is_image && n_folders > 1)
        tool_usage(tool, "export-oci: one --trust FOLDER goes into an image");
    else export_oci(tool, &e, file[0], &trust);
}

const char import_oci_help[] =
    "usage: parigot-bundle import-oci [OPTION ...] FOLDER[:TAG|@DIGEST] -o FILE\n"
    "Takes a bundle out of an OCI image layout, byte for byte as it was exported.\n"
    "Every blob is compared with its digest; the bundle is checked like any bundle\n"
    "before anything is written.\n"
    "  -o, --output=FILE         the bundle\n"
    "Keys to verify the bundle with; without any, signatures are not checked:\n" TOOL_TRUST_HELP;

static void import_oci(Tool *tool, const char *from, const char *output, const ToolTrust *t)
{
    OciPlace place;
    OciStore store;
    OciImported imported;
    Bundle b;
    if (!oci_parse_place(&tool->arena, from, &tool->diags, &place) ||
        !oci_open_folder(place.folder, &tool->diags, &store))
        return;
    if (oci_import(&tool->arena, &store, &place, &tool->diags, &imported) &&
        tool_open_bytes(tool, imported.bundle.ptr, imported.bundle.len, from, t, &b)) {
        bool ok = oci_check_bundle(&imported, &b, &tool->diags) &&
                  file_write(output, imported.bundle.ptr, imported.bundle.len, 0644, true, &tool->diags);
        (void)ok; /* what is wrong has been recorded */
        bundle_close(&b);
    }
    oci_imported_free(&imported);
    oci_close_folder(&store);
}

void tool_import_oci(Tool *tool, int argc, char **argv)
{
    static const struct option options[] = {{"output", required_argument, NULL, 'o'}, TOOL_TRUST_LONG, {0}};
    ToolTrust trust = {0};
    const char *output = NULL;
    char **from;
    for (int c; (c = tool_option(tool, argc, argv, ":o:" TOOL_TRUST_SHORT, options)) != -1;) {
        if (c == '?') return;
        if (c == 'o') output = optarg;
        else tool_trust_option(tool, &trust, c);
    }
    if (!tool_operands(tool, argc, argv, 1, 1, "the image layout", &from) || tool->diags.errors) return;
    if (!output) tool_usage(tool, "import-oci: -o OUT is missing");
    else import_oci(tool, from[0], output, &trust);
}
