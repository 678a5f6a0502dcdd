//! Replies of `oauth.v2.access` to a code.
#![no_main]

use libfuzzer_sys::fuzz_target;
use slack_auth_fuzz::reply::{self, Places};
use slack_proto::{OauthV2Access, Secret};

fuzz_target!(|input: &[u8]| {
    reply::check_tokens::<OauthV2Access<Secret>>(input, Places::TopAndAuthedUser, |grant| {
        let found = [&grant.bot, &grant.user, &grant.unplaced].into_iter().flatten();
        reply::texts(found, &grant.spare_refresh_tokens)
    });
});
