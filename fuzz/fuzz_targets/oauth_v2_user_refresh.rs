//! Replies of `oauth.v2.user.access` to a refresh token.
#![no_main]

use libfuzzer_sys::fuzz_target;
use slack_auth_fuzz::reply::{self, Expected};
use slack_proto::OauthV2UserRefresh;

fuzz_target!(|input: &[u8]| {
    reply::check_tokens::<OauthV2UserRefresh>(input, Expected::First, |grant| {
        vec![grant.credential.access_token.expose().to_owned()]
    });
});
