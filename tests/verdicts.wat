;; One module a rule and verdict; those who pose as something that they are not have several. verdicts.py runs them.

;; ---- P101: mutable globals ----

;; P101 proved: none
(module (global i32 (i32.const 1)))

;; P101 proved: each entry resets the stack pointer
(module (memory 1 1) (global $__stack_pointer (mut i32) (i32.const 65536))
 (func $f (global.set 0 (i32.sub (global.get 0) (i32.const 16))))
 (func (export "a") (global.set 0 (i32.const 65536)) (call $f))
 (func (export "b") (local i64 i32) (global.set 0 (i32.const 65536)) (call $f)))

;; P101 not provable: a stack pointer that entries take as they find it
;; SAYS: global 0 "__stack_pointer" is used like a stack pointer (2 writes, the first at 0x
;; SAYS: but entry "a" does not reset it: what one entry leaves in it the next one finds
(module (memory 1 1) (global $__stack_pointer (mut i32) (i32.const 65536))
 (func (export "a") (local i32)
  (global.set 0 (local.tee 0 (i32.sub (global.get 0) (i32.const 16))))
  (global.set 0 (i32.add (local.get 0) (i32.const 16)))))

;; P101 not provable: steps of four bytes, as AssemblyScript makes them
(module (memory 1 1) (global $~lib/memory/__stack_pointer (mut i32) (i32.const 32768))
 (func (export "a")
  (global.set 0 (i32.sub (global.get 0) (i32.const 4)))
  (global.set 0 (i32.add (global.get 0) (i32.const 4)))))

;; P101 not provable: restored on one path only
(module (memory 1 1) (global $sp (mut i32) (i32.const 65536))
 (func (export "a") (param i32)
  (global.set 0 (i32.sub (global.get 0) (i32.const 16)))
  (if (local.get 0) (then (global.set 0 (i32.add (global.get 0) (i32.const 16)))))))

;; P101 not provable: restored to what a parameter says
(module (memory 1 1) (global $sp (mut i32) (i32.const 65536))
 (func $f (global.set 0 (i32.sub (global.get 0) (i32.const 16))) (global.set 0 (i32.add (global.get 0) (i32.const 16))))
 (func (export "stackRestore") (param i32) (global.set 0 (local.get 0))))

;; P101 not provable: a function that resets, reached also through a function that does not
(module (memory 1 1) (global $sp (mut i32) (i32.const 65536))
 (func $f (export "a") (global.set 0 (i32.const 65536))
  (global.set 0 (i32.sub (global.get 0) (i32.const 16))) (global.set 0 (i32.add (global.get 0) (i32.const 16))))
 (func (export "b") (call $f)))

;; P101 not provable: a reference to a function that does not reset it leaves through an exported global
;; SAYS: "g" lets references to functions out, and function 1 "count" does not reset it
(module (memory 1 1) (global $sp (mut i32) (i32.const 65536))
 (global (export "g") funcref (ref.func $count))
 (func (export "a") (global.set 0 (i32.const 65536)))
 (func $count (global.set 0 (i32.sub (global.get 0) (i32.const 16))) (global.set 0 (i32.add (global.get 0) (i32.const 16)))))

;; P101 violated: ... and counts there
(module (memory 1 1) (global $sp (mut i32) (i32.const 65536))
 (global (export "g") funcref (ref.func $count))
 (func (export "a") (global.set 0 (i32.const 65536)))
 (func $count (global.set 0 (i32.sub (global.get 0) (i32.const 16)))))

;; P101 violated: ... leaves through an exported table
(module (memory 1 1) (global $sp (mut i32) (i32.const 65536))
 (table (export "t") 1 funcref) (elem (i32.const 0) $count)
 (func (export "a") (global.set 0 (i32.const 65536)))
 (func $count (global.set 0 (i32.sub (global.get 0) (i32.const 16)))))

;; P101 violated: ... leaves as an argument of an import
(module (import "a.v1.B" "C" (func $out (param funcref))) (memory 1 1) (global $sp (mut i32) (i32.const 65536))
 (elem declare func $count)
 (func (export "a") (global.set 0 (i32.const 65536)) (call $out (ref.func $count)))
 (func $count (global.set 0 (i32.sub (global.get 0) (i32.const 16)))))

;; P101 violated: ... leaves as a result
(module (memory 1 1) (global $sp (mut i32) (i32.const 65536))
 (elem declare func $count)
 (func (export "a") (result funcref) (global.set 0 (i32.const 65536)) (ref.func $count))
 (func $count (global.set 0 (i32.sub (global.get 0) (i32.const 16)))))

;; P101 proved: a reference to what was imported leaves
(module (import "a.v1.B" "C" (func $f (param i32 i32 i32) (result i32))) (memory 1 1) (global $sp (mut i32) (i32.const 65536))
 (global (export "g") funcref (ref.func $f))
 (func (export "a") (global.set 0 (i32.const 65536))))

;; P101 proved: references that stay inside
(module (memory 1 1) (table 1 funcref) (elem (i32.const 0) $count) (global $sp (mut i32) (i32.const 65536))
 (func (export "a") (global.set 0 (i32.const 65536)) (call_indirect (i32.const 0)))
 (func $count (global.set 0 (i32.sub (global.get 0) (i32.const 16)))))

;; P101 violated: a counter
;; SAYS: mutable global 0 "served" (i32), 1 write, the first at 0x
;; SAYS: in function 0 "next"
(module (global $served (mut i32) (i32.const 0))
 (func $next (export "next") (global.set $served (i32.add (global.get $served) (i32.const 1)))))

;; P101 violated: a counter known by its export alone
;; SAYS: mutable global 0 "served" (i64), 2 writes
(module (global (mut i64) (i64.const 0)) (export "served" (global 0))
 (func (global.set 0 (i64.const 1)) (global.set 0 (i64.const 2))))

;; P101 violated: a counter that poses as a stack pointer: never restored
;; SAYS: leaves it 16 below where it was
(module (memory 1 1) (global $__stack_pointer (mut i32) (i32.const 65536))
 (func (export "a") (global.set 0 (i32.sub (global.get 0) (i32.const 16)))))

;; P101 violated: ... restored before one return and not before the other
;; SAYS: in function 0 "f"; function 0 "f" leaves it 16 below where it was
(module (memory 1 1) (global $__stack_pointer (mut i32) (i32.const 65536))
 (func $f (export "a") (param i32)
  (if (local.get 0) (then (global.set 0 (i32.sub (global.get 0) (i32.const 16))) (return)))))

;; P101 violated: ... restored by too little
;; SAYS: leaves it 16 below where it was
(module (memory 1 1) (global $__stack_pointer (mut i32) (i32.const 65536))
 (func (export "a") (global.set 0 (i32.sub (global.get 0) (i32.const 32))) (global.set 0 (i32.add (global.get 0) (i32.const 16)))))

;; P101 violated: ... by another function than the one that is exported
(module (memory 1 1) (global $__stack_pointer (mut i32) (i32.const 65536))
 (func $f (global.set 0 (i32.sub (global.get 0) (i32.const 16))))
 (func (export "a") (call $f)))

;; P101 violated: ... counts up
(module (memory 1 1) (global $__stack_pointer (mut i32) (i32.const 65536))
 (func (export "a") (global.set 0 (i32.add (global.get 0) (i32.const 16)))))

;; P101 violated: ... steps by one
(module (memory 1 1) (global $__stack_pointer (mut i32) (i32.const 65536))
 (func (export "a") (global.set 0 (i32.sub (global.get 0) (i32.const 1))) (global.set 0 (i32.add (global.get 0) (i32.const 1)))))

;; P101 violated: ... is set to whatever an entry is given, and read by another
(module (memory 1 1) (global $__stack_pointer (mut i32) (i32.const 65536))
 (func (export "set") (param i32) (global.set 0 (local.get 0)))
 (func (export "get") (result i32) (global.get 0)))

;; P101 violated: ... starts at zero
(module (memory 1 1) (global $__stack_pointer (mut i32) (i32.const 0))
 (func (export "a") (global.set 0 (i32.sub (global.get 0) (i32.const 16))) (global.set 0 (i32.add (global.get 0) (i32.const 16)))))

;; P101 violated: a second global beside the stack pointer
;; SAYS: mutable global 1 "n" (i32)
(module (memory 1 1) (global $__stack_pointer (mut i32) (i32.const 65536)) (global $n (mut i32) (i32.const 65536))
 (func (export "a") (global.set 0 (i32.const 65536)) (global.set $n (i32.sub (global.get $n) (i32.const 16)))))

;; P101 violated: the entry sets another value than the initial one
(module (memory 1 1) (global (mut i32) (i32.const 65536))
 (func (export "a") (global.set 0 (i32.const 65520))))

;; P101 not provable: the entry resets it, but not first
(module (memory 1 1) (global (mut i32) (i32.const 65536))
 (func (export "a") (block (global.set 0 (i32.const 65536)) (global.set 0 (i32.sub (global.get 0) (i32.const 16))))))

;; P101 violated: an initial value that the host chooses
(module (import "a.v1.B" "C" (global $init i32)) (memory 1 1) (global (mut i32) (global.get $init))
 (func (export "a") (global.set 1 (i32.const 65536))))

;; P101 not provable: an exported stack pointer
;; SAYS: is used like a stack pointer (3 writes
;; SAYS: but it is exported: the host can set it
(module (memory 1 1) (global $sp (export "__stack_pointer") (mut i32) (i32.const 65536))
 (func (export "a") (global.set 0 (i32.const 65536))
  (global.set 0 (i32.sub (global.get 0) (i32.const 16))) (global.set 0 (i32.add (global.get 0) (i32.const 16)))))

;; P101 waived: by symbol
;; POLICY: waivers = ( { name = "n"; rule = "P101"; symbol = "served"; reason = "a test"; } );
(module (global $served (mut i32) (i32.const 0))
 (func $next (export "next") (global.set $served (i32.add (global.get $served) (i32.const 1)))))

;; ---- P102, P103 ----

;; P102 proved: an immutable one
(module (import "env" "g" (global i32)))
;; P102 violated: a mutable one
;; SAYS: imports the mutable global "env" "g" (i32), which no code writes
(module (import "env" "g" (global (mut i32))))
;; P102 violated: one that is written
;; SAYS: imports the mutable global "env" "g" (i64), 2 writes, the first at 0x
(module (import "env" "g" (global (mut i64))) (func (global.set 0 (i64.const 1)) (global.set 0 (i64.const 2))))
;; P103 proved: an immutable one
(module (global (export "g") i32 (i32.const 1)))
;; P103 violated: a mutable one
;; SAYS: exports the mutable global 0 as "g" (i32), 1 write, the first at 0x
;; SAYS: in function 0 "f"
(module (global (export "g") (mut i32) (i32.const 1)) (func $f (global.set 0 (i32.const 2))))

;; ---- P104: writable static data ----

;; P104 proved: no memory
(module)
;; P104 proved: nothing that writes
(module (memory 1 1) (data (i32.const 0) "x") (func (param i32) (result i32) (i32.load (local.get 0))))
;; P104 not provable: computed addresses
;; SAYS: no layout is recorded
(module (memory 1 1) (func (param i32) (i32.store (local.get 0) (i32.const 1))))
;; P104 violated: a fixed address
(module (memory 1 1) (func $f (i32.store (i32.const 1024) (i32.const 1))))
;; P104 violated: a data segment that its linker calls .data
;; SAYS: data segment 1 is called ".data": 3 bytes of writable static data
(module (memory 1 1) (data $.rodata (i32.const 0) "x") (data $.data (i32.const 1024) "abc")
 (func (param i32) (i32.store (local.get 0) (i32.const 1))))
;; P104 violated: .bss, passive
;; SAYS: data segment 0 is called ".bss.served"
(module (memory 1 1) (data $.bss.served "\00") (func (param i32) (i32.store (local.get 0) (i32.const 1))))
;; P104 not provable: names of constant data
(module (memory 1 1) (data $.rodata (i32.const 0) "x") (data $.data.rel.ro (i32.const 16) "y") (data $.database (i32.const 32) "z")
 (func (param i32) (i32.store (local.get 0) (i32.const 1))))
;; P104 violated: a fixed address in a segment of its own
;; SAYS: writes 4 bytes at the fixed address 0x404, "served"
(module (memory 1 1) (data $.rodata (i32.const 0) "x") (data $.data.served (i32.const 1024) "12345678")
 (func (i32.store offset=4 (i32.const 1024) (i32.const 1))))
;; P104 violated: a fixed address in a segment of many
;; SAYS: writes 1 byte at the fixed address 0x401, in segment ".rodata"
(module (memory 1 1) (data $.rodata (i32.const 1024) "xyz") (func (i32.store8 (i32.const 1025) (i32.const 1))))
;; P104 violated: through a local, i32.add and the offset
;; SAYS: writes 2 bytes at the fixed address 0x40c
(module (memory 1 1) (func (local i32) (local.set 0 (i32.const 1000))
 (i32.store16 offset=4 (i32.add (local.get 0) (i32.const 32)) (i32.const 1))))
;; P104 violated: through i64, wrapped
;; SAYS: writes 4 bytes at the fixed address 0x10
(module (memory 1 1) (func (i32.store (i32.wrap_i64 (i64.add (i64.const 0x100000000) (i64.const 16))) (i32.const 1))))
;; P104 violated: memory.fill
;; SAYS: writes 8 bytes at the fixed address 0x40
(module (memory 1 1) (func (memory.fill (i32.const 64) (i32.const 0) (i32.const 8))))
;; P104 violated: memory.copy, of a length that is not known
;; SAYS: writes at the fixed address 0x40
(module (memory 1 1) (func (param i32) (memory.copy (i32.const 64) (i32.const 0) (local.get 0))))
;; P104 violated: memory.init
;; SAYS: writes 1 byte at the fixed address 0x40
(module (memory 1 1) (data "x") (func (memory.init 0 (i32.const 64) (i32.const 0) (i32.const 1))))
;; P104 violated: a vector
;; SAYS: writes 16 bytes at the fixed address 0x40
(module (memory 1 1) (func (v128.store (i32.const 64) (v128.const i64x2 0 0))))
;; P104 violated: a lane of a vector
;; SAYS: writes 4 bytes at the fixed address 0x44
(module (memory 1 1) (func (v128.store32_lane offset=4 1 (i32.const 64) (v128.const i64x2 0 0))))
;; P104 violated: an immutable global as the address
;; SAYS: writes 4 bytes at the fixed address 0x1002
(module (memory 1 1) (global $base i32 (i32.const 4096)) (func (i64.store32 offset=2 (global.get $base) (i64.const 0))))
;; P104 violated: the gap of wasm-ld's layout
;; SAYS: 4100 bytes between data and stack, 0x40c to 0x1410: zero-initialised data (.bss), if the stack has 64 KiB
(module (memory 3 3) (global $__stack_pointer (mut i32) (i32.const 70672))
 (data (i32.const 1024) "hello, world")
 (func (export "f") (param i32) (local i32)
  (global.set 0 (local.tee 1 (i32.sub (global.get 0) (i32.const 16))))
  (i32.store (local.get 1) (local.get 0))
  (global.set 0 (i32.add (local.get 1) (i32.const 16)))))
;; P104 not provable: an address that differs by path
(module (memory 1 1) (func (param i32) (local i32)
 (local.set 1 (i32.const 8)) (if (local.get 0) (then (local.set 1 (local.get 0)))) (i32.store (local.get 1) (i32.const 1))))
;; P104 waived: by symbol, which a segment's name tells
;; POLICY: waivers = ( { name = "n"; rule = "P104"; symbol = "served"; reason = "a test"; },
;; POLICY: { name = "s"; rule = "P104"; symbol = ".data.served"; reason = "a test"; },
;; POLICY: { name = "m"; rule = "P104"; finding = "P104@"; reason = "no layout is recorded, and f is all that writes"; } );
(module (memory 1 1) (data $.data.served (i32.const 1024) "12345678") (func (i32.store (i32.const 1024) (i32.const 1))))
;; P104 waived: by finding
;; POLICY: waivers = ( { name = "n"; rule = "P104"; finding = "P104@f"; reason = "a test"; },
;; POLICY: { name = "m"; rule = "P104"; finding = "P104@"; reason = "no layout is recorded, and f is all that writes"; } );
(module (memory 1 1) (func $f (i32.store (i32.const 1024) (i32.const 1))))

;; ---- P105, P106 ----

;; P105 proved: a table that nothing changes
(module (table 1 funcref) (elem (i32.const 0) $f) (func $f (call_indirect (i32.const 0))))
;; P105 violated: table.set
(module (table 1 funcref) (func (table.set 0 (i32.const 0) (ref.null func))))
;; P105 violated: table.grow
(module (table 1 funcref) (func (drop (table.grow 0 (ref.null func) (i32.const 1)))))
;; P105 violated: table.fill
(module (table 1 funcref) (func (table.fill 0 (i32.const 0) (ref.null func) (i32.const 1))))
;; P105 violated: table.copy
(module (table 1 funcref) (func (table.copy (i32.const 0) (i32.const 0) (i32.const 1))))
;; P105 violated: table.init
(module (table 1 funcref) (elem func $f) (func $f (table.init 0 (i32.const 0) (i32.const 0) (i32.const 1))))
;; P105 violated: exported
;; SAYS: exports the table 0 as "t"
(module (table (export "t") 1 funcref))
;; P105 waived: by symbol
;; POLICY: waivers = ( { name = "n"; rule = "P105"; symbol = "t"; reason = "a test"; } );
(module (table (export "t") 1 funcref))
;; P106 proved: none
(module (func))
;; P106 violated: a start section
(module (start 0) (func $main))
;; P106 violated: __wasm_call_ctors
(module (func (export "__wasm_call_ctors")))
;; P106 violated: _initialize
(module (func (export "_initialize")))
;; P106 violated: __post_instantiate
(module (func (export "__post_instantiate")))
;; P106 violated: __wasm_apply_data_relocs
(module (func (export "__wasm_apply_data_relocs")))
;; P106 violated: __wasm_init_memory
(module (func (export "__wasm_init_memory")))
;; P106 waived: by finding
;; POLICY: waivers = ( { name = "n"; rule = "P106"; finding = "P106@main"; reason = "a test"; } );
(module (start 0) (func $main))

;; ---- P2: threads ----

;; P201 proved: memory of one
(module (memory 1 1))
;; P201 violated: shared
(module (memory 1 1 shared))
;; P201 violated: imported and shared
(module (import "env" "memory" (memory 1 1 shared)))
;; P202 proved: none
(module (func))
;; P202 violated: one
(module (memory 1 1) (func (drop (i32.atomic.load (i32.const 0)))))
;; P203 proved: none
(module (func (export "a")))
;; P203 violated: by an export
(module (func (export "__wasm_init_tls")))
;; P203 violated: by a name
(module (global $__tls_base (mut i32) (i32.const 0)))
;; P203 violated: by the name of a data segment
;; SAYS: data segment 0 is called ".tdata"
(module (memory 1 1) (data $.tdata "x"))
;; P204 proved: other imports
(module (import "wasi_snapshot_preview1" "fd_write" (func)))
;; P204 violated: wasi-threads
(module (import "wasi" "thread-spawn" (func (param i32) (result i32))))
;; P204 violated: wasi-threads, as libc calls it
(module (import "env" "__wasi_thread_spawn" (func (param i32) (result i32))))
;; P204 violated: pthreads
(module (import "env" "pthread_create" (func)))
;; P204 violated: C11 threads
(module (import "env" "thrd_create" (func)))
;; P204 violated: Emscripten's pthreads
(module (import "env" "__pthread_create_js" (func)))
;; P204 violated: Emscripten's threads
(module (import "env" "_emscripten_thread_set_strongref" (func)))
;; P204 violated: Emscripten's workers
(module (import "env" "emscripten_create_worker" (func)))
;; P204 violated: where threads start
(module (func (export "wasi_thread_start") (param i32 i32)))
;; P205 proved: other features
;; CUSTOM: target_features 01 2b 08 7369676e2d657874
(module)
;; P205 violated: atomics
;; SAYS: target_features: +atomics
;; CUSTOM: target_features 01 2b 07 61746f6d696373
(module)
;; P205 violated: shared memory
;; CUSTOM: target_features 01 2b 0a 7368617265642d6d656d
(module)
;; P206 proved: none
(module (func (export "a")))
;; P206 violated: asyncify, exported
(module (func (export "asyncify_start_unwind") (param i32)))
;; P206 violated: asyncify, imported
(module (import "asyncify" "start_unwind" (func (param i32))))
;; P206 violated: Emscripten's fibers
(module (import "env" "emscripten_fiber_swap" (func)))
;; P206 violated: Go
(module (import "gojs" "runtime.scheduleTimeoutEvent" (func)))
;; P206 violated: TinyGo
(module (func (export "go_scheduler")))

;; ---- P3: imports ----

;; P301 proved: a method of a service
(module (import "greeting.v1.Greeter" "Hello" (func (param i32 i32 i32) (result i32))))
;; P301 violated: no service
(module (import "env" "print" (func)))
;; P302 proved: named
(module (import "env" "print" (func)))
;; P302 violated: no name
(module (import "env" "" (func)))
;; P303 proved: on the list
;; POLICY: imports = { allow = [ "greeting.v1.*/*" ]; };
(module (import "greeting.v1.Greeter" "Hello" (func (param i32 i32 i32) (result i32))))
;; P303 violated: not on the list
;; POLICY: imports = { allow = [ "greeting.v1.*/*" ]; };
(module (import "greeting.v2.Greeter" "Hello" (func (param i32 i32 i32) (result i32))))
;; P303 violated: on the other list too
;; POLICY: imports = { allow = [ "*/*" ]; deny = [ "greeting.*/H*" ]; };
(module (import "greeting.v1.Greeter" "Hello" (func (param i32 i32 i32) (result i32))))
;; P304 proved: a function
(module (import "env" "f" (func)))
;; P304 violated: a memory
(module (import "env" "memory" (memory 1 1)))
;; P304 violated: a table
(module (import "env" "t" (table 1 funcref)))
;; P304 violated: a global
(module (import "env" "g" (global i32)))
;; P305 proved: the kernel's method
(module (import "parigot.kernel.v1.Kernel" "Cancel" (func (param i32) (result i32))))
;; P305 violated: another type
;; SAYS: is (i64) -> i32, the method is (i32) -> i32
(module (import "parigot.kernel.v1.Kernel" "Cancel" (func (param i64) (result i32))))

;; ---- P4, P5 ----

;; P401 proved: bounded
(module (memory 1 1))
;; P401 violated: not bounded
(module (memory 1))
;; P402 proved: not exported
(module (memory 1 1))
;; P402 proved: exported, and the policy says so
;; POLICY: exports = { memory = true; };
(module (memory (export "memory") 1 1))
;; P402 violated: exported
(module (memory (export "memory") 1 1))
;; P403 proved: a checked store, one in a checked frame, one of no bytes
;; FIRST: parigot.module 01 01 13 02 0c 80 20 80 20 80 40 80 40 80 60 80 60 80 60 80 60 00 02 02 01 00
(module (memory 1 1) (global $sp (mut i32) (i32.const 8192))
  (func (param i32)
    (if (i32.lt_u (local.get 0) (i32.const 12284))
      (then (if (i32.gt_u (i32.sub (local.get 0) (i32.const 4092)) (i32.const 4092)) (then (unreachable)))))
    (i32.store offset=4 (local.get 0) (i32.const 1)))
  (func (local i32)
    (if (i32.lt_u (global.get $sp) (i32.const 4112)) (then (unreachable)))
    (global.set $sp (local.tee 0 (i32.sub (global.get $sp) (i32.const 16))))
    (i64.store offset=8 (local.get 0) (i64.const 1))
    (memory.fill (i32.const 0) (i32.const 0) (i32.const 0))
    (global.set $sp (i32.add (local.get 0) (i32.const 16)))))
;; P403 violated: a store that is not checked
;; FIRST: parigot.module 01 01 13 02 0c 80 20 80 20 80 40 80 40 80 60 80 60 80 60 80 60 00 02 02 01 00
;; SAYS: i32.store of 4 bytes at local 0, offset 8, is not shown to stay
(module (memory 1 1) (global $sp (mut i32) (i32.const 8192))
  (func (param i32) (i32.store offset=8 (local.get 0) (i32.const 1))))
;; P403 violated: a check of another local
;; FIRST: parigot.module 01 01 13 02 0c 80 20 80 20 80 40 80 40 80 60 80 60 80 60 80 60 00 02 02 01 00
;; SAYS: at local 1
(module (memory 1 1) (global $sp (mut i32) (i32.const 8192))
  (func (param i32 i32)
    (if (i32.lt_u (local.get 0) (i32.const 12288)) (then (unreachable)))
    (i32.store (local.get 1) (i32.const 1))))
;; P403 violated: a check that a branch goes around
;; FIRST: parigot.module 01 01 13 02 0c 80 20 80 20 80 40 80 40 80 60 80 60 80 60 80 60 00 02 02 01 00
(module (memory 1 1) (global $sp (mut i32) (i32.const 8192))
  (func (param i32)
    (block (br_if 0 (local.get 0)) (if (i32.lt_u (local.get 0) (i32.const 12288)) (then (unreachable))))
    (i32.store (local.get 0) (i32.const 1))))
;; P403 violated: the local is another one when the loop comes around
;; FIRST: parigot.module 01 01 13 02 0c 80 20 80 20 80 40 80 40 80 60 80 60 80 60 80 60 00 02 02 01 00
(module (memory 1 1) (global $sp (mut i32) (i32.const 8192))
  (func (param i32)
    (if (i32.lt_u (local.get 0) (i32.const 12288)) (then (unreachable)))
    (loop (i32.store (local.get 0) (i32.const 1)) (local.set 0 (i32.load (local.get 0))) (br_if 0 (local.get 0)))))
;; P403 violated: a bulk write whose length is not checked
;; FIRST: parigot.module 01 01 13 02 0c 80 20 80 20 80 40 80 40 80 60 80 60 80 60 80 60 00 02 02 01 00
;; SAYS: memory.fill to local 0
(module (memory 1 1) (global $sp (mut i32) (i32.const 8192))
  (func (param i32 i32)
    (if (i32.lt_u (local.get 0) (i32.const 4096)) (then (unreachable)))
    (memory.fill (local.get 0) (i32.const 0) (local.get 1))))
;; P403 violated: the stack pointer is set to anything
;; FIRST: parigot.module 01 01 13 02 0c 80 20 80 20 80 40 80 40 80 60 80 60 80 60 80 60 00 02 02 01 00
;; SAYS: the stack pointer is set to local 0, which is not shown to be within the stack, 0x1000 to 0x2000
(module (memory 1 1) (global $sp (mut i32) (i32.const 8192)) (func (param i32) (global.set $sp (local.get 0))))
;; P403 not provable: the layout is broken
;; FIRST: parigot.module 01 01 13 02 0c 80 20 80 60 80 40 80 40 80 60 80 60 80 60 80 60 00 02 02 01 00
(module (memory 1 1) (global $sp (mut i32) (i32.const 8192)))
;; P403 not provable: the host can set the stack pointer
;; FIRST: parigot.module 01 01 13 02 0c 80 20 80 20 80 40 80 40 80 60 80 60 80 60 80 60 00 02 02 01 00
;; SAYS: the stack pointer is exported
(module (memory 1 1) (global $sp (export "sp") (mut i32) (i32.const 8192)))
;; P404 proved: the record says so
;; POLICY: rules = ( { code = "P404"; violated = "error"; } );
;; FIRST: parigot.module 01 01 13 02 0c 80 20 80 20 80 40 80 40 80 60 80 60 80 60 80 60 00 02 02 01 00
(module (memory 1 1) (global $sp (mut i32) (i32.const 8192)))
;; P404 proved: there is no memory
;; POLICY: rules = ( { code = "P404"; violated = "error"; } );
(module)
;; P404 violated: the engine's seal
;; POLICY: rules = ( { code = "P404"; violated = "error"; } );
;; FIRST: parigot.module 01 01 13 01 0c 80 20 80 20 80 40 80 40 80 60 80 60 80 60 80 60 00 02 02 01 00
;; SAYS: leaves its seal to the engine
(module (memory 1 1) (global $sp (mut i32) (i32.const 8192)))
;; P404 violated: no layout
;; POLICY: rules = ( { code = "P404"; violated = "error"; } );
;; SAYS: no layout is recorded
(module (memory 1 1))
;; P501 proved: an entry
(module (func (export "parigot_event") (param i32 i32 i32)))
;; P501 proved: allowed
;; POLICY: exports = { allow = [ "run*" ]; };
(module (func (export "run_all")))
;; P501 violated: no entry
(module (func (export "run")))
;; P501 violated: a service of the host's
(module (func (export "parigot.log.v1.Log/Write") (param i32 i32 i32 i32)))
;; P502 proved: the ABI's type
(module (func (export "a.v1.B/C") (param i32 i32 i32 i32)))
;; P502 violated: another type
(module (func (export "a.v1.B/C") (param i32)))
;; P502 violated: an import handed on
(module (import "a.v1.B" "C" (func (param i32) (result i32))) (export "parigot_alloc" (func 0)))
;; P503 proved: all there
(module (func (export "parigot_alloc") (param i32) (result i32) (i32.const 0))
 (func (export "parigot_init") (param i32 i32) (result i32) (i32.const 0)))
;; P503 violated: no parigot_alloc
(module (func (export "a.v1.B/C") (param i32 i32 i32 i32)))
;; P504 proved: no method is exported
;; ARGS: --abi=/dev/null
(module)
;; P504 violated: not described
;; ARGS: --abi=/dev/null
(module (func (export "a.v1.B/C") (param i32 i32 i32 i32)))

;; ---- P6 ----

;; P601 proved: on the list
(module (func (result i32) (i32.extend8_s (i32.const 0))))
;; P601 violated: not on the list
(module (func (param v128)))
;; P601 waived: by finding
;; POLICY: waivers = ( { name = "n"; rule = "P601"; finding = "P601@"; reason = "a test"; } );
(module (type (func (param v128))))
;; P602 proved: small
(module)
;; P602 violated: large
;; POLICY: limits = { module = "7 B"; };
(module)
;; P602 waived: by finding
;; POLICY: limits = { body = "3 B"; };
;; POLICY: waivers = ( { name = "n"; rule = "P602"; finding = "P602@big"; reason = "a test"; } );
(module (func $big (nop) (nop) (nop)))
;; P603 proved: few
(module)
;; P603 violated: many
;; POLICY: limits = { types = 1; };
(module (type (func)) (type (func (param i32))))
;; P603 waived: by finding
;; POLICY: limits = { types = 1; };
;; POLICY: waivers = ( { name = "n"; rule = "P603"; finding = "P603@"; reason = "a test"; } );
(module (type (func)) (type (func (param i32))))
;; P604 proved: flat
(module (func))
;; P604 violated: nested
;; POLICY: limits = { nesting = 1; };
(module (func $f (block (block))))
;; P604 waived: by finding
;; POLICY: limits = { nesting = 1; };
;; POLICY: waivers = ( { name = "n"; rule = "P604"; finding = "P604@f"; reason = "a test"; } );
(module (func $f (block (block))))
;; P606 proved: the form
;; ARGS: --features=wamr
(module (memory 1 1))
;; P606 violated: a start section
;; POLICY: features = [ "wamr" ];
(module (start 0) (func $main))
;; P606 waived: by finding
;; POLICY: features = [ "wamr" ];
;; POLICY: waivers = ( { name = "n"; rule = "P606"; finding = "P606@"; reason = "a test"; } );
(module (start 0) (func $main))
;; P701 proved: a meter
;; POLICY: rules = ( { code = "P701"; violated = "error"; } );
;; FIRST: parigot.module 01 02 02 00 01 03 02 01 01
(module (global $fuel (mut i64) (i64.const 0)) (export "parigot:fuel" (global $fuel))
  (func (global.get $fuel) (i64.const 2) (i64.sub) (global.set $fuel)
        (global.get $fuel) (i64.const 0) (i64.lt_s) (if (then (unreachable)))))
;; P701 violated: none
;; POLICY: rules = ( { code = "P701"; violated = "error"; } );
;; SAYS: no meter is recorded
(module)
;; P702 proved: what the entry costs
;; FIRST: parigot.module 01 02 02 00 01 03 02 01 01
(module (global $fuel (mut i64) (i64.const 0)) (export "parigot:fuel" (global $fuel))
  (func (global.get $fuel) (i64.const 2) (i64.sub) (global.set $fuel)
        (global.get $fuel) (i64.const 0) (i64.lt_s) (if (then (unreachable)))))
;; P702 violated: one too few
;; SAYS: entering the function: 1 more than was paid for
;; FIRST: parigot.module 01 02 02 00 01 03 02 01 01
(module (global $fuel (mut i64) (i64.const 0)) (export "parigot:fuel" (global $fuel))
  (func (global.get $fuel) (i64.const 1) (i64.sub) (global.set $fuel)
        (global.get $fuel) (i64.const 0) (i64.lt_s) (if (then (unreachable)))))
;; P703 proved: nobody else
;; FIRST: parigot.module 01 02 02 00 01 03 02 01 01
(module (global $fuel (mut i64) (i64.const 0)) (export "parigot:fuel" (global $fuel))
  (func (global.get $fuel) (i64.const 2) (i64.sub) (global.set $fuel)
        (global.get $fuel) (i64.const 0) (i64.lt_s) (if (then (unreachable)))))
;; P703 violated: the guest gives itself fuel
;; SAYS: writes the fuel
;; FIRST: parigot.module 01 02 02 00 01 03 02 01 01
(module (global $fuel (mut i64) (i64.const 0)) (export "parigot:fuel" (global $fuel))
  (func (global.get $fuel) (i64.const 9) (i64.sub) (global.set $fuel)
        (global.get $fuel) (i64.const 0) (i64.lt_s) (if (then (unreachable))) (global.set $fuel (i64.const 1000))))
