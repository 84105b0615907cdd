#include "shapes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double circle(const Shape *s)
{
    return acos(-1) * s->a * s->a;
}

static double rectangle(const Shape *s)
{
    return s->a * s->b;
}

static const Shape known[] = {{"circle", circle, 0, 0}, {"rectangle", rectangle, 0, 0}};

Shape shape_parse(const char *text)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t n = strlen(known[i].name);
        if (strncmp(text, known[i].name, n) != 0) continue;
        Shape s = known[i];
        char *end;
        s.a = strtod(text + n, &end);
        s.b = strtod(end, NULL);
        return s;
    }
    return (Shape){NULL, NULL, 0, 0};
}

double shape_area(const Shape *shape)
{
    return shape->area(shape);
}
