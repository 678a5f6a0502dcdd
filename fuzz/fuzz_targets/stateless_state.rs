//! A stateless state and a cookie, as a browser brings them back.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| slack_auth_fuzz::stateless::check(input));
