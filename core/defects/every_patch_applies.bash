#!/usr/bin/env bash
# every_patch_applies.bash SOURCE: says which patches of core/defects do not apply to the tree, and
# fails where there is one, or no patch at all.
set -uo pipefail
cd "$1"

count=0 stale=0
for patch in core/defects/*.patch; do
  count=$((count + 1))
  git apply --check "$patch" || { echo "$patch: does not apply"; stale=$((stale + 1)); }
done
echo "$count patches, $stale stale"
[ "$count" -gt 1 ] && [ "$stale" -eq 0 ]
