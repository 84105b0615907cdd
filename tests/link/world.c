/* --world: the module being linked takes its place in a world; the other modules are read from their files.
 * NEED: clang-19
 * RUN: clang-19 --target=wasm32 -O1 -ffreestanding -c %s -o server.o && clang-19 --target=wasm32 -O1 -ffreestanding -DCLIENT -c %s -o client.o
 * RUN: parigot-bundle keygen -W -s k.key -p k.pub
 *
 * With one module the file need not say which; the module's own file need not be there.
 * RUN: echo 'world = 1; name = "alone"; version = "1.2"; generation = 7; not_after = "2099-01-01T00:00:00Z"; main = "s"; modules = ( { name = "s"; file = "nowhere.wasm"; memory = "1 MiB"; deadline = "2 s"; share = 7; restart = 3; config = { who = "world"; }; grant = [ "parigot.log.v1.Log", "parigot.file.v1.File" ]; } ); folders = ( { name = "data"; for = [ "s" ]; } );' > one.cfg
 * RUN: parigot-ld --world=one.cfg server.o -o one.pbundle && parigot-bundle inspect one.pbundle
 * OUT: alone 1.2, generation 7
 * OUT: 2099-01-01
 * OUT: policy     strict
 * OUT: parigot.file.v1.File (s), parigot.log.v1.Log (s)
 * OUT: data, to read (s)
 * OUT: with module s
 * OUT: parigot-ld
 * OUT: demo.v1.T
 * OUT: memory     1 MiB
 * OUT: share 7, deadline 2 s, 3 restarts a minute
 * OUT: who = "world"
 * RUN: parigot-bundle inspect --json one.pbundle
 * OUT: "server.o"
 * NOT: nowhere
 *
 * With several it is named. The bundle is the one that parigot-bundle makes of the same modules.
 * RUN: echo 'world = 1; name = "pair"; modules = ( { name = "c"; file = "sub/client.wasm"; }, { name = "s"; file = "sub/server.wasm"; } );' > two.cfg
 * RUN: mkdir sub && parigot-ld client.o -o sub/client.wasm && SOURCE_DATE_EPOCH=1700000000 parigot-ld --world=two.cfg --world-module=s server.o --sign=k.key -o linked.pbundle && parigot-bundle verify -p k.pub linked.pbundle
 * OUT: good: pair, generation 1, signed by 1 trusted key
 * RUN: parigot-ld server.o -o sub/server.wasm && parigot-bundle create --world two.cfg -o made.pbundle && parigot-bundle extract linked.pbundle --all a && parigot-bundle extract made.pbundle --all b && cmp a/s.wasm b/s.wasm && cmp a/c.wasm b/c.wasm
 * RUN: parigot-bundle inspect --full linked.pbundle | sed "/^signed/d; s,; made by .*,," > a.txt; parigot-bundle inspect --full made.pbundle | sed "/^signed/d; s,; made by .*,," > b.txt; cmp a.txt b.txt
 * RUN: parigot-ld --world=two.cfg --world-module=c --rewrite=sub/client.wasm -o rewritten.pbundle && parigot-bundle inspect rewritten.pbundle
 * OUT: demo.v1.T
 * OUT: demo.v1.C
 * RUN: parigot-ld --world=two.cfg server.o -o bad.pbundle
 * EXIT: 2
 * ERR: --world: two.cfg has 2 modules: --world-module=NAME says which of them is linked here [U0101]
 * ERR: there is: c
 * ERR: there is: s
 * NOFILE: bad.pbundle
 * RUN: parigot-ld --world=two.cfg --world-module=x server.o -o bad.pbundle
 * EXIT: 2
 * ERR: --world-module: two.cfg has no module "x" [U0101]
 * ERR: there is: s
 * NOFILE: bad.pbundle
 *
 * The world file's policy is the module's.
 * RUN: echo 'world = 1; name = "pair"; modules = ( { name = "s"; file = "s.wasm"; policy = "own.cfg"; } );' > own-world.cfg && echo 'policy = 1; name = "own"; base = "strict";' > own.cfg
 * RUN: parigot-ld --world=own-world.cfg server.o -o own.pbundle && parigot-bundle inspect own.pbundle
 * OUT: policy     own
 * RUN: parigot-ld --world=own-world.cfg --policy=own.cfg server.o -o own.pbundle
 * RUN: parigot-ld --world=own-world.cfg --policy=audit server.o -o bad.pbundle
 * EXIT: 2
 * ERR: --policy=audit: the world file says "own" for module "s" (own-world.cfg:1) [U0101]
 * NOFILE: bad.pbundle
 * RUN: parigot-ld --world=own-world.cfg --policy=none server.o -o bad.pbundle
 * EXIT: 2
 * ERR: cannot be bundled
 * NOFILE: bad.pbundle
 * RUN: sed 's/own.cfg/none/' own-world.cfg > none.cfg && parigot-ld --world=none.cfg server.o -o bad.pbundle
 * EXIT: 2
 * ERR: none.cfg:1: a module linked with policy none cannot be bundled
 * NOFILE: bad.pbundle
 * RUN: parigot-ld --world=own-world.cfg --waive=P104:x:because server.o -o bad.pbundle
 * EXIT: 2
 * ERR: --waive and --world may not be used together
 * RUN: parigot-ld --world=own-world.cfg --bundle-name=x server.o -o bad.pbundle
 * EXIT: 2
 * ERR: --bundle-name and --world may not be used together
 * RUN: parigot-ld --world=own-world.cfg --reproduce=x.tar server.o -o bad.pbundle
 * EXIT: 2
 * ERR: --reproduce and --world may not be used together
 * RUN: parigot-ld --world-module=s server.o -o bad.pbundle
 * EXIT: 2
 * ERR: --world-module has a meaning only with --world
 *
 * What does not fit into the world is told at its line, and nothing is written.
 * RUN: rm sub/client.wasm; parigot-ld --world=two.cfg --world-module=s server.o -o bad.pbundle
 * EXIT: 2
 * ERR: sub/client.wasm: cannot open
 * NOFILE: bad.pbundle
 * RUN: echo 'world = 1; name = "pair"; modules = ( { name = "c"; file = "c.wasm"; } );' > gap.cfg && parigot-ld --world=gap.cfg client.o -o bad.pbundle
 * EXIT: 1
 * ERR: gap.cfg:1: module "c" requires demo.v1.T, which no module provides [B0403]
 * NOFILE: bad.pbundle
 * RUN: echo 'world = 1; name = "pair"; modules = ( { name = "c"; fil = "c.wasm"; } );' > bad.cfg && parigot-ld --world=bad.cfg client.o -o bad.pbundle
 * EXIT: 2
 * ERR: bad.cfg:1: unknown key "modules[].fil" [C0104]
 * NOFILE: bad.pbundle
 * RUN: parigot-ld --world=missing.cfg client.o -o bad.pbundle
 * EXIT: 2
 * ERR: missing.cfg: cannot open
 * RUN: ls
 * NOT: tmp-
 */
#include "entries.h"
#ifdef CLIENT
IMPORT("demo.v1.T", "F") int f(int, int, int);
ENTRY("demo.v1.C/Go") void go(int a, int b, int c, int d) { (void)a, f(b, c, d); }
#else
ENTRY("demo.v1.T/F") void f(int a, int b, int c, int d) { *(volatile int *)(long)a = b + c + d; }
#endif
