//! ID tokens: header, claims and signature on a line each, or a whole token.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| slack_auth_fuzz::id_token::check(input));
