//! What no core may do: read the clock, which traps where there is none, and ask the host for one.

use std::time::{SystemTime, UNIX_EPOCH};

#[link(wasm_import_module = "host")]
unsafe extern "C" {
    safe fn now() -> u64;
}

pub(crate) fn clock() {
    assert!(SystemTime::now() > UNIX_EPOCH);
}

pub(crate) fn import() {
    assert_eq!(now(), 0);
}
