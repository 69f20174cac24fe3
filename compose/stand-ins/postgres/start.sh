#!/bin/sh
# First start: a cluster with the owner and database asked for, then every file of the init folder,
# on the unix socket alone, so that nobody takes the half-made server for the finished one.
set -eu

if [ "$(id -u)" = 0 ]; then
    install -d -o postgres -g postgres -m 700 "$PGDATA"
    chown -R postgres:postgres "$PGDATA" /run/postgresql
    exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi

owner=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$owner}

make_cluster() {
    : "${POSTGRES_PASSWORD:?a password for the owner is not set}"
    secret=$(mktemp)
    printf '%s' "$POSTGRES_PASSWORD" > "$secret"
    initdb --username="$owner" --pwfile="$secret" --auth-host=scram-sha-256 --auth-local=trust \
        --encoding=UTF8 --locale=C.UTF-8 > /dev/null
    rm -f "$secret"
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
}

fill_cluster() {
    pg_ctl --silent --wait --options="-c listen_addresses=''" start
    if [ "$database" != postgres ]; then
        psql --quiet -v ON_ERROR_STOP=1 --username="$owner" --dbname=postgres -v name="$database" <<'SQL'
CREATE DATABASE :"name";
SQL
    fi
    for file in /docker-entrypoint-initdb.d/*; do
        case "$file" in
            *.sql) psql --quiet -v ON_ERROR_STOP=1 --username="$owner" --dbname="$database" --file="$file" ;;
            *.sql.gz) gunzip -c "$file" | psql --quiet -v ON_ERROR_STOP=1 --username="$owner" --dbname="$database" ;;
            *.sh) . "$file" ;;
        esac
    done
    pg_ctl --silent --wait --mode=fast stop
}

[ $# -gt 0 ] || set -- postgres
case "$1" in
    postgres) ;;
    -*) set -- postgres "$@" ;;
    *) exec "$@" ;;
esac
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    make_cluster
    fill_cluster
fi
shift
exec postgres -c listen_addresses='*' "$@"
