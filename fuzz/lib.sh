# shellcheck shell=bash
# What the scripts of this folder share.

host=$(rustc --version --verbose | sed -n 's/^host: //p')
out=${CARGO_TARGET_DIR:-$PWD/../target}/fuzz

all_targets() {
    sed -n 's/^name = "\(.*\)"/\1/p' Cargo.toml | tail -n +2
}

# Builds targets as $out/$host/release/TARGET.
build_targets() { # TARGET...
    local flags=(
        --cfg fuzzing -Ccodegen-units=1 -Cpasses=sancov-module
        -Cllvm-args=-sanitizer-coverage-level=4
        -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
        -Cllvm-args=-sanitizer-coverage-pc-table
        -Cllvm-args=-sanitizer-coverage-trace-compares
    )
    if [[ -n ${FUZZ_SANITIZER-} ]]; then
        flags+=("-Zsanitizer=$FUZZ_SANITIZER")
        export RUSTC_BOOTSTRAP=1
    fi
    local target only=()
    for target in "$@"; do
        only+=(--bin "$target")
    done
    # With --target the flags do not reach build scripts and macros.
    RUSTFLAGS="${flags[*]}" cargo build --quiet --locked --release "${only[@]}" --target "$host" --target-dir "$out"
}
