/* abi.h: descriptions of services, from the FileDescriptorSets that protoc writes. docs/abi.md
 *
 * Apart from validator.h because it needs protobuf-c and libsodium, which the validator itself does not. */
#ifndef PARIGOT_ABI_H
#define PARIGOT_ABI_H

#include "validator/validator.h"

typedef struct AbiSet {
    const char *file; /* for messages */
    Str bytes;        /* a google.protobuf.FileDescriptorSet; not looked at any more when abi_parse is done */
} AbiSet;

/* abi_parse: what some sets, taken together, describe. A type or service may be in several, if they agree on
 * it. in:     the bytes may be hostile: depth, sizes and counts are bounded before anything is unpacked out:
 * *out  in the arena. A service whose types are not all described (protoc without --include_imports) has no
 * digest errors: C02; a service without a package is a warning */
MUST_USE bool abi_parse(Arena *, const AbiSet *, size_t n, Diags *, ValAbi *out);

/* abi_load: the host's own services, and those of some files.
 * errors: IO_READ, IO_TOO_BIG, and those of abi_parse */
MUST_USE bool abi_load(Arena *, const char *const *files, size_t n, Diags *, ValAbi *out);

/* abi_check_named: is each service that is named there? One Diag (ABI_NO_SERVICE) for each that is not. */
MUST_USE bool abi_check_named(const ValAbi *, const ValNamed *, Diags *);

#endif
