//! `Retry-After`, the headers that list scopes, and the request id, on a line each.
#![no_main]

use libfuzzer_sys::fuzz_target;
use slack_auth_fuzz_checks::targets;

fuzz_target!(|input: &[u8]| targets::headers(input));
