/* policy.h: policy files, their canonical text and its digest. docs/policy.md
 *
 * Apart from validator.h because it needs libconfig and libsodium, which the validator itself does not. */
#ifndef PARIGOT_POLICY_H
#define PARIGOT_POLICY_H

#include "validator/validator.h"

/* policy_load: what --policy= takes: a built-in name (strict, reset, audit, none), else a file.
 * out:    *out's arrays and strings are in the arena
 * errors: IO_READ, C codes, each with file:line */
MUST_USE bool policy_load(Arena *, const char *name_or_file, Diags *, ValPolicy *out);
/* policy_parse: the text of a file; name is for messages. */
MUST_USE bool policy_parse(Arena *, Str text, const char *name, Diags *, ValPolicy *out);
/* policy_text: the canonical text: base resolved, every key written, in the order of docs/policy.md, lists sorted
 * bytewise. It is a policy file itself, and its own canonical text. */
void policy_text(TextBuf *, const ValPolicy *);
/* policy_digest: BLAKE2b-256 of the canonical text. false: out of memory. */
MUST_USE bool policy_digest(const ValPolicy *, uint8_t digest[32]);

/* "blake2b-256:" and 64 hexadecimal digits, as policies write digests. */
bool digest_parse(Str, uint8_t digest[32]);
void digest_text(TextBuf *, const uint8_t digest[32]);

#endif
