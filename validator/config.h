/* config.h: configuration files in libconfig's syntax, checked against one table of keys. Policies and world files.
 *
 * The file is small and may be hostile: at most CFG_MAX_BYTES, @include is refused, names and types are checked against
 * the table before a value is handed out. Every error says file and line, and what was expected; all are reported.
 * Strings come out as UTF-8 without control characters. */
#ifndef PARIGOT_CONFIG_H
#define PARIGOT_CONFIG_H

#include "wasm/wasm.h"

enum { CFG_MAX_BYTES = 1 << 20 };

typedef enum CfgType {
    CFG_STRING,
    CFG_BOOL,
    CFG_NUMBER,   /* an integer, 1000 or 1000L; within min and max of its row */
    CFG_SIZE,     /* "64 MiB": B, KiB, MiB, GiB; comes out in bytes */
    CFG_DURATION, /* "30 s": ns, us, ms, s, min; comes out in nanoseconds */
    CFG_STRINGS,  /* [ "a", "b" ] */
    CFG_MAP,      /* { name = "value"; ... }: names are the user's */
    CFG_GROUP,    /* { ... }: its keys are rows of their own, "limits.memory" */
    CFG_LIST      /* ( { ... }, { ... } ): rows "modules[].name" */
} CfgType;

/* One row. Rows of a group or list follow their parent's. */
typedef struct CfgKey {
    const char *path;     /* "modules[].memory" */
    CfgType type;
    const char *value;    /* default, as it would be written (strings without quotes); NULL = must be there */
    uint64_t min, max;    /* CFG_NUMBER, CFG_SIZE, CFG_DURATION: 0, 0 = any */
    const char *doc;      /* what it means, for messages: "expected ..." */
} CfgKey;

typedef struct CfgTable {
    const char *version_key; /* must come first, and be 1 */
    const CfgKey *keys;
    size_t n;
} CfgTable;

typedef struct CfgFile CfgFile;
/* A group of the file: the root, or one item of a list. */
typedef struct CfgAt {
    const CfgFile *file;
    const void *setting;
    Str prefix; /* of its keys in the table: "", "modules[]." */
} CfgAt;

/* cfg_read: reads and checks a file ("-": standard input).
 * out:    NULL when something is wrong (C codes, all of them). Freed by cfg_close; strings live until then.
 * errors: IO_READ, IO_TOO_BIG; CFG_SYNTAX, CFG_INCLUDE, CFG_UNKNOWN_KEY, CFG_TYPE, CFG_MISSING, CFG_VALUE, CFG_VERSION */
MUST_USE CfgFile *cfg_read(const char *path, const CfgTable *, Diags *);
/* The same for text in memory; name is for messages. */
MUST_USE CfgFile *cfg_parse(Str text, const char *name, const CfgTable *, Diags *);
void cfg_close(CfgFile *);
CfgAt cfg_root(const CfgFile *);

/* Values by key, relative to the group: cfg_string(cfg_item(root, "modules", 0), "name"), cfg_number(root, "limits.types").
 * A key that is not written gives its default. Asking for a key that is not in the table, or by the wrong type, is a
 * mistake in the program (assert). */
bool cfg_has(CfgAt, const char *key); /* is it written? */
Str cfg_string(CfgAt, const char *key);
bool cfg_bool(CfgAt, const char *key);
uint64_t cfg_number(CfgAt, const char *key); /* CFG_NUMBER, CFG_SIZE, CFG_DURATION */
uint32_t cfg_count(CfgAt, const char *key);  /* items of CFG_STRINGS, CFG_MAP, CFG_LIST */
Str cfg_string_at(CfgAt, const char *key, uint32_t i);
Str cfg_map_at(CfgAt, const char *key, uint32_t i, Str *name); /* the value */
CfgAt cfg_item(CfgAt, const char *key, uint32_t i);

/* Where a key is written (its group, when it is not; key "" is the group itself), as a place for diagnostics: file:line. */
DiagPlace cfg_place(CfgAt, const char *key);
/* An error about a value, at its line: CFG_VALUE. */
void cfg_error(CfgAt, const char *key, const char *format, ...) PRINTF(3, 4);

/* "64 MiB" and "30 s" outside of files, for command lines. false: not of that form, or above 2^64 - 1. */
bool cfg_parse_size(Str, uint64_t *bytes);
bool cfg_parse_duration(Str, uint64_t *ns);
/* The shortest way to write a size: "64 MiB", "7654321 B". */
const char *cfg_size_text(Arena *, uint64_t bytes);

#endif
