//! Replies of `apps.uninstall`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use slack_auth_fuzz::reply;
use slack_proto::AppsUninstall;

fuzz_target!(|input: &[u8]| {
    reply::check::<AppsUninstall>(input);
});
