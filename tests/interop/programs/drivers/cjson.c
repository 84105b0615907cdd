/* cJSON: parse, change, print; floating point through printf and strtod. */
#include <cJSON.h>

#include "sample.h"

int main(void)
{
    static const char text[] = "{\"name\":\"module\",\"sizes\":[1,2.5,-3e-7,1e300,0.1],\"deep\":{\"a\":[[[[null,true]]]]},\"s\":\"\\u00e9\\n\"}";
    printf("cJSON %s\n", cJSON_Version());
    cJSON *root = cJSON_Parse(text);
    for (int i = 0; i < 50; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i * i);
        cJSON_AddNumberToObject(root, key, i / 7.0);
    }
    cJSON_DeleteItemFromObject(root, "k49");
    char *out = cJSON_Print(root), *flat = cJSON_PrintUnformatted(root);
    puts(out);
    cJSON *again = cJSON_Parse(flat);
    int same = cJSON_Compare(root, again, 1);
    printf("same %d, bad at %d\n", same, cJSON_Parse("[1,") == NULL);
    return !same;
}
