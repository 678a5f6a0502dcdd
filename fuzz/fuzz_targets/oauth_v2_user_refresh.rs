//! Replies of `oauth.v2.user.access` to a refresh token.
#![no_main]

use libfuzzer_sys::fuzz_target;
use slack_auth_fuzz::reply::{self, Places};
use slack_proto::OauthV2UserRefresh;

fuzz_target!(|input: &[u8]| {
    reply::check_tokens::<OauthV2UserRefresh>(input, Places::TopAndAuthedUser, |grant| {
        reply::texts(
            [&grant.credential].into_iter().chain(&grant.unplaced),
            &grant.spare_refresh_tokens,
        )
    });
});
