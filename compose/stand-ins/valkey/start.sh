#!/bin/sh
# Protected mode refuses strangers where no password is set; in a container everybody is one.
set -eu

case "$1" in
    redis-server | valkey-server) exec "$@" --protected-mode no --bind '*' '-::*' ;;
    *) exec "$@" ;;
esac
