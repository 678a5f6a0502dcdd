//! Replies of `oauth.v2.exchange`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use slack_auth_fuzz::reply::{self, Expected};
use slack_proto::OauthV2Exchange;

fuzz_target!(|input: &[u8]| {
    reply::check_tokens::<OauthV2Exchange>(input, Expected::First, |grant| {
        vec![grant.credential.access_token.expose().to_owned()]
    });
});
