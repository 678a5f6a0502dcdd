//! Replies of `oauth.v2.user.access`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use slack_auth_fuzz::reply::{self, Places};
use slack_proto::{OauthV2UserAccess, Secret};

fuzz_target!(|input: &[u8]| {
    reply::check_tokens::<OauthV2UserAccess<Secret>>(input, Places::TopAndAuthedUser, |grant| {
        reply::texts(
            [&grant.credential].into_iter().chain(&grant.unplaced),
            &grant.spare_refresh_tokens,
        )
    });
});
