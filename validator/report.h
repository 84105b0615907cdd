/* report.h: how parigot-validate shows what was found. */
#ifndef PARIGOT_VALIDATOR_REPORT_H
#define PARIGOT_VALIDATOR_REPORT_H

#include "validator/validator.h"

typedef enum ReportFormat {
    REPORT_TEXT,
    REPORT_GNU,   /* a finding a line */
    REPORT_JSON,
    REPORT_SARIF, /* 2.1.0; shown when all files are done */
    REPORT_JUNIT, /* a suite a file, a case a rule */
    REPORT_GITHUB /* workflow commands */
} ReportFormat;

/* A finding of this level fails its file. */
typedef enum FailLevel { FAIL_ERROR, FAIL_WARNING, FAIL_NOTE, FAIL_NEVER } FailLevel;
DiagSeverity report_lowest(FailLevel); /* the severity that it begins at; FAIL_NEVER: of no meaning */

/* What is shown of one file. */
typedef struct FileReport {
    const char *file;
    bool read;  /* false: the file could not be read; diags say why */
    bool passes;
    const ValReport *report; /* when read */
    Diags *diags;            /* without those that the baseline knows; report_file may take them: then {0} */
    size_t known;            /* findings that the baseline knows */
} FileReport;

typedef struct Reporter {
    ReportFormat format;
    bool colour;
    Str policy;           /* its name */
    const char *digest;   /* of the policy: "blake2b-256:..." */
    FailLevel fail_level;
    const char *baseline; /* file, or NULL */
    const ValWaiver *waivers; uint32_t n_waivers; /* of the policy */
    uint32_t *let_through; /* by each: findings in all files; the caller's array */
    int64_t now;
    uint32_t n_files, n_passed, n_unread;
    TextBuf summary;      /* a line for each file, shown after several */
    DiagCode failing;     /* the first rule that fails a file */
    struct KeptDiags {    /* for SARIF; malloc */
        Diags *items;
        size_t n, cap, findings, left_out;
        bool failed;
    } kept;
} Reporter;

/* Each appends to the text that goes to standard output. report_end frees what the Reporter holds. */
void report_begin(Reporter *, TextBuf *);
void report_file(Reporter *, TextBuf *, FileReport *);
void report_end(Reporter *, TextBuf *);

bool report_refused_feature(const Diag *, WasmFeature *out); /* what W0117 speaks of */
void report_invalid(TextBuf *, const Diags *);               /* ": not a valid module, 2 errors" */

/* --list-rules and --explain. */
void report_rules(TextBuf *);
bool report_explain(TextBuf *, const char *code); /* false: no such code */

/* capabilities.c: what a module can do, as a table or as JSON (format is REPORT_TEXT or REPORT_JSON). */
void capabilities_begin(const Reporter *, TextBuf *);
void capabilities_file(Reporter *, TextBuf *, const FileReport *);
void capabilities_end(const Reporter *, TextBuf *);

/* ---- of report_json.c and report_ci.c, for report.c and each other ---- */

/* What a waiver of the policy was good for, now that all files are done. */
typedef enum WaiverState { WAIVER_USED, WAIVER_SOON, WAIVER_UNUSED, WAIVER_EXPIRED } WaiverState;
WaiverState report_waiver_state(const Reporter *, uint32_t waiver);
void report_totals(const Reporter *, TextBuf *); /* "2 files under policy strict: 1 pass, 1 fail" */
void json_begin(const Reporter *, TextBuf *);
void json_file(const Reporter *, TextBuf *, const FileReport *);
void json_end(const Reporter *, TextBuf *);
void json_features(TextBuf *, WasmFeatures); /* ,"features":[...] */
void junit_begin(const Reporter *, TextBuf *);
void junit_file(const Reporter *, TextBuf *, const FileReport *);
void junit_end(TextBuf *);
void github_file(TextBuf *, const FileReport *);
void sarif_keep(Reporter *, FileReport *);
void sarif_end(Reporter *, TextBuf *);

#endif
