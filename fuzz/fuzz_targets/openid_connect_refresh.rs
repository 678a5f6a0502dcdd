//! Replies of `openid.connect.token` to a refresh token.
#![no_main]

use libfuzzer_sys::fuzz_target;
use slack_auth_fuzz_checks::targets;

fuzz_target!(|input: &[u8]| targets::openid_connect_refresh(input));
