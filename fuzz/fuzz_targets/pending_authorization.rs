//! A pending authorization that was written down, as a session or a cookie gives it back.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| slack_auth_fuzz::pending::check(input));
