//! A pending authorization that was written down, as a session or a cookie gives it back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use slack_auth_fuzz_checks::targets;

fuzz_target!(|input: &[u8]| targets::pending_authorization(input));
