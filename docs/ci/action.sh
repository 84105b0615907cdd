#!/bin/sh
# What action.yml runs: annotations in the log, a table in the job's summary, a SARIF log when it is asked for.
# The environment has the inputs; the status is that of parigot-validate.
set -euf

command=${PARIGOT_COMMAND:-parigot-validate}
if ! command -v "$command" >/dev/null; then
    source=$(cd "$GITHUB_ACTION_PATH/../.." && pwd)
    build=${RUNNER_TEMP:-/tmp}/parigot-build
    echo "::group::building parigot-validate"
    "$source/scripts/deps"
    [ -f "$build/build.ninja" ] || meson setup "$build" "$source" -Dguest=disabled --buildtype=release
    ninja -C "$build" validator/parigot-validate
    echo "::endgroup::"
    command=$build/validator/parigot-validate
fi

# Lines to arguments; set -f keeps patterns for parigot-validate.
IFS='
'
# shellcheck disable=SC2086  # split at line ends, as IFS says
set -- "--policy=$PARIGOT_POLICY" "--fail-level=$PARIGOT_FAIL_LEVEL" ${PARIGOT_BASELINE:+"--baseline=$PARIGOT_BASELINE"} \
    $PARIGOT_OPTIONS -- $PARIGOT_FILES

status=0
"$command" --format=github "$@" || status=$?
[ -z "$PARIGOT_SARIF_FILE" ] || "$command" --format=sarif "$@" >"$PARIGOT_SARIF_FILE" || [ $? -le 2 ]
if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then # indented text is code: no name in it is markup
    {
        echo '### parigot-validate'
        echo
        { NO_COLOR=1 "$command" --error-limit=10 "$@" || true; } | sed 's/^/    /'
    } >>"$GITHUB_STEP_SUMMARY"
fi
exit $status
