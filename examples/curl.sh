#!/bin/sh
# The HTTP API, with nothing but curl. Argument: the Worker's URL.
set -eu
url=${1:-http://localhost:8787}

# Send, and wait for the reply for ten seconds at most.
curl -sS "$url/requests/sum" -H 'content-type: application/json' -H 'prefer: wait=10' -d '{"a":2,"b":3}'
echo

# Send, and do not wait: the Location header says where the status is.
location=$(curl -sS -o /dev/null -D - "$url/requests/report" -H 'content-type: application/json' \
  -d '{"account":"acme","lines":[{"date":"2026-01-15","product":"bolt","quantity":100,"unitPrice":0.12}]}' |
  tr -d '\r' | sed -n 's/^[Ll]ocation: //p')

# Ask for the status, and let the server wait with its answer until the request has ended.
curl -sS "$url$location" -H 'prefer: wait=25'
echo
