//! ID tokens: header, claims and signature on a line each, or a whole token.
#![no_main]

use libfuzzer_sys::fuzz_target;
use slack_auth_fuzz_checks::targets;

fuzz_target!(|input: &[u8]| targets::id_token(input));
