# What the scripts about the two PostgreSQL have in common; they read this file, nobody runs it.
# shellcheck shell=bash disable=SC2034  # who reads it uses them
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
secrets=${SECRETS_DIR:-/run/secrets}
sockets=${SOCKETS:-/var/run/nodes}
leader_file=${LEADER_FILE:-/var/lib/leader/node}
figures=${FIGURES:-/var/lib/figures}
export PGCONNECT_TIMEOUT=5

# The node that writes; the other one follows it.
leader() { cat "$leader_file" 2>/dev/null || echo postgres; }

follower() {
  if [ "$(leader)" = postgres ]; then echo postgres-replica; else echo postgres; fi
}

# Ask PostgreSQL in the folder of a socket, as its owner.
ask() {
  local socket=$1
  shift
  psql --host="$socket" --username=postgres --no-psqlrc --quiet --no-align --tuples-only \
    --set=ON_ERROR_STOP=1 "$@"
}

# Ask one of the two nodes.
on() {
  local node=$1
  shift
  ask "$sockets/$node" --dbname=postgres "$@"
}

repository() { bash "$here/pgbackrest.sh" "$@"; }

stop_with() {
  echo "$*" >&2
  exit 1
}
