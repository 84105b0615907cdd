/* package.h: the linked module as a bundle of its own or with the rest of its world, signed when a key is named. */
#ifndef PARIGOT_LINKER_PACKAGE_H
#define PARIGOT_LINKER_PACKAGE_H

#include "linker/command.h"

/* ld_package: replaces the module's bytes by those of a bundle: of the world that command->world_file describes, or of
 * that one module, which may call the system services that it imports and is its world's main.
 * in:     signer  started before any input was opened; used when command->sign_key is there
 * errors: those of bundle_create and bundle_signer_sign */
MUST_USE bool ld_package(const LdCommand *, BundleSignerProcess *signer, Arena *, Diags *, Writer *module);

#endif
