// Relocations that have no value: an offset below zero, and a reference into a comdat group that gave way.
// NEED: clang-19
// RUN: clang-19 --target=wasm32 -c %s -o a.o && clang-19 --target=wasm32 -DSECOND -c %s -o b.o && clang-19 --target=wasm32 -DRANGE -c %s -o c.o
// RUN: parigot-ld --policy=none --no-entry a.o b.o -o a.wasm
// EXIT: 1
// ERR: b.o: relocation R_WASM_FUNCTION_INDEX_LEB against inner refers to something that was discarded with its comdat group [L0132]
// NOFILE: a.wasm
// RUN: parigot-ld --policy=none --no-entry c.o -o a.wasm
// EXIT: 1
// ERR: c.o: relocation R_WASM_MEMORY_ADDR_LEB against data is out of range [L0131]
// NOFILE: a.wasm
#ifdef RANGE
	.section .data.data,"",@
	.globl data
data:
	.int32 1
	.size data, 4
	.section .text.f,"",@
	.globl f
	.type f,@function
f:
	.functype f () -> (i32)
	i32.const 0
	i32.load data-5000
	end_function
	.export_name f, f
#else
	.section .text.inner,"G",@,shared,comdat
	.type inner,@function
inner:
	.functype inner () -> (i32)
	i32.const 1
	end_function
#ifdef SECOND
	.section .text.g,"",@
	.globl g
	.type g,@function
g:
	.functype g () -> (i32)
	call inner
	end_function
	.export_name g, g
#endif
#endif
