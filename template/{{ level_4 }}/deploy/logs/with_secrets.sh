#!/bin/bash
# Starts a program with secrets in its environment, for programs that cannot read them from files:
# with_secrets.sh SECRET VARIABLE ... -- PROGRAM ARGUMENT ...
set -euo pipefail

while [[ $1 != -- ]]; do
  value=$(<"${SECRETS:-/run/secrets}/$1")
  export "$2=$value"
  shift 2
done
shift
exec "$@"
