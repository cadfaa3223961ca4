#!/usr/bin/env bash
cd "$(dirname "$0")/../.."
if out=$(clang-format --dry-run --Werror $(git ls-files 'src/*.c' 'src/*.h' 'tests/*.c' 'tests/*.h' 'fuzz/*.c') 2>&1); then
  echo "ok 1 - every C file is formatted as .clang-format says"
else
  echo "$out" | grep -E 'error' | sed 's/^/# /' | head -20
  echo "not ok 1 - every C file is formatted as .clang-format says"
fi
