/* producers: each language, tool and library once, the first version of each, in the order in which they come.
 * NEED: clang-19
 * RUN: for n in 1 2 3; do clang-19 --target=wasm32 -DN=$n -c %s -o $n.o || exit 1; done
 * ORACLE: --no-entry 1.o 2.o
 * ORACLE: --no-entry 2.o 1.o 3.o
 * ORACLE: --no-entry 3.o
 */
#if N == 1
    .section .custom_section.producers,"",@
    .int8 2
    .int8 8
    .ascii "language"
    .int8 2
    .int8 1
    .ascii "C"
    .int8 2
    .ascii "11"
    .int8 4
    .ascii "Rust"
    .int8 1
    .ascii "1"
    .int8 12
    .ascii "processed-by"
    .int8 1
    .int8 2
    .ascii "cc"
    .int8 1
    .ascii "1"
#elif N == 2
    .section .custom_section.producers,"",@
    .int8 2
    .int8 12
    .ascii "processed-by"
    .int8 2
    .int8 2
    .ascii "cc"
    .int8 1
    .ascii "2"
    .int8 2
    .ascii "ld"
    .int8 1
    .ascii "3"
    .int8 3
    .ascii "sdk"
    .int8 1
    .int8 1
    .ascii "k"
    .int8 1
    .ascii "4"
#endif
