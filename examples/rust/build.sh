#!/bin/sh
# build.sh OUT: make greeter.wasm in this folder. RUSTC names another rustc; it needs the target wasm32-unknown-unknown.
set -eu
source=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1" && cd "$1"
cp "$source"/*.rs "$source"/*.cfg .
${RUSTC:-rustc} --edition 2021 --target wasm32-unknown-unknown --crate-type cdylib -g -C opt-level=2 -C panic=abort -C codegen-units=1 \
    -C linker="$(command -v parigot-ld)" -C linker-flavor=wasm-ld -C link-arg=-zstack-size=65536 -C link-arg=--meter greeter.rs -o greeter.wasm
