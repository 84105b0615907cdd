/* inttypes.h of the guest library: conversion specifiers for printf, on wasm32. */
#ifndef PARIGOT_LIBC_INTTYPES_H
#define PARIGOT_LIBC_INTTYPES_H
#include <stdint.h>

#define PRId8 "hhd"
#define PRIi8 "hhi"
#define PRIu8 "hhu"
#define PRIx8 "hhx"
#define PRIX8 "hhX"
#define PRIo8 "hho"
#define PRId16 "hd"
#define PRIi16 "hi"
#define PRIu16 "hu"
#define PRIx16 "hx"
#define PRIX16 "hX"
#define PRIo16 "ho"
#define PRId32 "d"
#define PRIi32 "i"
#define PRIu32 "u"
#define PRIx32 "x"
#define PRIX32 "X"
#define PRIo32 "o"
#define PRId64 "lld"
#define PRIi64 "lli"
#define PRIu64 "llu"
#define PRIx64 "llx"
#define PRIX64 "llX"
#define PRIo64 "llo"
#define PRIdMAX "jd"
#define PRIiMAX "ji"
#define PRIuMAX "ju"
#define PRIxMAX "jx"
#define PRIXMAX "jX"
#define PRIoMAX "jo"
#define PRIdPTR "td"
#define PRIiPTR "ti"
#define PRIuPTR "zu"
#define PRIxPTR "zx"
#define PRIXPTR "zX"
#define PRIoPTR "zo"
#define PRIdFAST32 PRId32
#define PRIuFAST32 PRIu32
#define PRIxFAST32 PRIx32
#define PRIdLEAST32 PRId32
#define PRIuLEAST32 PRIu32
#define PRIxLEAST32 PRIx32
#endif
