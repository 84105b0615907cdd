/* expat: namespaces, entities, three encodings, an error with its line. */
#include <expat.h>

#include "sample.h"

static void XMLCALL start(void *ctx, const char *name, const char **attributes)
{
    int *depth = ctx;
    printf("%*s<%s", 2 * (*depth)++, "", name);
    for (; *attributes; attributes += 2) printf(" %s=\"%s\"", attributes[0], attributes[1]);
    puts(">");
}

static void XMLCALL end(void *ctx, const char *name)
{
    int *depth = ctx;
    printf("%*s</%s>\n", 2 * --*depth, "", name);
}

static void XMLCALL text(void *ctx, const char *s, int n)
{
    (void)ctx;
    printf("[%.*s]", n, s);
}

static int parse(const char *document, size_t n, const char *encoding)
{
    int depth = 0;
    XML_Parser p = XML_ParserCreateNS(encoding, '|');
    XML_SetUserData(p, &depth);
    XML_SetElementHandler(p, start, end);
    XML_SetCharacterDataHandler(p, text);
    enum XML_Status s = XML_STATUS_OK;
    for (size_t at = 0; at < n && s == XML_STATUS_OK; at += 7)
        s = XML_Parse(p, document + at, (int)(n - at < 7 ? n - at : 7), at + 7 >= n);
    if (s != XML_STATUS_OK)
        printf("%s at %lu:%lu\n", XML_ErrorString(XML_GetErrorCode(p)), XML_GetCurrentLineNumber(p), XML_GetCurrentColumnNumber(p));
    XML_ParserFree(p);
    return s != XML_STATUS_OK;
}

int main(void)
{
    static const char good[] = "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY who 'linker'>]>\n<a xmlns='urn:x' xmlns:y='urn:y'>"
                               "<y:b k='1 &lt; 2'>&who; \xc3\xa9</y:b><c/></a>";
    static const char latin[] = "<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9</a>";
    static const char bad[] = "<a>\n<b>\n</a>";
    static const char wide[] = "\xff\xfe<\0a\0/\0>\0";
    printf("%s\n", XML_ExpatVersion());
    return parse(good, sizeof good - 1, NULL) | parse(latin, sizeof latin - 1, NULL) | !parse(bad, sizeof bad - 1, NULL) |
           parse(wide, sizeof wide - 1, NULL);
}
