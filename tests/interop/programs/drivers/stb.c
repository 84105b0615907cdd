/* stb: a picture written as PNG and JPEG, read back, damaged, resized. Debian's libstb-dev, which is sources only. */
#include "sample.h"

#define STBI_NO_STDIO
#define STBI_WRITE_NO_STDIO
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_RESIZE_IMPLEMENTATION
#include <stb/stb_image.h>
#include <stb/stb_image_resize.h>
#include <stb/stb_image_write.h>

enum { WIDTH = 60, HEIGHT = 40, COLOURS = 3 };

typedef struct File {
    unsigned char bytes[100000];
    int size;
} File;

static void append(void *ctx, void *data, int n)
{
    File *f = ctx;
    memcpy(f->bytes + f->size, data, (size_t)n);
    f->size += n;
}

static int read_back(const char *what, const File *f, const unsigned char *picture, int exactly)
{
    int w = 0, h = 0, colours = 0;
    unsigned char *back = stbi_load_from_memory(f->bytes, f->size, &w, &h, &colours, COLOURS);
    if (!back) return printf("%s: %s\n", what, stbi_failure_reason()), 1;
    int same = memcmp(back, picture, WIDTH * HEIGHT * COLOURS) == 0;
    printf("%s: %d bytes (%08x), %dx%d, %08x %s\n", what, f->size, sample_sum(f->bytes, (size_t)f->size), w, h,
           sample_sum(back, (size_t)(w * h * COLOURS)), same ? "same" : "not the same");
    stbi_image_free(back);
    return exactly && !same;
}

int main(void)
{
    static unsigned char picture[WIDTH * HEIGHT * COLOURS], small[20 * 15 * COLOURS];
    static File png, jpeg, damaged;
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        int x = i % WIDTH, y = i / WIDTH;
        picture[3 * i] = (unsigned char)(x * 4), picture[3 * i + 1] = (unsigned char)(y * 6);
        picture[3 * i + 2] = (unsigned char)((x * x + y * y) / 20);
    }
    stbi_write_png_to_func(append, &png, WIDTH, HEIGHT, COLOURS, picture, WIDTH * COLOURS);
    stbi_write_jpg_to_func(append, &jpeg, WIDTH, HEIGHT, COLOURS, picture, 80);
    damaged = png;
    damaged.bytes[damaged.size / 2] ^= 0x55;
    int bad = read_back("png", &png, picture, 1) | read_back("jpeg", &jpeg, picture, 0);
    (void)read_back("damaged", &damaged, picture, 0);
    bad |= !stbir_resize_uint8(picture, WIDTH, HEIGHT, 0, small, 20, 15, 0, COLOURS);
    printf("resized: %08x\n", sample_sum(small, sizeof small));
    return bad;
}
