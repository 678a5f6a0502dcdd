//! Replies of `oauth.v2.user.access`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use slack_auth_fuzz_checks::targets;

fuzz_target!(|input: &[u8]| targets::oauth_v2_user_access(input));
