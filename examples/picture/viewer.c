/* Sends a picture to the decoder and shows each row that comes back as a line of text. */
#include "picture/v1/picture.parigot.h"

struct parigot_app {
    uint32_t rows;
};

#pragma clang diagnostic ignored "-Wc23-extensions"
static const uint8_t file[] = {
#embed "picture.png"
};

static void on_row(parigot_app *app, void *arg, const parigot_result_info *res, const picture_v1_Row *row)
{
    (void)arg;
    static const char shades[] = " .:-=+*#%@";
    if (row) {
        char line[80];
        uint32_t n = row->luma.len < sizeof line ? row->luma.len : sizeof line;
        const uint8_t *luma = (const uint8_t *)row->luma.ptr;
        for (uint32_t x = 0; x < n; x++) line[x] = shades[luma[x] * (sizeof shades - 2) / 255];
        parigot_log("%.*s", (int)n, line);
        app->rows++;
    }
    if (res->last) {
        if (res->status != PARIGOT_OK) parigot_log("no picture: status %d", (int)res->status);
        parigot_exit(res->status);
    }
}

parigot_app *parigot_start(const parigot_kernel_v1_InitRequest *init)
{
    (void)init;
    parigot_app *app = parigot_new(sizeof *app);
    int32_t id = picture_v1_Decoder_Decode_call(app, &(picture_v1_DecodeRequest){.file = {file, sizeof file}}, on_row, NULL);
    if (id < 0) parigot_exit(-id);
    return app;
}
