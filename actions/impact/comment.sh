#!/usr/bin/env bash
# Posts a Markdown file as a comment on PULL_REQUEST, or updates the one that an earlier run posted. A pull request that
# does not change the schema gets no comment.
set -euo pipefail

marker="<!-- headwater impact -->"
comments="repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments"
known=$(gh api --paginate "$comments" --jq ".[] | select(.body | startswith(\"$marker\")) | .id" | sed -n 1p)
# GitHub refuses comments of more than 65,536 characters; lines are cut off as a whole.
body=$(
    echo "$marker"
    awk '{ size += length($0) + 1 } size <= 60000 { print; next } { cut = 1 }
         END { if (cut) print "\nThe rest is in the summary of the job." }' "$1"
)
if [ -n "$known" ]; then
    gh api --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$known" --raw-field body="$body" > /dev/null
elif ! grep -q "has not changed" "$1"; then
    gh api --method POST "$comments" --raw-field body="$body" > /dev/null
fi
