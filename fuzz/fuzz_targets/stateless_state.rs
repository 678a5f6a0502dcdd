//! A stateless state and a cookie, as a browser brings them back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use slack_auth_fuzz_checks::targets;

fuzz_target!(|input: &[u8]| targets::stateless_state(input));
