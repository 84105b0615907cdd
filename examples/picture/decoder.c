/* A service around a C library that nobody wrote for this: stb_image, as Debian ships it. The decoder meets files of
 * strangers, so it lives in a process of its own: what it can break is its own memory. README.md tells how the
 * library's writable globals were configured away. */
#include "picture/v1/picture.parigot.h"

#include <stdlib.h>
#include <string.h>

#define STB_IMAGE_IMPLEMENTATION
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_NO_THREAD_LOCALS
#define STBI_ASSERT(x) ((x) ? (void)0 : __builtin_trap()) /* a trap names its function; no log service is needed */
#ifndef AS_SHIPPED /* README.md: with it, the linker refuses the program */
#define STB_IMAGE_STATIC        /* what nobody here calls is gone, and with it the switches that it would set */
#define STBI_NO_FAILURE_STRINGS /* no pointer to the last error's text */
#endif
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wunused-function"
#include <stb_image.h>
#pragma clang diagnostic pop

struct parigot_app {
    uint32_t decoded;
};

parigot_app *parigot_start(const parigot_kernel_v1_InitRequest *init)
{
    (void)init;
    return parigot_new(sizeof(parigot_app));
}

void picture_v1_Decoder_Decode(parigot_app *app, parigot_call *call, const picture_v1_DecodeRequest *req)
{
    int width, height, channels;
    uint8_t *luma = stbi_load_from_memory((const uint8_t *)req->file.ptr, (int)req->file.len, &width, &height, &channels, 1);
    if (!luma) {
        parigot_fail(call, PARIGOT_INVALID_ARGUMENT, "not a picture that this service can decode");
        return;
    }
    app->decoded++;
    parigot_status status = PARIGOT_OK;
    for (int y = 0; y < height && status == PARIGOT_OK; y++)
        status = picture_v1_Decoder_Decode_piece(
            call, &(picture_v1_Row){.y = (uint32_t)y, .luma = {luma + (size_t)y * (size_t)width, (uint32_t)width}});
    stbi_image_free(luma);
    if (status == PARIGOT_OK) parigot_end(call);
    else parigot_fail(call, PARIGOT_RESOURCE_EXHAUSTED, "the picture has more rows than the queue holds");
}
