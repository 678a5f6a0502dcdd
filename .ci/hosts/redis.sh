# shellcheck shell=bash
# Redis on one host with a replica on another one, and an address that leads to either; sourced after lib.sh.

source .ci/hosts/network.sh

make_servers() {
    # In memory, which outlives a server that is killed as a disk does, and is quick.
    folder=$(TMPDIR=/run mktemp -d)
    trap 'stop_servers' EXIT
    add_host redis-a
    add_host redis-b
    # Processes come by this link, which moves with its address from one server to the other, as keepalived moves one. What a
    # server sends to its replica goes by a link between the two.
    link_host redis-a service 13 to-server
    ip link add replica netns redis-a type veth peer name replica netns redis-b
    ip -n redis-a address add 10.78.0.1/24 dev replica
    ip -n redis-b address add 10.78.0.2/24 dev replica
    local host
    for host in redis-a redis-b; do
        ip -n "$host" link set replica up
        mkdir "$folder/$host"
    done
    echo redis-a >"$folder/primary"
    export HOSTS_CONTROL=$PWD/.ci/hosts/redis-control HOSTS_FOLDER=$folder HOSTS_SERVICE=$network.13/24
    "$HOSTS_CONTROL" start redis-a
    "$HOSTS_CONTROL" start redis-b
    "$HOSTS_CONTROL" follow redis-b redis-a
}

use_store() { # leases_on | leases_off
    local database=0
    [[ $1 == leases_on ]] || database=1
    export HOSTS_DIRECT=redis://$network.13:6379/$database
    export HOSTS_POOLED=$HOSTS_DIRECT
}

stop_servers() {
    local pid
    for pid in "$folder"/*/pid; do
        [[ ! -f $pid ]] || kill -9 "$(<"$pid")" 2>/dev/null || true
    done
    rm -rf "$folder"
}
