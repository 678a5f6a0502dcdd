# shellcheck shell=bash
# Hosts that are network namespaces, at one bridge; sourced after lib.sh, in a network and a /run of its own.

network=10.77.0

make_network() {
    ip link set lo up
    { ip link add bridge type bridge && ip address add "$network.1/24" dev bridge; } || cannot_be_had "a bridge"
    ip link set bridge up
}

add_host() { # NAME
    ip netns add "$1" || cannot_be_had "network namespaces"
    ip -n "$1" link set lo up
}

# Links a host to the bridge. A port of the bridge that is disabled drops every packet and says nothing.
link_host() { # NAME DEVICE NUMBER [PORT]
    local port=${4-to-$1}
    ip link add "$port" type veth peer name "$2" netns "$1" || cannot_be_had "links between network namespaces"
    ip link set "$port" master bridge up
    ip -n "$1" address add "$network.$3/24" dev "$2"
    ip -n "$1" link set "$2" up
}
