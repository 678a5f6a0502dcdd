//! Replies of `oauth.v2.access` to a code.
#![no_main]

use libfuzzer_sys::fuzz_target;
use slack_auth_fuzz::reply::{self, Expected};
use slack_proto::{OauthV2Access, Secret};

fuzz_target!(|input: &[u8]| {
    reply::check_tokens::<OauthV2Access<Secret>>(input, Expected::Both, |grant| {
        let found = [&grant.bot, &grant.user, &grant.unplaced].into_iter().flatten();
        found.map(|credential| credential.access_token.expose().to_owned()).collect()
    });
});
