// Symbols that somebody seems to define: a member that is an ELF object, an index that promises too much, a comdat group
// that gave way, a reference from data.
// NEED: clang-19
// NEED: llvm-ar-19
// RUN: for d in MAIN FIRST SECOND MEMBER; do clang-19 --target=wasm32 -D$d -c %s -o $d.o || exit; done; printf 'int native(void) { return 1; }' | clang-19 --target=x86_64-linux-gnu -x c -c - -o native.o && llvm-ar-19 rc libnative.a native.o && llvm-ar-19 rc liblate.a MEMBER.o
// RUN: python3 -c 'd = open("liblate.a", "rb").read(); i = d.rindex(b"promised"); open("liblate.a", "wb").write(d[:i] + b"Promised" + d[i + 8:])'
// RUN: parigot-ld --policy=none --no-entry FIRST.o SECOND.o MAIN.o libnative.a liblate.a -o a.wasm
// EXIT: 1
// ERR: undefined symbol: native [L0103]
// ERR: >>> referenced by MAIN.o: function f
// ERR: >>> libnative.a(native.o) has that name, but is an ELF object, not WebAssembly
// ERR: undefined symbol: in_group [L0103]
// ERR: >>> the copy of its comdat group that was taken does not define it, as this one would: SECOND.o
// ERR: undefined symbol: promised [L0103]
// ERR: >>> referenced by MAIN.o: data pointers
// ERR: >>> the archive's index says that liblate.a(MEMBER.o) defines it, and it does not
#ifdef MAIN
    .functype native () -> (i32)
    .functype in_group () -> (i32)
    .globl f
    .export_name f, f
f:
    .functype f () -> (i32)
    call native
    drop
    i32.const pointers
    drop
    call in_group
    end_function
    .section .rodata.pointers,"",@
pointers:
    .int32 7
    .int32 promised
    .size pointers, 8
#endif
#ifdef FIRST
    .section .text.other,"G",@,group,comdat
    .globl other
other:
    .functype other () -> (i32)
    i32.const 1
    end_function
#endif
#ifdef SECOND
    .section .text.in_group,"G",@,group,comdat
    .globl in_group
in_group:
    .functype in_group () -> (i32)
    i32.const 2
    end_function
#endif
#ifdef MEMBER
    .section .rodata.late,"",@
    .globl promised
promised:
    .int32 3
    .size promised, 4
#endif
