/* log.c: log lines. A program that links this asks for the capability parigot.log.v1.Log. */
#include <stdlib.h>
#include <string.h>
#include "runtime.h"

enum { SHORT_TEXT = 256 };

/* Nobody is told when a line cannot be handed over: there is nobody to tell. */
static void write_lines(int level, char *text, size_t len)
{
    parigot_utf8_mend(text, len);
    while (len) {
        char *newline = memchr(text, '\n', len);
        size_t line = newline ? (size_t)(newline - text) : len;
        parigot_log_v1_WriteRequest request = {.level = (parigot_log_v1_Level)level, .text = {text, line}};
        parigot_log_v1_Log_Write_call(NULL, &request, NULL, NULL);
        line += newline != NULL;
        text += line;
        len -= line;
    }
}

static void PARIGOT_PRINTF(2, 0) write_log(int level, const char *format, va_list ap)
{
    char brief[SHORT_TEXT];
    size_t len = parigot_format_text(brief, sizeof brief, format, ap);
    char *text = len < sizeof brief ? brief : parigot_new(len + 1);
    if (text != brief) parigot_format_text(text, len + 1, format, ap);
    write_lines(level, text, len);
    if (text != brief) free(text);
}

void parigot_log(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    write_log(parigot_log_v1_LEVEL_INFO, format, ap);
    va_end(ap);
}

void parigot_log_at(int level, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    write_log(level, format, ap);
    va_end(ap);
}
