/* str.c: views of text. Needs nothing else of the library. */
#include <string.h>
#include "runtime.h"

parigot_str parigot_str_of(const char *text) { return (parigot_str){text, text ? strlen(text) : 0}; }

bool parigot_str_equal(parigot_str a, parigot_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

const char *parigot_status_name(parigot_status status)
{
    static const char names[][20] = {
        "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
        "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
        "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
        "DATA_LOSS", "UNAUTHENTICATED"};
    return (unsigned)status < sizeof names / sizeof *names ? names[status] : "?";
}
