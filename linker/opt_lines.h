/* opt_lines.h: source lines on their way through Binaryen, as a source map: what its DWARF support loses is kept so.
 * docs/optimization.md "Debug information" */
#ifndef PARIGOT_LINKER_OPT_LINES_H
#define PARIGOT_LINKER_OPT_LINES_H

#include "wasm/wasm.h"

/* lines_to_map: a source map in which each instruction has a line of its own: its place in the code. requires: m is valid */
void lines_to_map(const WasmModule *m, Writer *json);
/* lines_from_map: the lines of a module, from the map that came out and the lines of the module that the first map was for. The
 * map is anybody's: what makes no sense in it is left out.
 * in:     before, lines  the first module, and its lines; after  the second: both valid
 * out:    *out  the files are those of `lines`; the arrays in the arena (with on_oom) */
void lines_from_map(Str json, const WasmModule *before, const DwarfLines *lines, const WasmModule *after, Arena *,
                    DwarfLines *out);

#endif
