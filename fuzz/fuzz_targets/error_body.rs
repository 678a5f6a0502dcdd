//! Bodies at every status that decides something, read for a call, a refresh and a revocation.
#![no_main]

use libfuzzer_sys::fuzz_target;
use slack_auth_fuzz_checks::targets;

fuzz_target!(|input: &[u8]| targets::error_body(input));
