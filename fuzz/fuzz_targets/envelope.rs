//! The envelope of any reply, around a payload that nobody looks at.
#![no_main]

use libfuzzer_sys::fuzz_target;
use slack_auth_fuzz_checks::targets;

fuzz_target!(|input: &[u8]| targets::envelope(input));
