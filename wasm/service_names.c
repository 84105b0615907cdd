/* service_names.c: how services and methods are named in imports and exports: docs/abi.md "Names". The one place
 * that knows; whoever judges a module, a description or a manifest asks here. */
#include "wasm/wasm.h"

#include <string.h>

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

bool wasm_is_ident(Str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!is_letter(s.ptr[i]) && (i == 0 || s.ptr[i] < '0' || s.ptr[i] > '9')) return false;
    return s.len > 0;
}

bool wasm_is_full_name(Str s)
{
    for (;;) {
        const char *dot = s.len ? memchr(s.ptr, '.', s.len) : NULL;
        if (!dot) return wasm_is_ident(s);
        size_t n = (size_t)(dot - s.ptr);
        if (!wasm_is_ident((Str){s.ptr, n})) return false;
        s = (Str){dot + 1, s.len - n - 1};
    }
}

bool wasm_is_method(Str s) { return s.len <= WASM_SERVICE_NAME_MAX && wasm_is_ident(s); }

bool wasm_is_service(Str s)
{
    return s.len && s.len <= WASM_SERVICE_NAME_MAX && memchr(s.ptr, '.', s.len) && wasm_is_full_name(s);
}

bool wasm_split_method(Str name, Str *service, Str *method)
{
    const char *slash = name.len ? memchr(name.ptr, '/', name.len) : NULL;
    if (!slash) return false;
    *service = (Str){name.ptr, (size_t)(slash - name.ptr)};
    *method = (Str){slash + 1, name.len - service->len - 1};
    return wasm_is_service(*service) && wasm_is_method(*method);
}
