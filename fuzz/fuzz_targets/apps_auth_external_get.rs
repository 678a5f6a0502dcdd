//! Replies of `apps.auth.external.get`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use slack_auth_fuzz::reply;
use slack_proto::AppsAuthExternalGet;

fuzz_target!(|input: &[u8]| {
    reply::check::<AppsAuthExternalGet>(input);
});
