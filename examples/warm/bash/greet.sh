#!/bin/bash
LC_ALL=C # lengths are bytes
while read -r length method uri head; do
  body=''
  ((length)) && IFS= read -r -N "$length" body
  printf -v answer 'Hello, %s! Call %d of this bash, by %s %s.\n' \
    "${body:-nobody}" "$((++calls))" "$method" "$uri"
  printf '%d 200\n%s' "${#answer}" "$answer"
done
