#!/usr/bin/env bash
# Restores into a folder of its own what the database is now, or was at a time that is given
# ("2026-01-31 12:00:00+00"), starts it there, and checks every page, every index and the rows. With
# --keep as the first word it stays until Enter is pressed.
set -euo pipefail
. "$(dirname "$0")/nodes.sh"
place=${DRILL:-/var/lib/drill}
keep=
if [ "${1:-}" = --keep ]; then
  keep=yes
  shift
fi
time=${1:-}
data=$place/data
node=$(leader)
started=$(date +%s)

exec 9>"$place/lock"
flock --nonblock 9 || stop_with "another drill is at work"
finish() {
  if [ -e "$data/postmaster.pid" ]; then
    pg_ctl stop --pgdata="$data" --mode=immediate >/dev/null || true
  fi
  rm -rf "$data"
}
trap finish EXIT

# The rows of each table: of every database in the folder of a socket.
counts() {
  local databases name
  databases=$(ask "$1" --dbname=postgres \
    --command="SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate")
  while read -r name; do
    ask "$1" --dbname="$name" --field-separator=$'\t' --file="$here/counts.sql"
  done <<<"$databases"
}

# Marks this moment in the log, and waits until the repository has it.
mark() {
  local segment last
  on "$node" --command="SELECT pg_create_restore_point('$1')" >/dev/null
  segment=$(on "$node" --command="SELECT pg_walfile_name(pg_switch_wal())")
  for _ in $(seq "${ARCHIVE_PATIENCE_S:-120}"); do
    last=$(on "$node" --command="SELECT last_archived_wal FROM pg_stat_archiver")
    if [[ ! "$last" < "$segment" ]]; then
      return
    fi
    sleep 1
  done
  stop_with "the log does not get into the repository: the log of $node says why"
}

# A table has as many rows as before or after the moment, or a number in between.
compare() {
  local table rows low high wrong=0
  declare -A first last found
  while IFS=$'\t' read -r table rows; do first[$table]=$rows; done <<<"$before"
  while IFS=$'\t' read -r table rows; do last[$table]=$rows; done <<<"$after"
  while IFS=$'\t' read -r table rows; do found[$table]=$rows; done <<<"$restored"
  for table in "${!first[@]}"; do
    low=${first[$table]} high=${last[$table]:-0}
    ((low <= high)) || { low=$high && high=${first[$table]}; }
    rows=${found[$table]:-none}
    if [ "$rows" = none ] || ((rows < low || rows > high)); then
      echo "$table has $rows rows, and had $low to $high" >&2
      wrong=1
    fi
  done
  return "$wrong"
}

if [ -n "$time" ]; then
  target=(--type=time --target="$time")
else
  before=$(counts "$sockets/$node")
  mark "drill-$started"
  after=$(counts "$sockets/$node")
  target=(--type=name --target="drill-$started")
fi

rm -rf "$data"
mkdir -m 0700 "$data"
PGDATA=$data bash "$here/restore.sh" "${target[@]}" --archive-mode=off
options="-c listen_addresses= -c unix_socket_directories=$place -c hba_file=$here/pg_hba.conf"
pg_ctl start --pgdata="$data" --wait --timeout=86400 --log="$place/log" \
  --options="$options" >/dev/null || stop_with "it does not start: $(tail -n 5 "$place/log")"
until [ "$(ask "$place" --dbname=postgres --command="SELECT pg_is_in_recovery()")" = f ]; do
  sleep 0.2
done

pg_amcheck --host="$place" --username=postgres --all --heapallindexed --install-missing
restored=$(counts "$place")
if [ -z "$time" ]; then
  compare || stop_with "what was restored is not what was there"
fi
took=$(($(date +%s) - started))
rows=$(awk -F '\t' '{ sum += $2 } END { print sum + 0 }' <<<"$restored")
echo "$started $took" >"$figures/drill"
echo "restored in $took s: $(wc -l <<<"$restored") tables, $rows rows; pages and indexes are right"
if [ "$keep" ]; then
  echo "it is there until you press Enter: psql --host=$place --username=postgres"
  read -r
fi
