//! Replies of `openid.connect.userInfo`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use slack_auth_fuzz::reply;
use slack_proto::OpenidConnectUserInfo;

fuzz_target!(|input: &[u8]| {
    reply::check::<OpenidConnectUserInfo>(input);
});
