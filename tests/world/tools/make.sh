#!/bin/sh
# make.sh FILE.c [FLAG...]: builds main.wasm from FILE.c and, when it has a part for WORKER, worker.wasm; runs both as a
# world in node, with what follows -- as arguments of world.mjs.
set -eu
source=$1
shift
here=$(dirname "$0")
flags=
while [ $# -gt 0 ] && [ "$1" != -- ]; do
    flags="$flags $1"
    shift
done
[ $# -eq 0 ] || shift
protoc -I"$here/../../guest" --parigot_out=. work.proto
compile() { parigot-cc -Wall -Wextra -Werror -g -I. -I"$here" --policy="$here/open.cfg" -Wl,--export-memory $flags "$@"; }
compile "$source" work.parigot.c -o main.wasm
set -- "$here/../../interop/world.mjs" main=main.wasm "$@"
if grep -q WORKER "$source"; then
    compile -DWORKER "$source" work.parigot.c work.serve.parigot.c -o worker.wasm
    set -- "$@" worker=worker.wasm
fi
exec node "$@"
