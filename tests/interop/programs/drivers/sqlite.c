/* sqlite: a database in memory; the system interface is the smallest that sqlite3_initialize accepts. */
#include <sqlite3.h>

#include "sample.h"

#ifndef ROWS
#define ROWS "3000"
#endif

static int no_open(sqlite3_vfs *v, const char *n, sqlite3_file *f, int a, int *b)
{
    (void)v, (void)n, (void)a, (void)b;
    f->pMethods = NULL;
    return SQLITE_CANTOPEN;
}

static int no_access(sqlite3_vfs *v, const char *n, int flags, int *out)
{
    (void)v, (void)n, (void)flags;
    *out = 0;
    return SQLITE_OK;
}

static int same_name(sqlite3_vfs *v, const char *n, int size, char *out)
{
    (void)v;
    sqlite3_snprintf(size, out, "%s", n);
    return SQLITE_OK;
}

static int zeros(sqlite3_vfs *v, int n, char *out)
{
    (void)v;
    memset(out, 0, (size_t)n);
    return n;
}

static int no_time(sqlite3_vfs *v, double *out)
{
    (void)v;
    *out = 2460000.5;
    return SQLITE_OK;
}

int sqlite3_os_init(void)
{
    static sqlite3_vfs vfs = {.iVersion = 1, .szOsFile = sizeof(sqlite3_file), .mxPathname = 100, .zName = "none",
                              .xOpen = no_open, .xAccess = no_access, .xFullPathname = same_name,
                              .xRandomness = zeros, .xCurrentTime = no_time};
    return sqlite3_vfs_register(&vfs, 1);
}

int sqlite3_os_end(void)
{
    return SQLITE_OK;
}

static int row(void *ctx, int n, char **values, char **names)
{
    (void)ctx;
    for (int i = 0; i < n; i++) printf("%s%s=%s", i ? " " : "", names[i], values[i] ? values[i] : "NULL");
    puts("");
    return 0;
}

static int run(sqlite3 *db, const char *sql)
{
    char *error = NULL;
    int code = sqlite3_exec(db, sql, row, NULL, &error);
    if (code) printf("%d: %s\n", code, error);
    sqlite3_free(error);
    return code;
}

int main(void)
{
    static const char *const script[] = {
        "create table t(id integer primary key, word text, x real); create index w on t(word)",
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < " ROWS ") "
        "insert into t select i, substr('linearmemorymodule', i % 11 + 1, 5), i / 7.0 from n",
        "select word, count(*) c, round(sum(x), 3) s, group_concat(id % 3, '') like '%012%' g from t group by word order by c desc, word",
        "select a.id, b.word from t a join t b on b.id = a.id * 2 where a.id % 500 = 0",
        "begin; delete from t where id > 100; rollback; select count(*), max(length(word)), printf('%08.3f', avg(x)) from t",
        "select json_object('a', json_array(1, 2.5, 'x')) j, upper(hex(zeroblob(3))) z, datetime(0, 'unixepoch') d",
        "select row_number() over (order by x desc) r, x from t limit 3",
        "update t set word = replace(word, 'e', 'E') where rowid in (select id from t where word glob '*e*' limit 40); select changes()",
        "pragma integrity_check; explain query plan select * from t where word > 'm'",
    };
    sqlite3 *db;
    printf("sqlite %s\n", sqlite3_libversion());
    int bad = sqlite3_open(":memory:", &db);
    for (size_t i = 0; i < sizeof script / sizeof *script; i++) bad |= run(db, script[i]);
    printf("expected: %d\n", run(db, "select * from nowhere"));
    sqlite3_close(db);
    return bad;
}
