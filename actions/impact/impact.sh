#!/usr/bin/env bash
# Lists what the schema changes since IMPACT_BASE break: impact.md and impact.sarif in RUNNER_TEMP, the output
# `status` is 1 if a line reaches IMPACT_FAIL_ON. Other failures end the step.
set -euo pipefail

if [ -z "${IMPACT_BASE:-}" ]; then
    echo "Say which revision to compare with: the input base." >&2
    exit 2
fi
if ! git rev-parse --verify --quiet "$IMPACT_BASE^{commit}" > /dev/null; then
    git fetch --quiet --no-tags origin "${IMPACT_BASE#origin/}:refs/remotes/$IMPACT_BASE"
fi
fail_on=()
if [ -n "${IMPACT_FAIL_ON:-}" ]; then
    fail_on=(--fail-on "$IMPACT_FAIL_ON")
fi
status=0
headwater impact "${IMPACT_PATH:-.}" --since "$IMPACT_BASE" "${fail_on[@]}" \
    --out "$RUNNER_TEMP/impact.md" --out "$RUNNER_TEMP/impact.sarif" || status=$?
if [ "$status" -gt 1 ]; then
    exit "$status"
fi
cat "$RUNNER_TEMP/impact.md" >> "$GITHUB_STEP_SUMMARY"
echo "status=$status" >> "$GITHUB_OUTPUT"
