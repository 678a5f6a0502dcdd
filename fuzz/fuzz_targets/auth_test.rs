//! Replies of `auth.test`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use slack_auth_fuzz::reply;
use slack_proto::AuthTest;

fuzz_target!(|input: &[u8]| {
    reply::check::<AuthTest>(input);
});
