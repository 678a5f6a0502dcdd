//! Requests of the Events API: timestamp and signature on a line each, then the body.
#![no_main]

use libfuzzer_sys::fuzz_target;
use slack_auth_fuzz_checks::targets;

fuzz_target!(|input: &[u8]| targets::events(input));
