//! A rotation, made and told by `arbitrary`: any policy, any kind of pair, any order of events.
#![no_main]

use libfuzzer_sys::fuzz_target;
use slack_auth_fuzz_checks::targets;

fuzz_target!(|input: &[u8]| targets::rotation_events(input));
