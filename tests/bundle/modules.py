#!/usr/bin/env python3
"""modules.py NAME...: write NAME.wasm for each, small modules that the cases of this folder make worlds of.

A module here is only its border: services provided, services required. The table says who does what.
"""
import subprocess
import sys

LOG = 'parigot.log.v1.Log'

#        provides    requires             pages of memory, extra text
MODULES = {
    'server':  (['a.v1.A'], [], (1, 2), ''),
    'server2': (['a.v1.A'], [], (1, 2), ''),
    'client':  ([], ['a.v1.A', LOG], (1, 1), ''),
    'quiet':   ([], ['a.v1.A'], (1, 1), ''),
    'alone':   ([], [], (1, 1), ''),
    'logger':  ([], [LOG], (1, 1), ''),
    'front':   (['f.v1.F'], ['m.v1.M'], (1, 1), ''),
    'middle':  (['m.v1.M'], ['b.v1.B'], (1, 1), ''),
    'back':    (['b.v1.B'], ['f.v1.F'], (1, 1), ''),
    'big':     (['a.v1.A'], [], (3, 4), ''),
    'self':    (['s.v1.S'], ['s.v1.S'], (1, 1), ''),
    'net':     ([], ['parigot.net.v1.Net'], (1, 1), ''),
    'ping':    (['q.v1.Ping'], ['q.v1.Pong'], (1, 1), ''),
    'pong':    (['q.v1.Pong'], ['q.v1.Ping'], (1, 1), ''),
    'entry':   ([], ['q.v1.Ping'], (1, 1), ''),
    'typo':    ([], ['parigot.nett.v1.Net'], (1, 1), ''),
    'counter': ([], [], (1, 1), '(global $n (mut i32) (i32.const 0)) (func $up (global.set $n (i32.const 1)))'),
    'host':    ([LOG], [], (1, 1), ''),
    'env':     ([], [], (1, 1), ''),
}


def text(name):
    provides, requires, (low, high), extra = MODULES[name]
    lines = ['(module']
    if name == 'env':
        lines.append('(import "env" "print" (func (param i32)))')
    lines += [f'(import "{s}" "Do" (func (param i32 i32 i32) (result i32)))' for s in requires]
    lines.append('(import "parigot.kernel.v1.Kernel" "Reply" (func (param i32 i32 i32 i32) (result i32)))')
    lines.append(f'(memory {low} {high})')
    lines.append(extra)
    lines.append('(func (export "parigot_alloc") (param i32) (result i32) i32.const 0)')
    lines.append('(func (export "parigot_init") (param i32 i32) (result i32) i32.const 0)')
    if requires:
        lines.append('(func (export "parigot_result") (param i32 i32 i32 i32 i32 i32))')
    lines += [f'(func (export "{s}/Do") (param i32 i32 i32 i32))' for s in provides]
    return '\n'.join(lines + [')'])


def main():
    for name in sys.argv[1:]:
        with open(f'{name}.wat', 'w', encoding='utf-8') as f:
            f.write(text(name))
        subprocess.run(['wat2wasm', f'{name}.wat', '-o', f'{name}.wasm'], check=True)


if __name__ == '__main__':
    main()
