#!/usr/bin/env bash
# Keeps what the safety of the data needs: the follower's role and slot, backups on time, and what
# Prometheus is told. `keeper.sh once` does it a single time.
set -uo pipefail
. "$(dirname "$0")/nodes.sh"
full_every=${FULL_EVERY_S:-604800} diff_every=${DIFF_EVERY_S:-86400}
backup=

# With a wrong pass, what it says of the error is no text.
info() { repository --output=json info 2>/dev/null | LC_ALL=C tr -cd '[:print:]'; }

# The role is told its password once, the other steps find what is there.
prepare() {
  if [ -z "${told:-}" ]; then
    on "$1" --file="$here/role.sql" && told=yes
  fi
  on "$1" --file="$here/slot.sql"
  repository stanza-create
}

back_up() {
  local kind
  kind=$(on "$1" --set=info="$(info)" --set=full_every="$full_every" --set=diff_every="$diff_every" \
    --file="$here/due.sql") || return
  if [ -n "$kind" ]; then
    repository --type="$kind" backup
  fi
}

tell() {
  local drill_at=0 drill_took=0
  [ ! -e "$figures/drill" ] || read -r drill_at drill_took <"$figures/drill"
  on "$1" --set=info="$(info)" --set=drill_at="$drill_at" --set=drill_took="$drill_took" \
    --file="$here/figures.sql" >"$figures/new" && mv "$figures/new" "$figures/metrics"
}

turn() {
  local node failed=0
  node=$(leader)
  prepare "$node"
  # A backup may take hours: what Prometheus is told does not wait for it.
  if [ -z "$backup" ] || ! kill -0 "$backup" 2>/dev/null; then
    back_up "$node" &
    backup=$!
  fi
  if [ "${once:-}" ]; then
    wait "$backup" || failed=1
  fi
  tell "$node" && return "$failed"
}

if [ "${1:-}" = once ]; then
  once=yes turn
  exit
fi
trap 'exit 0' TERM INT
while :; do
  turn
  sleep 60 &
  wait $!
done
