/* report.h: how parigot-validate shows what was found. */
#ifndef PARIGOT_VALIDATOR_REPORT_H
#define PARIGOT_VALIDATOR_REPORT_H

#include "validator/validator.h"

typedef enum ReportFormat { REPORT_TEXT, REPORT_GNU, REPORT_JSON } ReportFormat;

/* What is shown of one file. */
typedef struct FileReport {
    const char *file;
    bool read;  /* false: the file could not be read; diags say why */
    bool passes;
    const ValReport *report; /* when read */
    const Diags *diags;
} FileReport;

typedef struct Reporter {
    ReportFormat format;
    bool colour;
    Str policy;          /* its name */
    const char *digest;  /* of the policy: "blake2b-256:..." */
    uint32_t n_files, n_passed;
    TextBuf summary;     /* a line for each file, shown after several */
} Reporter;

/* Each appends to the text that goes to standard output. */
void report_begin(Reporter *, TextBuf *);
void report_file(Reporter *, TextBuf *, const FileReport *);
void report_end(Reporter *, TextBuf *);

/* --list-rules and --explain. */
void report_rules(TextBuf *);
bool report_explain(TextBuf *, const char *code); /* false: no such code */

#endif
