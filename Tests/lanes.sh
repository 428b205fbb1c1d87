#!/usr/bin/env bash
# Runs the tests in lanes side by side: lanes.sh 'NAME ARGUMENTS' ... , the arguments those of the test bundle.
# Prints what each lane said when it has ended, then the ten slowest tests of all; ends with 1 when a lane failed.
set -u
cd "$(dirname "$0")/.."
bundle=.build/release/millwrightPackageTests.xctest
folder=$(mktemp -d .build/lanes.XXXXXX)
trap 'rm -rf "$folder"' EXIT

names=() processes=()
for lane in "$@"; do
  name=${lane%% *}
  eval "set -- ${lane#"$name"}"
  "$bundle" --testing-library swift-testing "$@" >"$folder/$name" 2>&1 &
  names+=("$name") processes+=($!)
done

failed=0
for place in "${!names[@]}"; do
  wait "${processes[$place]}"
  code=$?
  echo "== ${names[$place]}"
  # One line a test that passed is enough, and none for those that only began.
  sed -E 's/\x1b\[[0-9;]*m//g' "$folder/${names[$place]}" | grep -vE '^◇ (Test|Suite) ' | grep -vE '^✔ Suite '
  if [ $code -ne 0 ]; then
    echo "== ${names[$place]} failed ($code)"
    failed=1
  fi
done

echo "== the ten slowest tests"
sed -E 's/\x1b\[[0-9;]*m//g' "$folder"/* | sed -nE 's/^[✔✘] Test (.+) (passed|failed) after ([0-9.]+) seconds.*/\3 s  \1/p' |
  grep -vE 's  run with' | sort -rn | head -10
exit $failed
