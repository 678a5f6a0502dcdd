//! An installation or a credential as a store reads it.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| slack_auth_fuzz::stored::check_encoding(input));
