#!/usr/bin/env bash
# pgBackRest with the pass of its repository, which is in no configuration and no list of processes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
own=${OWN_SETTINGS:-/etc/local/postgres}
secrets=${SECRETS_DIR:-/run/secrets}
PGBACKREST_REPO1_CIPHER_PASS=$(<"$secrets/backup_pass")
export PGBACKREST_REPO1_CIPHER_PASS
for key in S3_KEY S3_KEY_SECRET; do
  if [ -e "$secrets/backup_${key,,}" ]; then
    export "PGBACKREST_REPO1_$key=$(<"$secrets/backup_${key,,}")"
  fi
done
options=(--config="$here/pgbackrest.conf" --stanza=main)
if [ -d "$own" ]; then
  options+=(--config-include-path="$own")
fi
exec pgbackrest "${options[@]}" "$@"
