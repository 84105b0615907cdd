/* native_pick.h: whether a module's native code may be run, and can be. docs/native.md */
#ifndef PARIGOT_LOADER_NATIVE_PICK_H
#define PARIGOT_LOADER_NATIVE_PICK_H

#include "bundle/bundle.h"

/* native_pick: the native code of one module that is for this machine and this loader, in a bundle that `key` has signed.
 * in:     bundle    believed: its signers are trusted, its manifest was checked
 *         features  that the module uses
 * returns NULL after a warning that says why there is none: RUN_NATIVE_UNUSED */
const BundleNative *native_pick(const Bundle *, const BundleModule *, WasmFeatures features, const uint8_t key[BUNDLE_KEY_BYTES],
                                const char *place, Diags *);

#endif
