/* libpng: write an image with text and a palette's worth of filters, read it back; a damaged file ends in longjmp. */
#include <png.h>
#include <setjmp.h>

#include "sample.h"

typedef struct {
    unsigned char *bytes;
    size_t n, at;
} Stream;

static void put(png_structp png, png_bytep data, size_t n)
{
    Stream *s = png_get_io_ptr(png);
    s->bytes = realloc(s->bytes, s->n + n);
    memcpy(s->bytes + s->n, data, n);
    s->n += n;
}

static void get(png_structp png, png_bytep data, size_t n)
{
    Stream *s = png_get_io_ptr(png);
    if (n > s->n - s->at) png_error(png, "end of stream");
    memcpy(data, s->bytes + s->at, n);
    s->at += n;
}

static void quiet(png_structp png, png_const_charp text)
{
    (void)png;
    printf("warning: %s\n", text);
}

static void on_error(png_structp png, png_const_charp text)
{
    printf("error: %s\n", text);
    png_longjmp(png, 1);
}

enum { WIDTH = 200, HEIGHT = 150 };

static void encode(Stream *s, int interlace)
{
    static unsigned char rows[HEIGHT][WIDTH * 4];
    sample_text(&rows[0][0], sizeof rows);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, on_error, quiet);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(png, s, put, NULL);
    png_set_IHDR(png, info, WIDTH, HEIGHT, 8, PNG_COLOR_TYPE_RGBA, interlace, 0, 0);
    png_set_gAMA(png, info, 0.45455);
    png_text text = {.compression = PNG_TEXT_COMPRESSION_zTXt, .key = "Title", .text = "linked twice"};
    png_set_text(png, info, &text, 1);
    png_bytep at[HEIGHT];
    for (int y = 0; y < HEIGHT; y++) at[y] = rows[y];
    png_set_rows(png, info, at);
    png_write_png(png, info, PNG_TRANSFORM_IDENTITY, NULL);
    png_destroy_write_struct(&png, &info);
}

static int decode(Stream *s)
{
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, on_error, quiet);
    png_infop info = png_create_info_struct(png);
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_read_struct(&png, &info, NULL);
        return 1;
    }
    s->at = 0;
    png_set_read_fn(png, s, get);
    png_read_png(png, info, PNG_TRANSFORM_STRIP_ALPHA | PNG_TRANSFORM_EXPAND, NULL);
    png_bytepp rows = png_get_rows(png, info);
    unsigned sum = 0;
    for (unsigned y = 0; y < png_get_image_height(png, info); y++) sum = sum * 31 + sample_sum(rows[y], png_get_rowbytes(png, info));
    double gamma = 0;
    png_get_gAMA(png, info, &gamma);
    printf("read %ux%u rows %zu sum %08x gamma %.5f\n", png_get_image_width(png, info), png_get_image_height(png, info),
           png_get_rowbytes(png, info), sum, gamma);
    png_destroy_read_struct(&png, &info, NULL);
    return 0;
}

int main(void)
{
    printf("libpng %s\n", png_get_libpng_ver(NULL));
    int bad = 0;
    for (int interlace = 0; interlace <= 1; interlace++) {
        Stream s = {0};
        encode(&s, interlace);
        printf("wrote %zu bytes %08x\n", s.n, sample_sum(s.bytes, s.n));
        bad |= decode(&s);
        s.bytes[s.n / 2] ^= 0x10;
        printf("damaged: %d\n", decode(&s));
        free(s.bytes);
    }
    return bad;
}
