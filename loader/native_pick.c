/* native_pick.c: the conditions for native code, one after the other; the first that fails is told. */
#include "loader/native_pick.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bundle/native/abi.h"
#include "loader/engine.h"

#ifdef PARIGOT_NATIVE_TARGET
static const char here[] = PARIGOT_NATIVE_TARGET;
#else
static const char here[] = "";
#endif

static bool has_signed(const Bundle *b, const uint8_t key[BUNDLE_KEY_BYTES])
{
    for (uint32_t i = 0; i < b->n_signers; i++)
        if (bundle_same_key(b->signers[i].key->key, key)) return true;
    return false;
}

static const BundleNative *unused(const char *place, Diags *d, const char *format, ...) PRINTF(3, 4);
static const BundleNative *unused(const char *place, Diags *d, const char *format, ...)
{
    va_list args;
    char words[160];
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    diag_add(d, RUN_NATIVE_UNUSED, DIAG_AT(.file = place), "interpreted, not run natively: %s", words);
    return NULL;
}

const BundleNative *native_pick(const Bundle *b, const BundleModule *m, WasmFeatures features, const uint8_t key[BUNDLE_KEY_BYTES],
                                const char *place, Diags *d)
{
    if (!has_signed(b, key)) return unused(place, d, "the key of --trust-native has not signed the bundle, or is not trusted (-p, --trust)");
    if (m->n_native == 0) return unused(place, d, "the bundle has no native code of it");
    const BundleNative *of_here = NULL;
    for (size_t i = 0; i < m->n_native; i++) {
        if (strcmp(m->native[i]->target, here) != 0) continue;
        of_here = m->native[i];
        if (of_here->abi == PARIGOT_NATIVE_ABI) break;
    }
    if (!of_here) return unused(place, d, "native code is for %.40s, and this machine is %s", m->native[0]->target, here);
    if (of_here->abi != PARIGOT_NATIVE_ABI)
        return unused(place, d, "native code is for version %u of the border to the loader, and this is %u", of_here->abi, PARIGOT_NATIVE_ABI);
    if (features & ~load_native.features) return unused(place, d, "it uses what native code is not made for");
    return of_here;
}
