#!/usr/bin/env bash
# Who may include whom (docs/architecture.md): a room includes only rooms left of it, and only their public headers.
cd "$(dirname "$0")/../.."
order=(base identity match crypto store db sheet http journal account roster demo app)
declare -A rank
for i in "${!order[@]}"; do rank[${order[$i]}]=$i; done
bad=0
for file in src/*/*.c src/*/*.h; do
  room=$(basename "$(dirname "$file")")
  if [ -z "${rank[$room]:-}" ]; then echo "# $file: room $room is not in the picture"; bad=1; continue; fi
  while read -r header; do
    other=${header%%/*} name=${header#*/}
    [ -n "${rank[$other]:-}" ] || continue
    if [ "$other" != "$room" ]; then
      [ "${rank[$other]}" -lt "${rank[$room]}" ] || { echo "# $file includes $header: leftward only"; bad=1; }
      case "$name" in *internal*) echo "# $file includes $header: public headers only"; bad=1 ;; esac
    fi
  done < <(grep -hoE '^#include "[a-z]+/[a-z_0-9]+\.(h|def)"' "$file" | sed 's/#include "//;s/"//')
done
# pure rooms: no stdio, no clock, no files
for file in src/identity/*.c src/match/*.c src/identity/*.h src/match/*.h; do
  case "$file" in *_test.c) continue ;; esac
  if grep -nE '^#include <(stdio|time|unistd|fcntl|sys/|locale)' "$file"; then echo "# $file is pure: no I/O, no clock"; bad=1; fi
done
[ $bad -eq 0 ] && echo "ok 1 - rooms include leftward only and pure rooms do no I/O" || echo "not ok 1 - rooms include leftward only and pure rooms do no I/O"
