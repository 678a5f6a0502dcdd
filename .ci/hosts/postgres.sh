# shellcheck shell=bash
# PostgreSQL and PgBouncer on one host, and what the test does to them; sourced after lib.sh.

source .ci/postgres.sh
source .ci/hosts/network.sh

make_servers() {
    need_postgres
    # In memory, which outlives a server that is killed as a disk does, and is quick.
    TMPDIR=/run own_folder
    add_host server
    link_host server eth0 13
    make_server data 5432 "$network.13"
    echo "host all app $network.0/24 trust" >>"$folder/data/pg_hba.conf"
    cat >"$folder/pgbouncer.ini" <<CONF
[databases]
* = host=$network.13 port=5432 user=app
[pgbouncer]
listen_addr = $network.13
listen_port = 6432
auth_type = any
pool_mode = transaction
default_pool_size = 8
max_client_conn = 1000
server_login_retry = 1
pidfile = $folder/pgbouncer.pid
logfile = $folder/pgbouncer.log
unix_socket_dir =
CONF
    write_control
    "$folder/control" start-server
    "$folder/control" start-pooler
    for database in leases_on leases_off; do
        cd_run createdb -h "$network.13" -U app "$database"
    done
}

use_store() { # leases_on | leases_off
    export HOSTS_CONTROL=$folder/control
    export HOSTS_DIRECT="postgres://app@$network.13:5432/$1?sslmode=disable"
    export HOSTS_POOLED="postgres://app@$network.13:6432/$1?sslmode=disable"
}

write_control() {
    cat >"$folder/control" <<CONTROL
#!/usr/bin/env bash
set -euo pipefail
cd "$folder"
on_server() { ip netns exec server ${as_user[*]} "\$@"; }
case \$1 in
cut) bridge link set dev "to-\$2" state 0 ;;
join) bridge link set dev "to-\$2" state 3 ;;
kill-server)
    server=\$(head -1 data/postmaster.pid)
    # shellcheck disable=SC2046
    kill -9 "\$server" \$(cat "/proc/\$server/task/\$server/children")
    ;;
start-server)
    # Until the last of its processes has gone, a new server refuses to start.
    for _ in {1..50}; do
        on_server $(command -v pg_ctl) --silent -w -l postgres.log -D data start </dev/null >/dev/null 2>&1 && exit
        sleep 0.1
    done
    tail postgres.log >&2
    exit 1
    ;;
start-pooler) on_server $(command -v pgbouncer) --quiet --daemon pgbouncer.ini </dev/null >/dev/null 2>&1 ;;
restart-pooler)
    kill -9 "\$(<pgbouncer.pid)"
    rm pgbouncer.pid
    sleep 0.3
    exec "\$0" start-pooler
    ;;
esac
CONTROL
    chmod +x "$folder/control"
}
