#!/bin/sh
# Tests of the functions: sh test.sh
set -eu
cd "$(dirname "$0")"

expect() {
  if [ "$2" = "$3" ]; then echo "ok   $1"; else echo "FAIL $1: got '$2', not '$3'"; exit 1; fi
}

expect 'count counts words' "$(printf 'one two  three' | ./count.sh)" 3
expect 'hello greets' "$(FUNCATRON_PARAM_PATH_NAME=Ada ./hello.sh)" 'Hello, Ada!'
