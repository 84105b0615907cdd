# RUN: clang-19 --target=wasm32 -c %s -o a.o
# RUN: parigot-ld --policy=none --no-entry --export-all --features=mutable-globals a.o -o x.wasm
# EXIT: 1
# ERR: [L0141]
# NOFILE: x.wasm
	.globl	f
	.type	f,@function
f:
	.functype	f () -> (i32)
	i32.const	1
	end_function
	.section	.custom_section.target_features,"",@
	.int8	1
	.int8	43
	.int8	8
	.ascii	"sign-ext"
