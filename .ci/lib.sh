# shellcheck shell=bash
# What several steps need.

# Says that something could not be fetched, which is no failed check.
unreachable() {
    echo "could not fetch $1: the network or the registry is at fault, not the code" >&2
    exit 75
}

# Installs a Debian package unless its program is there.
need_debian() { # PROGRAM PACKAGE
    command -v "$1" >/dev/null || install_debian "$2"
}

install_debian() { # PACKAGE...
    local sudo=()
    [[ $(id -u) -eq 0 ]] || sudo=(sudo)
    command -v apt-get >/dev/null || unreachable "$* (there is no apt-get: install it by hand)"
    echo "installing $*"
    "${sudo[@]}" apt-get update -qq >/dev/null || unreachable "Debian's list of packages"
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null ||
        unreachable "Debian's $*"
}

# Downloads Debian packages and takes them apart in a folder, without installing them.
unpack_debian() { # FOLDER PACKAGE...
    local folder=$1 deb
    shift
    command -v apt-get >/dev/null || unreachable "$* (there is no apt-get)"
    mkdir -p "$folder/debs"
    # A package is only in the lists after an update; an old list is as good as none.
    (cd "$folder/debs" && apt-get download -qq "$@" 2>/dev/null) ||
        { apt-get update -qq >/dev/null && (cd "$folder/debs" && apt-get download -qq "$@"); } ||
        unreachable "Debian's $*"
    for deb in "$folder"/debs/*.deb; do
        dpkg -x "$deb" "$folder"
    done
    rm -r "$folder/debs"
}

# Fetches the crates of a lockfile, apart from the check that needs them.
fetch_crates() { # MANIFEST
    local said
    said=$(cargo fetch --locked --manifest-path "$1" 2>&1) && return
    echo "$said" >&2
    if grep -qE 'download|network|resolve host|timed out|spurious|index|registry' <<<"$said" &&
        ! grep -q -e '--locked' <<<"$said"; then
        unreachable "the crates of $1"
    fi
    exit 1
}

# Runs a command after showing it.
show() {
    echo "+ $*"
    "$@"
}

# All features that can be on together; each reaches the packages that have one of this name.
export ALL_FEATURES=reqwest,curl,server,transport,openid,conformance,id-token-aws-lc,file-store,store-conformance
ALL_FEATURES+=,slack-auth/test-util,slack-auth/tokio,slack-auth/tracing
