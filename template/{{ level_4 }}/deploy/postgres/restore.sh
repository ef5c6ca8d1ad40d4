#!/usr/bin/env bash
# Restores the newest backup into PGDATA, which must be empty. PostgreSQL brings it up to the last change
# that the repository has, when it starts; or to a time: --type=time --target="2026-01-31 12:00:00+00".
set -euo pipefail
. "$(dirname "$0")/nodes.sh"
unset "${!PGBACKREST_PG2_@}"
mkdir -p "$PGDATA"
chmod 0700 "$PGDATA"
fetch="bash $here/pgbackrest.sh --pg1-path=$PGDATA archive-get %f \"%p\""
for word in "$@"; do
  if [[ "$word" = --target=* ]]; then
    set -- --target-action=promote "$@"
  fi
done
repository --pg1-path="$PGDATA" --recovery-option="restore_command=$fetch" "$@" restore
