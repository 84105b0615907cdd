/* Fuzz target: two descriptions of services, taken together. What is accepted is sorted, and found by its
 * names. */
#include "validator/validator.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const ValAbi *abi)
{
    uint64_t budget = 100000;
    ValNearest near;
    for (uint32_t i = 0; i < abi->n_services; i++) {
        const ValService *s = &abi->services[i];
        if (val_find_service(abi, s->name) != s) abort();
        for (uint32_t k = 0; k < s->n_methods; k++) {
            Str method = s->methods[k].name;
            if (val_find_method(s, method) != &s->methods[k]) abort();
            if (val_nearest_method(abi, &(ValNamed){0}, s->name, method, &budget, &near) &&
                near.distance != 0 && budget)
                abort();
        }
    }
}

/* The first byte says where the second set begins. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    const char *bytes = (const char *)data + 1;
    size_t all = size - 1, first = data[0] == 255 ? all : all * data[0] / 255;
    ValAbiSet sets[] = {{"first", {bytes, first}}, {"second", {bytes + first, all - first}}};
    Arena arena = {.limit_bytes = (size_t)256 << 20};
    Diags diags = {.limit = 20};
    ValAbi abi;
    if (val_parse_abi(&arena, sets, ARRAY_LEN(sets), &diags, &abi)) check(&abi);
    else if (diags.errors == 0) abort();
    diag_free(&diags);
    arena_free(&arena);
    return 0;
}
