#!/usr/bin/env bash
# Starts one of the two PostgreSQL: the one that is named in a file leads, the other one follows it.
# It follows with a copy of its own; what is there from the time when it led is moved aside first.
set -euo pipefail
. "$(dirname "$0")/nodes.sh"
node=${NODE:?}
export PGBACKREST_PG1_PATH=$PGDATA

copy() {
  pg_basebackup --dbname="$address" --pgdata="$PGDATA.new" --slot=follower --checkpoint=fast \
    --no-password
}

if [ "$node" = "$(leader)" ]; then
  exec docker-entrypoint.sh postgres "$@"
fi

pass=${PASS_FILE:-/tmp/replication.pass}
(umask 077 && sed 's/[\\:]/\\&/g; s/^/*:*:*:replicator:/' "$secrets/replication_password" >"$pass")
address="${LEADER_ADDRESS:-host=$(leader)} user=replicator passfile=$pass application_name=$node"

if [ -s "$PGDATA/PG_VERSION" ] && [ ! -e "$PGDATA/standby.signal" ]; then
  echo "$node led before: what it has is kept in $PGDATA.before" >&2
  rm -rf "$PGDATA.before"
  mv "$PGDATA" "$PGDATA.before"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  mkdir -p "$(dirname "$PGDATA")"
  rm -rf "$PGDATA.new"
  trap 'kill "$!"; exit 1' INT TERM QUIT  # in a container, only what is trapped ends it
  until copy & wait "$!"; do
    echo "$(leader) cannot be copied yet, see above; again in 5 seconds" >&2
    rm -rf "$PGDATA.new"
    sleep 5 & wait "$!"
  done
  touch "$PGDATA.new/standby.signal"
  rm -rf "$PGDATA"
  mv "$PGDATA.new" "$PGDATA"
fi
# What the leader no longer has, the repository has.
exec docker-entrypoint.sh postgres "$@" -c "primary_conninfo=$address" \
  -c primary_slot_name=follower -c "restore_command=bash $here/pgbackrest.sh archive-get %f \"%p\""
