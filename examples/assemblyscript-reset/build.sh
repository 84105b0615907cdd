#!/bin/sh
# build.sh OUT: make the module and the files of this folder in OUT. asc of AssemblyScript 0.27 is looked for in OUT/node_modules,
# and comes from npm when it is not there; wasm-ctor-eval of Debian's package binaryen. parigot's tools are on the PATH.
set -eu
source=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1" && cd "$1"
[ -x node_modules/.bin/asc ] || npm install --silent --no-save --no-audit --no-fund --ignore-scripts --prefix . assemblyscript@0.27.37
cp "$source"/*.ts "$source"/*.cfg "$source"/../assemblyscript/messages.ts "$source"/../assemblyscript/parigot.mjs .
node_modules/.bin/asc greeter.ts --transform ./parigot.mjs -O --debug --runtime incremental --use abort= --noExportMemory --maximumMemory 256 --exportStart begin -o greeter.asc.wasm
wasm-ctor-eval -g greeter.asc.wasm -c begin -o greeter.plain.wasm --enable-mutable-globals --enable-bulk-memory --enable-sign-ext \
    --enable-nontrapping-float-to-int
parigot-ld --policy=reset --meter --rewrite greeter.plain.wasm -o greeter.wasm
