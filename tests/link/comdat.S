// Of comdat groups with one name the first counts, the others' members are dropped and references go to the first.
// NEED: clang-19
// NEED: wasm-ld-19
// RUN: clang-19 --target=wasm32 -c %s -o a.o && clang-19 --target=wasm32 -DSECOND -c %s -o b.o
// RUN: mkdir x y && wasm-ld-19 --no-entry a.o b.o -o x/m.wasm && parigot-ld --policy=none --no-entry a.o b.o -o y/m.wasm && cmp x/m.wasm y/m.wasm && wasm-objdump -d y/m.wasm
// OUT: <shared>
// OUT: i32.const 1
// NOT: i32.const 2
	.section .text.shared,"G",@,shared,comdat
	.weak shared
	.type shared,@function
shared:
	.functype shared () -> (i32)
#ifdef SECOND
	i32.const 2
#else
	i32.const 1
#endif
	end_function
#ifdef SECOND
	.section .text.g,"",@
	.globl g
	.type g,@function
g:
	.functype g () -> (i32)
	call shared
	end_function
	.export_name g, g
#else
	.section .text.f,"",@
	.globl f
	.type f,@function
f:
	.functype f () -> (i32)
	call shared
	end_function
	.export_name f, f
#endif
