//! Replies of `auth.revoke`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use slack_auth_fuzz::reply;
use slack_proto::AuthRevoke;

fuzz_target!(|input: &[u8]| {
    reply::check::<AuthRevoke>(input);
});
