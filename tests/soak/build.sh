# build.sh SOURCE OUT PLUGIN PARIGOT-CC: the modules of the soak.
set -eu
source=$1 out=$(cd "$2" && pwd) plugin=$3
cc="$4 -O2 -Wall -Wextra -Werror -I$out -I$1"
cd "$source"
services='steady brittle thirsty keeper relay stream mute'
for name in task $services; do
    protoc --plugin=protoc-gen-parigot="$plugin" --parigot_out="$out" soak/v1/$name.proto
done
task=$out/soak/v1/task.parigot.c steady=$out/soak/v1/steady.parigot.c
for name in $services; do
    more=
    [ $name = steady ] || more=$steady
    flags=
    [ $name = thirsty ] && flags=--meter
    [ $name = keeper ] && flags=--policy=keeper.cfg
    $cc $flags $name.c "$task" "$out/soak/v1/$name.parigot.c" "$out/soak/v1/$name.serve.parigot.c" $more -o "$out/$name.wasm"
done
$cc gadfly.c "$task" "$steady" -o "$out/gadfly.wasm"
clients=
for name in $services; do clients="$clients $out/soak/v1/$name.parigot.c"; done
$cc driver.c "$task" $clients -o "$out/driver.wasm"
