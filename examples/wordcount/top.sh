#!/bin/sh
# The request body comes on standard input; what is printed is the response. The parameter was
# checked against the contract, and its default filled in, before this runs.
set -eu
tr -cs '[:alpha:]' '\n' |
  tr '[:upper:]' '[:lower:]' |
  grep . |
  sort |
  uniq -c |
  sort -k1,1nr -k2 |
  head -n "$FUNCATRON_PARAM_QUERY_COUNT" |
  awk 'BEGIN { printf "[" }
       { printf "%s{\"word\":\"%s\",\"times\":%d}", (NR > 1 ? "," : ""), $2, $1 }
       END { print "]" }'
