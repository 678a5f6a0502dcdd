//! A rotation, told anything in any order.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| slack_auth_fuzz::rotation::check(input));
