#!/bin/sh
# run.sh FILE.c [FLAG...]: builds the same programs as make.sh, strict and without an open memory, and runs them as a
# bundle of our own. The configuration is that which calls.c expects.
set -eu
source=$1
here=$(dirname "$0")
shift
protoc -I"$here/../../guest" --parigot_out=. work.proto
compile() { parigot-cc -Wall -Wextra -Werror -g -I. -I"$here" "$@"; }
compile "$source" work.parigot.c -o main.wasm "$@"
grants='grant = [ "parigot.log.v1.Log", "parigot.clock.v1.Clock" ];'
worker=
if grep -q WORKER "$source"; then
    compile -DWORKER "$source" work.parigot.c work.serve.parigot.c -o worker.wasm "$@"
    worker=", { name = \"worker\"; file = \"worker.wasm\"; $grants }"
fi
cat >world.cfg <<END
world = 1;
name = "tests";
generation = 1;
main = "main";
modules = ( { name = "main"; file = "main.wasm"; $grants config = { who = "world"; count = "1000"; }; } $worker );
END
parigot-bundle create --world world.cfg -o tests.pbundle
exec parigot-run --allow-unsigned tests.pbundle
