/* sqlite.c: SQLite as a kernel: run(n) fills a database in memory, indexes it, and asks it things, n times. The system
 * interface is that of tests/interop/programs/drivers/sqlite.c, whose main is not used. */
#define main unused_main
#define run run_statement
#include "../../../interop/programs/drivers/sqlite.c"
#undef run
#undef main

static int add_up(void *sum, int n, char **values, char **names)
{
    (void)names;
    for (int i = 0; i < n; i++)
        for (const char *p = values[i] ? values[i] : ""; *p; p++) *(unsigned *)sum = *(unsigned *)sum * 31 + (unsigned char)*p;
    return 0;
}

int run(int n)
{
    static const char *const script[] = {
        "create table t(id integer primary key, word text, x real)",
        "begin",
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 4000) "
        "insert into t select i, substr('linearmemorymodule', i % 11 + 1, 5), i / 7.0 from n",
        "commit",
        "create index w on t(word, x)",
        "select word, count(*) c, round(sum(x), 3) s from t group by word order by c desc, word",
        "select count(*), sum(b.x) from t a join t b on b.id = (a.id * 7919) % 4000 + 1",
        "update t set word = replace(word, 'e', 'E') where word glob '*e*'",
        "select word, x from t where x > 100 order by word desc, x limit 200",
        "select count(*), max(length(word)), printf('%08.3f', avg(x)) from t",
        "delete from t where id % 3 = 0; select count(*) from t",
    };
    unsigned sum = 0;
    for (int i = 0; i < n; i++) {
        sqlite3 *db;
        if (sqlite3_open(":memory:", &db)) return -1;
        for (size_t k = 0; k < sizeof script / sizeof *script; k++)
            if (sqlite3_exec(db, script[k], add_up, &sum, NULL)) return -2;
        sqlite3_close(db);
    }
    return (int)(sum & 0x7fffffff);
}
