//! Discovery documents.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| slack_auth_fuzz::id_token::check_discovery(input));
