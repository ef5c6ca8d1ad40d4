#!/bin/bash
# Tells Elasticsearch and Kibana what they have to know, again at each release; nothing of it is lost
# by that. Secrets go to curl by its standard input: arguments can be seen by others.
set -euo pipefail

logs=${LOGS:-/opt/logs}
secrets=${SECRETS:-/run/secrets}
elasticsearch=${ELASTICSEARCH:-http://elasticsearch:9200}
kibana=${KIBANA:-http://kibana:5601}
patience_s=${PATIENCE_S:-300}

secret() { cat "$secrets/$1"; }

# As the superuser; the options are curl's.
ask() {
  curl --silent --show-error --fail-with-body --write-out "\n" --config - "$@" \
    <<<"user = \"elastic:$(secret elastic_password)\""
}

put() { ask --request PUT --header "Content-Type: application/json" --data "@$logs/$2" "$elasticsearch/$1"; }

# A secret as the password of a user, with what else is said of it.
user() {
  local body
  body=$(mktemp)
  printf '{"password": "%s"%s}' "$(secret "$2")" "${3:-}" >"$body"
  ask --request PUT --header "Content-Type: application/json" --data "@$body" "$elasticsearch/_security/user/$1"
  rm "$body"
}

wait_for() {
  until ask "$1" >/dev/null 2>&1; do
    if ((SECONDS > patience_s)); then
      echo "$1 does not answer, or not well, for $patience_s s" >&2
      exit 1
    fi
    sleep 2
  done
}

put _ilm/policy/application-logs lifecycle.json
put _index_template/application-logs template.json
put _security/role/log_writer role.json
user log_writer log_writer_password ', "roles": ["log_writer"]'
user kibana_system/_password kibana_password
wait_for "$kibana/api/status"
ask --request POST --header "kbn-xsrf: true" --form "file=@$logs/kibana.ndjson" \
  "$kibana/api/saved_objects/_import?overwrite=true"
