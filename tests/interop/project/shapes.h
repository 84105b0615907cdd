#ifndef SHAPES_H
#define SHAPES_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct Shape {
    const char *name;
    double (*area)(const struct Shape *);
    double a, b;
} Shape;

/* The shape that text like "circle 2" describes; its name is NULL when there is no such. */
Shape shape_parse(const char *text);
double shape_area(const Shape *shape);

#ifdef __cplusplus
}
#endif

#endif
