/* native.h: native code of modules: wasm2c makes C of a module, cc makes a shared object of that. docs/native.md
 *
 * wasm2c is not given the module as it is but one with its types, functions, tables, memory, globals and segments alone:
 * no name that somebody has chosen gets into the C text. Its own runtime is not used: what its functions are written in is
 * native/prelude.h, and the border to the loader native/abi.h.
 *
 * Same module, same wasm2c, same cc: same bytes. Both run as children (wasm/child.h) in a folder that is gone afterwards. */
#ifndef PARIGOT_BUNDLE_NATIVE_H
#define PARIGOT_BUNDLE_NATIVE_H

#include "bundle/native/abi.h"
#include "wasm/wasm.h"

#define NATIVE_WASM2C_VERSION "1.0.32" /* whose output is known */

/* The programs that do it. */
typedef struct NativeTools {
    const char *wasm2c, *cc; /* paths */
    const char *path;        /* the search path, for cc's own parts */
} NativeTools;
/* native_find_tools: on PATH, whatever folder one stands in.
 * errors: LD_CHILD_MISSING; BUNDLE_NATIVE_TOOL: another version of wasm2c, or no native code is known for this machine */
MUST_USE bool native_find_tools(Arena *, NativeTools *out, Diags *);

typedef struct NativeJob {
    const WasmModule *module; /* valid */
    WasmFeatures features;    /* that it uses */
    uint32_t stack_pointer;   /* global index + 1, as in PmSection; 0 = none */
    uint32_t fuel;            /* likewise */
    Str name;                 /* for messages */
} NativeJob;
typedef enum NativeEnd { NATIVE_FAILED, NATIVE_LEFT, NATIVE_MADE } NativeEnd;
/* native_make: the shared object.
 * out:    *out  its bytes, when NATIVE_MADE; wr_free
 *         NATIVE_LEFT: no native code can be made of this module, and a warning says why: BUNDLE_NATIVE_LEFT
 * errors: LD_CHILD_...; BUNDLE_NATIVE_TOOL (wasm2c wrote what it should not) */
MUST_USE NativeEnd native_make(const NativeTools *, const NativeJob *, Diags *, Writer *out);

/* ---- native_source.c ---- */

/* Why wasm2c cannot do it, in words; NULL when it can. */
const char *native_obstacle(const NativeJob *);
/* What wasm2c is given. */
void native_bare_module(const NativeJob *, Arena *, Writer *out);
/* What cc is given, from what wasm2c wrote.   false: that is of no form that is known, or out->failed: no memory */
MUST_USE bool native_source(const NativeJob *, Str wasm2c, Arena *, TextBuf *out);

#endif
