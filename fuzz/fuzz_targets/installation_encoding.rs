//! An installation or a credential as a store reads it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use slack_auth_fuzz_checks::targets;

fuzz_target!(|input: &[u8]| targets::installation_encoding(input));
