/* Response files in both quotings, token by token as wasm-ld reads them: each ends up in the name section.
 * NEED: clang-19
 * RUN: clang-19 --target=wasm32 -ffreestanding -c %s -o a.o; for k in p1 p2 p3 p4 p5 w1 w2 w3 w4 w5 w6; do sed -n "s/^ \* $k=//p" %s > $k; done; printf -- '--soname=a\r\n--no-entry\r\n' > crlf
 * ORACLE: --no-entry a.o @p1
 * ORACLE: --no-entry a.o @p2
 * ORACLE: --no-entry a.o @p3
 * ORACLE: --no-entry a.o @p4
 * ORACLE: --rsp-quoting=posix --no-entry a.o @p5
 * ORACLE: --rsp-quoting=windows --no-entry a.o @w1
 * ORACLE: --no-entry a.o @w2 --rsp-quoting=windows
 * ORACLE: --rsp-quoting windows --no-entry a.o @w3
 * ORACLE: --rsp-quoting=windows --no-entry a.o @w4
 * ORACLE: --rsp-quoting=windows --no-entry a.o @w5
 * ORACLE: --rsp-quoting=windows --no-entry a.o @w6
 * ORACLE: a.o @crlf
 * ORACLE: --rsp-quoting=windows a.o @crlf
 * p1=--soname="a b" -s --keep-section=name
 * p2=--soname=a\ b'c "d'e"f 'g"
 * p3="--soname=a\"b\\c" -S
 * p4='--soname=a\b"c'
 * p5=--soname=""x''y"\z"
 * w1=--soname="a b" -s --keep-section=name
 * w2=--soname=a\b'c'"d"e\f
 * w3="--soname=a\"b\\c" -S
 * w4=--soname=a\\\"b\\\\"c d"
 * w5=--soname="a ""b"" c"
 * w6="--soname=a b\\" -S
 */
__attribute__((used)) int f(void) { return 1; }
