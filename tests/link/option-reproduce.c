/* --reproduce: a tar that links again elsewhere: objects, libraries, thin archives with the members that were read, files
 * that options name; also of a link that fails. The same link makes the same tar.
 * NEED: clang-19
 * RUN: mkdir -p in/lib "in/with space" out && for n in 1 2 3 4; do clang-19 --target=wasm32 -O1 -ffreestanding -DN=$n -c %s -o in/$n.o || exit 1; done; cd in && llvm-ar-19 rcs lib/libtwo.a 2.o && mv 3.o "with space/3 .o" && llvm-ar-19 rcsT lib/thin.a "with space/3 .o" && echo imported > names
 * RUN: parigot-ld --policy=none --no-entry in/1.o -L in/lib -ltwo "in/lib/thin.a" --allow-undefined-file=in/names --export=one -z stack-size=16384 -o out/m.wasm --reproduce=R.tar && parigot-ld --policy=none --no-entry in/1.o -L in/lib -ltwo "in/lib/thin.a" --allow-undefined-file=in/names --export=one -z stack-size=16384 -o out/m.wasm --reproduce=S.tar && tar tf R.tar && mkdir x && tar xf R.tar -C x
 * OUT: R/
 * OUT: in/1.o
 * OUT: in/lib/libtwo.a
 * OUT: in/lib/thin.a
 * OUT: in/with space/3 .o
 * OUT: in/names
 * OUT: R/response.txt
 * OUT: R/version.txt
 * RUN: mv in elsewhere && cd x/R && cat response.txt version.txt && parigot-ld @response.txt && cmp m.wasm ../../out/m.wasm && mv ../../elsewhere ../../in
 * OUT: --policy none
 * OUT: --export one
 * OUT: -o m.wasm
 * OUT: parigot-ld 0
 * NOT: -ltwo
 * RUN: mkdir y && tar xf S.tar -C y && cmp x/R/response.txt y/S/response.txt
 * RUN: long=$(printf 'directory-with-a-long-name-%%.0s' 1 2 3 4); mkdir -p $long/$long/$long && cp in/4.o $long/$long/$long/$long.o && parigot-ld --policy=none --no-entry $long/$long/$long/$long.o in/4.o in/4.o --allow-multiple-definition -o a.wasm --reproduce=L.tar && mkdir z && tar xf L.tar -C z && test $(tar tf L.tar | wc -l) = 4 && cd z/L && parigot-ld @response.txt && cmp a.wasm ../../a.wasm
 * RUN: parigot-ld --policy=none --no-entry in/1.o -lnowhere -o a2.wasm --reproduce=F.tar; tar tf F.tar
 * OUT: F/response.txt
 * NOFILE: a2.wasm
 * RUN: LLD_REPRODUCE=E.tar parigot-ld --policy=audit --export=four in/4.o -o a3.wasm && mkdir w && tar xf E.tar -C w && cd w/E && parigot-ld @response.txt && cmp a3.wasm ../../a3.wasm
 * RUN: parigot-ld --policy=none --no-entry in/4.o -o a4.wasm --reproduce=no/such/folder/R.tar
 * EXIT: 2
 * ERR: no/such/folder/R.tar
 * NOFILE: a4.wasm
 * RUN: mkfifo pipe && (cat pipe >P.tar &) && parigot-ld --policy=none --no-entry in/4.o -o a5.wasm --reproduce=pipe && test -p pipe && parigot-ld --policy=none --no-entry in/4.o -o a5.wasm --reproduce=- | tar tf -
 * OUT: in/4.o
 * RUN: parigot-ld --policy=none --no-entry in/4.o -o a6.wasm --reproduce=- >/dev/full
 * EXIT: 2
 * ERR: -: cannot write
 * NOT: out of memory
 */
int one(void), two(void), three(void), four(void), imported(void);
#if N == 1
int one(void) { return two() + three(); }
#elif N == 2
int two(void) { return imported(); }
#elif N == 3
int three(void) { return 3; }
#else
__attribute__((visibility("default"))) int four(void) { return 4; }
#endif
