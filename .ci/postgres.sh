# shellcheck shell=bash
# PostgreSQL and PgBouncer in a folder of their own, for the steps that need them; sourced after lib.sh.

# Installs both, and puts their programs into the path.
need_postgres() {
    [[ -n $(compgen -G '/usr/lib/postgresql/*/bin/postgres') ]] || install_debian postgresql
    command -v pgbouncer >/dev/null || [[ -x /usr/sbin/pgbouncer ]] || install_debian pgbouncer
    need_debian openssl openssl
    PATH=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -1):/usr/sbin:$PATH
}

# Makes $folder, whose servers stop when the step ends. PostgreSQL refuses to run as root: so somebody else owns it.
own_folder() {
    folder=$(mktemp -d)
    trap 'stop_servers; rm -rf "$folder"' EXIT
    as_user=()
    if [[ $(id -u) -eq 0 ]]; then
        as_user=(setpriv --reuid=postgres --regid=postgres --clear-groups --)
        chown postgres: "$folder"
    fi
}

cd_run() { (cd "$folder" && "${as_user[@]}" "$@"); }

stop_servers() {
    local data
    [[ ! -f $folder/pgbouncer.pid ]] || kill "$(<"$folder/pgbouncer.pid")" 2>/dev/null || true
    for data in "$folder"/*/; do
        [[ ! -f $data/postmaster.pid ]] || cd_run pg_ctl --silent -D "$data" -m immediate stop || true
    done
}

# Returns a port below those that the system hands out by itself.
free_port() {
    local port
    while port=$((20000 + RANDOM % 10000)); do
        (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    echo "$port"
}

# Makes the data folder of a server whose superuser is app with the password hush.
make_server() { # DATA PORT ADDRESS
    cd_run bash -c 'umask 077; echo hush >password'
    cd_run initdb --auth=scram-sha-256 --username=app --pwfile=password -D "$1" -N >/dev/null
    cat >>"$folder/$1/postgresql.conf" <<CONF
listen_addresses = '$3'
port = $2
unix_socket_directories = '$folder'
max_connections = 200
CONF
}

# Makes two authorities, and a certificate of the first for db.example.com and localhost, which the server shows.
use_certificate() { # DATA
    local name
    for name in authority stranger; do
        cd_run openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$name" \
            -keyout "$name.key" -out "$name.pem" 2>/dev/null
    done
    cd_run openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=db.example.com \
        -keyout server.key -out server.csr 2>/dev/null
    echo 'subjectAltName = DNS:db.example.com, DNS:localhost' >"$folder/names"
    chmod a+r "$folder/names"
    cd_run openssl x509 -req -in server.csr -CA authority.pem -CAkey authority.key -CAcreateserial -days 2 \
        -extfile names -out server.pem 2>/dev/null
    cat >>"$folder/$1/postgresql.conf" <<CONF
ssl = on
ssl_cert_file = '$folder/server.pem'
ssl_key_file = '$folder/server.key'
CONF
}
