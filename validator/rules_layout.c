/* rules_layout.c: P104, writable static data. docs/rules.md */
#include "validator/state.h"

void judge_constant_store(Val *v, Site site, uint64_t address, uint64_t size)
{
    if (size) violated(v, RULE_P104, site, (Str){0}, "writes %llu bytes at the constant address 0x%llx", (unsigned long long)size, (unsigned long long)address);
    else violated(v, RULE_P104, site, (Str){0}, "writes at the constant address 0x%llx", (unsigned long long)address);
}
