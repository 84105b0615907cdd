/* days.c: the days of waivers, "2027-06-30", as seconds since 1970 UTC. Proleptic Gregorian calendar. */
#include "validator/validator.h"

#include <stdio.h>

enum { DAY_SECONDS = 86400 };

/* Days since 1970-01-01; March is the first month, so that leap days come last. */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year, m = month <= 2 ? month + 9 : month - 3;
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

static bool parse_number(Str s, size_t at, size_t n, int *out)
{
    *out = 0;
    for (size_t i = at; i < at + n; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9') return false;
        *out = *out * 10 + s.ptr[i] - '0';
    }
    return true;
}

bool val_parse_day(Str s, int64_t *out)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int y, m, d;
    if (s.len != 10 || s.ptr[4] != '-' || s.ptr[7] != '-') return false;
    if (!parse_number(s, 0, 4, &y) || !parse_number(s, 5, 2, &m) || !parse_number(s, 8, 2, &d)) return false;
    if (y < 1970 || m < 1 || m > 12 || d < 1) return false;
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    if (d > lengths[m - 1] + (m == 2 && leap)) return false;
    *out = (days_of(y, m, d) + 1) * DAY_SECONDS - 1;
    return true;
}

const char *val_day_text(char text[VAL_DAY_SIZE], int64_t seconds)
{
    enum { LAST_YEAR = 9999 };
    int64_t days = seconds < 0 ? 0 : seconds / DAY_SECONDS;
    int year = 1970, month = 1;
    while (year < LAST_YEAR && days_of(year + 1, 1, 1) <= days) year++;
    while (month < 12 && days_of(year, month + 1, 1) <= days) month++;
    int64_t day = days - days_of(year, month, 1) + 1;
    snprintf(text, VAL_DAY_SIZE, "%04d-%02d-%02d", year, month, day > 31 ? 31 : (int)day);
    return text;
}
