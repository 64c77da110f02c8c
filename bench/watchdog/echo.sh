#!/bin/bash
# Says again what it is told: once, or, with an argument, call after call.
LC_ALL=C
if [ $# = 0 ]; then
  IFS= read -r -d '' body
  printf '%s' "$body"
  exit
fi
while read -r length method uri head; do
  IFS= read -r -N "$length" body
  printf '%d\n%s' "${#body}" "$body"
done
