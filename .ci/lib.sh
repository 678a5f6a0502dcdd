# shellcheck shell=bash
# What several steps need.

# Says that something could not be fetched, which is no failed check.
unreachable() {
    echo "could not fetch $1: the network or the registry is at fault, not the code" >&2
    exit 75
}

# Says that this machine cannot do what a step needs, such as network namespaces without root: the step is skipped by name.
cannot_be_had() {
    echo "cannot be had on this machine: $1; nothing was shown" >&2
    exit 77
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

# Has cargo use a compiler that builds the standard library for targets whose library nobody ships: the one that Debian 12
# has as `rustc-web`, with the sources. All is unpacked into $compiler, not installed: another rustc stays the system's.
compiler_with_sources() {
    local version=1.96.0 debian=1.96.0+dfsg1-1~deb12u2 tool
    compiler=$PWD/.cache/rustc-web-$version
    if [[ ! -x $compiler/rustc ]]; then
        rm -rf "$compiler"
        unpack_debian "$compiler/root" "rustc-web=$debian" "libstd-rust-web-${version%.*}=$debian" \
            "libstd-rust-web-dev=$debian" "rust-web-src=$debian" lld-22 libllvm22
        # Of the sources only the standard library is wanted.
        rm -r "$compiler/root/usr/src/rustc-$version"/{compiler,src}
        for tool in rustdoc:rustdoc wasm-ld:wasm-ld-22 rustc:rustc; do
            cat >"$compiler/${tool%:*}" <<WRAPPER
#!/bin/sh
LD_LIBRARY_PATH=$compiler/root/usr/lib/x86_64-linux-gnu exec $compiler/root/usr/bin/${tool#*:} "\$@"
WRAPPER
            chmod +x "$compiler/${tool%:*}"
        done
    fi
    "$compiler/rustc" --version
    export RUSTC=$compiler/rustc RUSTDOC=$compiler/rustdoc RUSTC_BOOTSTRAP=1
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
export ALL_FEATURES=slack-auth/hyper,reqwest,curl,server,transport,openid,conformance,id-token-aws-lc,file-store,postgres-store,store-conformance
ALL_FEATURES+=,slack-auth/events,slack-auth/import,slack-auth/metrics,slack-auth/test-util,slack-auth/thread-runtime,slack-auth/tokio,slack-auth/tracing
