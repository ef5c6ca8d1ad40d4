#!/usr/bin/env bash
# The follower leads from now on. `take_over.sh ask` says who leads and who would, if that can be;
# `take_over.sh do NODE` has that one lead, once the other one is stopped.
set -euo pipefail
. "$(dirname "$0")/nodes.sh"

follows() { [ "$(on "$1" --command="SELECT pg_is_in_recovery()" 2>/dev/null)" = t ]; }

case "${1:-}" in
  ask)
    # It was named, and something came in between before it led.
    if follows "$(leader)"; then
      echo "$(follower) $(leader)"
      exit
    fi
    follows "$(follower)" || stop_with "$(follower) does not follow: nobody can take over"
    echo "$(leader) $(follower)"
    ;;
  do)
    node=$2
    for other in postgres postgres-replica; do
      if [ "$other" != "$node" ] && pg_isready --quiet --host="$sockets/$other"; then
        stop_with "$other runs: stop it first, two that lead would tear the data apart"
      fi
    done
    follows "$node" || stop_with "$node does not follow: nobody can take over"
    # First this: a node that is not named here does not start with what it wrote as a leader.
    echo "$node" >"$leader_file.new"
    mv "$leader_file.new" "$leader_file"
    [ "$(on "$node" --command="SELECT pg_promote(true, 300)")" = t ] ||
      stop_with "$node is not ready to lead after 5 minutes; its log says why"
    on "$node" --file="$here/slot.sql"
    echo "$node leads"
    ;;
  *)
    stop_with "ask, or do NODE is expected, got: $*"
    ;;
esac
