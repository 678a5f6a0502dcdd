//! Rows that slack_sdk and @slack/oauth have stored.
#![no_main]

use libfuzzer_sys::fuzz_target;
use slack_auth_fuzz_checks::targets;

fuzz_target!(|input: &[u8]| targets::import(input));
