/* sign.c: adding signatures to bundles. The one who signs is a process of its own that has parsed nothing but
 * the key:
 *
 *     request   BLAKE2b-512 of the manifest : 64 bytes   size of the comment : u32   comment
 *     answer    0   key id : 8   signature : 64   global signature : 64
 *               1   diagnostic code : u32   size : u32   text
 *
 * It is forked before any input is opened, cannot be looked into by its parent (not dumpable), opens the key
 * when a request comes, and wipes it before it answers.  docs/bundle-format.md §2, §5; minisign's signature
 * form */
#include "bundle/key.h"

#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SIGNED = 0, NOT_SIGNED = 1, MAX_TEXT = 4096 };

typedef struct Request {
    uint8_t hash[HASH_BYTES];
    uint32_t comment_bytes;
} Request;
typedef struct Signature {
    uint8_t id[BUNDLE_KEY_ID_BYTES];
    uint8_t signature[BUNDLE_SIGNATURE_BYTES];
    uint8_t global[BUNDLE_SIGNATURE_BYTES];
} Signature;
typedef struct Refusal {
    uint32_t code, text_bytes;
} Refusal;

static bool fail(Diags *d, DiagCode code, const char *file, const char *why)
{
    diag_add(d, code, DIAG_AT(.file = file), "%s", why);
    return false;
}

static bool send_all(int socket, const void *bytes, size_t n)
{
    for (const char *p = bytes; n;) {
        ssize_t r = send(socket, p, n, MSG_NOSIGNAL);
        if (r < 0 && errno == EINTR) continue;
        if (r <= 0) return false;
        p += r;
        n -= (size_t)r;
    }
    return true;
}

static bool receive_all(int socket, void *bytes, size_t n)
{
    for (char *p = bytes; n;) {
        ssize_t r = recv(socket, p, n, 0);
        if (r < 0 && errno == EINTR) continue;
        if (r <= 0) return false;
        p += r;
        n -= (size_t)r;
    }
    return true;
}

/* ---- the process that signs ---- */

/* The signature is checked before it leaves: a fault while signing would give the key away. */
static bool make_signature(const SecretKey *key, const uint8_t hash[HASH_BYTES], Str comment, Signature *out)
{
    uint8_t both[BUNDLE_SIGNATURE_BYTES + MAX_COMMENT_BYTES];
    memcpy(out->id, key->id, sizeof out->id);
    crypto_sign_detached(out->signature, NULL, hash, HASH_BYTES, key->secret);
    memcpy(both, out->signature, BUNDLE_SIGNATURE_BYTES);
    memcpy(both + BUNDLE_SIGNATURE_BYTES, comment.ptr, comment.len);
    crypto_sign_detached(out->global, NULL, both, BUNDLE_SIGNATURE_BYTES + comment.len, key->secret);
    BundleRecord made = {
        .id = out->id, .signature = out->signature, .comment = comment, .global = out->global};
    return bundle_verify_record(&made, key->secret + SEED_BYTES, hash);
}

static bool refuse(int socket, const Diags *d)
{
    const Diag *first = d->n ? &d->items[0] : NULL;
    const char *text = first ? first->text : "out of memory";
    Refusal r = {first ? (uint32_t)first->code : OUT_OF_MEMORY, (uint32_t)strnlen(text, MAX_TEXT)};
    uint8_t kind = NOT_SIGNED;
    return send_all(socket, &kind, 1) && send_all(socket, &r, sizeof r) &&
           send_all(socket, text, r.text_bytes);
}

static bool answer(int socket, const Request *r, const char *key_file, const BundlePassword *password)
{
    char comment[MAX_COMMENT_BYTES + 1] = {0};
    if (r->comment_bytes > MAX_COMMENT_BYTES || !receive_all(socket, comment, r->comment_bytes)) return false;
    Diags d = {0};
    Signature made;
    SecretKey *key = key_open(key_file, password, &d);
    bool ok = key && (make_signature(key, r->hash, (Str){comment, r->comment_bytes}, &made) ||
                      fail(&d, BUNDLE_BAD_KEY, key_file,
                           "a signature came out wrong: the key or this machine is damaged"));
    key_close(key);
    uint8_t kind = SIGNED;
    bool sent = ok ? send_all(socket, &kind, 1) && send_all(socket, &made, sizeof made) : refuse(socket, &d);
    diag_free(&d);
    return sent;
}

static void serve(int socket, const char *key_file, const BundlePassword *password)
{
    prctl(PR_SET_DUMPABLE, 0);
    Request r;
    while (receive_all(socket, &r, sizeof r) && answer(socket, &r, key_file, password)) {}
    _exit(0);
}

bool bundle_signer_start(BundleSignerProcess *p, const char *key_file, const BundlePassword *password,
                         Diags *d)
{
    int ends[2];
    *p = (BundleSignerProcess){0};
    if (sodium_init() < 0) return fail(d, OUT_OF_MEMORY, key_file, "libsodium cannot be initialised");
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
        diag_add(d, IO_READ, DIAG_AT(.file = key_file), "cannot reach the process that signs: %s",
                 strerror(errno));
        return false;
    }
    int pid = fork();
    if (pid == 0) {
        close(ends[0]);
        serve(ends[1], key_file, password);
    }
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        diag_add(d, IO_READ, DIAG_AT(.file = key_file), "cannot start the process that signs: %s",
                 strerror(errno));
        return false;
    }
    *p = (BundleSignerProcess){.pid = pid, .socket = ends[0], .key_file = key_file};
    return true;
}

void bundle_signer_stop(BundleSignerProcess *p)
{
    if (p->pid <= 0) return;
    close(p->socket); /* it ends when nobody can ask any more */
    while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR) {}
    *p = (BundleSignerProcess){0};
}

static bool ask(BundleSignerProcess *p, const uint8_t hash[HASH_BYTES], Str comment, Diags *d, Signature *out)
{
    Request r = {.comment_bytes = (uint32_t)comment.len};
    memcpy(r.hash, hash, HASH_BYTES);
    uint8_t kind;
    Refusal no;
    char text[MAX_TEXT + 1] = {0};
    bool heard = send_all(p->socket, &r, sizeof r) && send_all(p->socket, comment.ptr, comment.len) &&
                 receive_all(p->socket, &kind, 1);
    if (heard && kind == SIGNED && receive_all(p->socket, out, sizeof *out)) return true;
    heard = heard && kind == NOT_SIGNED && receive_all(p->socket, &no, sizeof no) &&
            no.text_bytes <= MAX_TEXT && no.code < DIAG_CODE_COUNT &&
            receive_all(p->socket, text, no.text_bytes);
    if (!heard) return fail(d, IO_READ, p->key_file, "the process that signs has gone");
    return fail(d, (DiagCode)no.code, p->key_file, text);
}

/* ---- the bundle's bytes ---- */

/* What a bundle looks like from outside; nothing in the manifest is looked at. */
typedef struct Parts {
    BundleHeader header;
    Str manifest, signatures;
    Str blobs; /* from the first blob to the end */
    BundleRecord records[BUNDLE_MAX_SIGNATURES];
    uint32_t n_records;
} Parts;

static bool take_apart(const uint8_t *bundle, size_t size, const char *file, Diags *d, Parts *out)
{
    if (size < BUNDLE_HEADER_BYTES) return fail(d, BUNDLE_TRUNCATED, file, "the file ends inside the header");
    if (!bundle_read_header(bundle, file, d, &out->header)) return false;
    const char *p = (const char *)bundle + BUNDLE_HEADER_BYTES;
    uint64_t head_end =
        BUNDLE_HEADER_BYTES + (uint64_t)out->header.manifest_size + out->header.signatures_size;
    uint64_t first_blob = bundle_align(head_end);
    if (size < first_blob) return fail(d, BUNDLE_TRUNCATED, file, "the file ends before the first blob");
    out->manifest = (Str){p, out->header.manifest_size};
    out->signatures = (Str){p + out->header.manifest_size, out->header.signatures_size};
    out->blobs = (Str){(const char *)bundle + first_blob, size - first_blob};
    return bundle_read_records(out->signatures, BUNDLE_HEADER_BYTES + out->header.manifest_size, file, d,
                               out->records, &out->n_records);
}

static bool may_add(const Parts *p, const uint8_t id[BUNDLE_KEY_ID_BYTES], const char *file, Diags *d)
{
    if (p->n_records == BUNDLE_MAX_SIGNATURES)
        return fail(d, BUNDLE_SIGNED_TWICE, file, "the bundle has sixteen signatures already");
    for (uint32_t i = 0; i < p->n_records; i++) {
        if (memcmp(p->records[i].id, id, BUNDLE_KEY_ID_BYTES) != 0) continue;
        char text[17];
        bundle_key_id_text(id, text);
        diag_add(d, BUNDLE_SIGNED_TWICE, DIAG_AT(.file = file), "key %s has signed this bundle already",
                 text);
        return false;
    }
    return true;
}

/* Blobs keep their distance from the first one, so each stays at a multiple of BUNDLE_ALIGN. */
static bool put_together(const Parts *p, const BundleRecord *added, const char *file, Diags *d, Writer *out)
{
    Writer w = {0}, records = {0};
    wr_bytes(&records, p->signatures.ptr, p->signatures.len);
    bundle_write_record(&records, added);
    bundle_write_header(&w, (BundleHeader){p->header.manifest_size, (uint32_t)records.len});
    wr_bytes(&w, p->manifest.ptr, p->manifest.len);
    wr_bytes(&w, records.ptr, records.len);
    wr_zeros(&w, bundle_align(w.len) - w.len);
    wr_bytes(&w, p->blobs.ptr, p->blobs.len);
    bool ok = !w.failed && !records.failed;
    wr_free(&records);
    if (ok) {
        *out = w;
        return true;
    }
    wr_free(&w);
    return fail(d, OUT_OF_MEMORY, file, "out of memory");
}

bool bundle_signer_sign(BundleSignerProcess *process, const uint8_t *bundle, size_t size, const char *file,
                        const char *comment, Diags *d, Writer *out)
{
    *out = (Writer){0};
    Parts p;
    Signature made;
    uint8_t hash[HASH_BYTES];
    Str text = str_of(comment);
    if (!bundle_comment_ok(text))
        return fail(d, BUNDLE_BAD_RECORD, file,
                    "trusted comment is too long, not UTF-8 or has control characters");
    if (!take_apart(bundle, size, file, d, &p)) return false;
    bundle_hash_manifest(p.manifest.ptr, p.manifest.len, hash);
    if (!ask(process, hash, text, d, &made) || !may_add(&p, made.id, file, d)) return false;
    BundleRecord r = {.id = made.id, .signature = made.signature, .comment = text, .global = made.global};
    return put_together(&p, &r, file, d, out);
}

/* ---- minisign's signature files ---- */

bool bundle_attach(const uint8_t *bundle, size_t size, const char *file, Str minisig,
                   const char *minisig_file, Diags *d, Writer *out)
{
    *out = (Writer){0};
    BundleMinisig m;
    Parts p;
    return bundle_read_minisig(minisig, minisig_file, d, &m) && take_apart(bundle, size, file, d, &p) &&
           may_add(&p, m.record.id, file, d) && put_together(&p, &m.record, file, d, out);
}

/* Four lines, as `minisign -V` takes them. */
static const char *minisig_text(Arena *a, const char *of, const BundleRecord *r)
{
    char first[128], global[128], id[17];
    uint8_t fixed[RECORD_FIXED_BYTES] = {'E', 'D'};
    memcpy(fixed + ALGORITHM_BYTES, r->id, BUNDLE_KEY_ID_BYTES);
    memcpy(fixed + ALGORITHM_BYTES + BUNDLE_KEY_ID_BYTES, r->signature, BUNDLE_SIGNATURE_BYTES);
    bundle_key_id_text(r->id, id);
    sodium_bin2base64(first, sizeof first, fixed, sizeof fixed, sodium_base64_VARIANT_ORIGINAL);
    sodium_bin2base64(global, sizeof global, r->global, BUNDLE_SIGNATURE_BYTES,
                      sodium_base64_VARIANT_ORIGINAL);
    return arena_printf(a, "untrusted comment: signature of %s, key %s\n%s\ntrusted comment: %.*s\n%s\n", of,
                        id, first, STR_ARG(r->comment), global);
}

const char *bundle_minisig_text(Arena *a, const Bundle *b, uint32_t index)
{
    BundleRecord records[BUNDLE_MAX_SIGNATURES];
    uint32_t n;
    Diags none = {0};
    bool ok = bundle_read_records(b->signature_bytes, 0, b->file, &none, records, &n) && index < n;
    diag_free(&none);
    const char *text = ok ? minisig_text(a, "a bundle's manifest", &records[index]) : NULL;
    return text ? text : "";
}

const char *bundle_signer_minisig(BundleSignerProcess *process, Arena *a, Str bytes, const char *of,
                                  const char *comment, Diags *d)
{
    Signature made;
    uint8_t hash[HASH_BYTES];
    Str text = str_of(comment);
    if (!bundle_comment_ok(text)) {
        fail(d, BUNDLE_BAD_RECORD, process->key_file,
             "trusted comment is too long, not UTF-8 or has control characters");
        return NULL;
    }
    bundle_hash_manifest(bytes.ptr, bytes.len, hash);
    if (!ask(process, hash, text, d, &made)) return NULL;
    BundleRecord r = {.id = made.id, .signature = made.signature, .comment = text, .global = made.global};
    const char *lines = minisig_text(a, of, &r);
    if (!lines) fail(d, OUT_OF_MEMORY, process->key_file, "out of memory");
    return lines;
}

/* ---- comments ---- */

bool bundle_clock(Diags *d, int64_t *seconds)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    *seconds = (int64_t)time(NULL);
    if (!epoch) return true;
    char *end;
    errno = 0;
    long long value = strtoll(epoch, &end, 10);
    if (errno || end == epoch || *end || value <= 0)
        return fail(d, USAGE, NULL, "SOURCE_DATE_EPOCH is not a number of seconds since 1970");
    *seconds = value;
    return true;
}

const char *bundle_default_comment(Arena *a, const char *path, int64_t seconds)
{
    const char *slash = strrchr(path, '/');
    const char *name = diag_escape(a, str_of(slash ? slash + 1 : path));
    return name ? arena_printf(a, "timestamp:%lld\tfile:%s\thashed", (long long)seconds, name) : NULL;
}
