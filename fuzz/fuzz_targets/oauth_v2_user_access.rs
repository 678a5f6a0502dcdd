//! Replies of `oauth.v2.user.access`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use slack_auth_fuzz::reply::{self, Expected};
use slack_proto::{OauthV2UserAccess, Secret};

fuzz_target!(|input: &[u8]| {
    reply::check_tokens::<OauthV2UserAccess<Secret>>(input, Expected::Both, |grant| {
        let found = [Some(&grant.credential), grant.unplaced.as_ref()].into_iter().flatten();
        found.map(|credential| credential.access_token.expose().to_owned()).collect()
    });
});
