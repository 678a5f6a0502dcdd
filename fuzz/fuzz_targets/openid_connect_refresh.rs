//! Replies of `openid.connect.token` to a refresh token.
#![no_main]

use libfuzzer_sys::fuzz_target;
use slack_auth_fuzz::reply::{self, Places};
use slack_proto::OpenidConnectRefresh;

fuzz_target!(|input: &[u8]| {
    reply::check_tokens::<OpenidConnectRefresh>(input, Places::Top, |grant| {
        reply::texts([&grant.credential], &[])
    });
});
