//! Replies of `openid.connect.token`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use slack_auth_fuzz::reply::{self, Places};
use slack_proto::{OpenidConnectToken, Secret};

fuzz_target!(|input: &[u8]| {
    reply::check_tokens::<OpenidConnectToken<Secret>>(input, Places::Top, |grant| {
        reply::texts([&grant.credential], &[])
    });
});
