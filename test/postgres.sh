#!/usr/bin/env bash
# A PostgreSQL server of one's own, reached by a socket in a folder alone: postgres.sh install | start FOLDER | stop FOLDER
# `install` fetches Debian's packages where they are missing and this is root. `start` prints the user to connect as.
set -euo pipefail

find_bin() {
  local bin
  for bin in /usr/lib/postgresql/*/bin; do
    [ -x "$bin/initdb" ] && [ -x "$bin/pg_ctl" ] && found=$bin
  done
  if [ -z "${found:-}" ] && command -v initdb >/dev/null && command -v pg_ctl >/dev/null; then
    found=$(dirname "$(readlink -f "$(command -v initdb)")")
  fi
  echo "${found:-}"
}

# The server refuses to run as root.
as_owner() {
  if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

case "${1:-}" in
  install)
    if [ -n "$(find_bin)" ] && command -v psql >/dev/null; then exit 0; fi
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
      echo "PostgreSQL is not installed, and only root can install it with apt-get" >&2
      exit 1
    fi
    export DEBIAN_FRONTEND=noninteractive
    # No cluster is to be made or started by the package: the test has its own.
    mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] || echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
    apt-get update -qq >&2
    apt-get install -y -qq --no-install-recommends postgresql postgresql-client >&2
    ;;
  start)
    folder=$2
    bin=$(find_bin)
    mkdir -p "$folder"
    [ "$(id -u)" = 0 ] && chown postgres "$folder"
    as_owner "$bin/initdb" -D "$folder/data" -A trust -U glmmc -E UTF8 --locale=C >/dev/null
    as_owner "$bin/pg_ctl" -D "$folder/data" -w -t 60 -l "$folder/log" \
      -o "-k '$folder' -c listen_addresses='' -c fsync=off" start >/dev/null
    echo glmmc
    ;;
  stop)
    as_owner "$(find_bin)/pg_ctl" -D "$2/data" -m immediate -w stop >/dev/null
    ;;
  *)
    echo "postgres.sh install | start FOLDER | stop FOLDER" >&2
    exit 1
    ;;
esac
