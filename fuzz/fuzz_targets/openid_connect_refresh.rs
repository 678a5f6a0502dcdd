//! Replies of `openid.connect.token` to a refresh token.
#![no_main]

use libfuzzer_sys::fuzz_target;
use slack_auth_fuzz::reply::{self, Expected};
use slack_proto::OpenidConnectRefresh;

fuzz_target!(|input: &[u8]| {
    reply::check_tokens::<OpenidConnectRefresh>(input, Expected::First, |grant| {
        vec![grant.credential.access_token.expose().to_owned()]
    });
});
