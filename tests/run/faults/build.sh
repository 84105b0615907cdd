#!/bin/sh
# build.sh SOURCE OUT PROTOC_GEN_PARIGOT PARIGOT_CC: the three modules of the world that the cases of tests/run put
# together, into the folder OUT.
set -eu
source=$1 out=$2 plugin=$3 cc=$4
gen=$out/gen v1=$out/gen/fault/v1
mkdir -p "$gen"
protoc --plugin=protoc-gen-parigot="$plugin" --proto_path="$source" --parigot_out="$gen" \
    fault/v1/faulty.proto fault/v1/steady.proto
"$cc" -g -O1 "-I$gen" "$source/faulty.c" "$v1/faulty.parigot.c" "$v1/faulty.serve.parigot.c" -o "$out/faulty.wasm"
"$cc" -g -O1 "-I$gen" "$source/steady.c" "$v1/steady.parigot.c" "$v1/steady.serve.parigot.c" -o "$out/steady.wasm"
"$cc" -g -O1 "-I$gen" "$source/prober.c" "$v1/faulty.parigot.c" "$v1/steady.parigot.c" -o "$out/prober.wasm"
