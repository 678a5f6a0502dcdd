//! Replies of `apps.auth.external.delete`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use slack_auth_fuzz::reply;
use slack_proto::AppsAuthExternalDelete;

fuzz_target!(|input: &[u8]| {
    reply::check::<AppsAuthExternalDelete>(input);
});
