#include "shapes.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    double sum = 0;
    for (int i = 1; i < argc; i++) {
        Shape s = shape_parse(argv[i]);
        if (!s.name) {
            printf("no such shape: %s\n", argv[i]);
            return 3;
        }
        printf("%-10s %8.3f\n", s.name, shape_area(&s));
        sum += shape_area(&s);
    }
    printf("sum        %8.3f\n", sum);
    return 0;
}
