//! The name of a place or a person in a store, as text or as ids on a line each.
#![no_main]

use libfuzzer_sys::fuzz_target;
use slack_auth_fuzz_checks::targets;

fuzz_target!(|input: &[u8]| targets::store_key(input));
