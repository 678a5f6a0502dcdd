//! Replies of `auth.teams.list`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use slack_auth_fuzz::reply;
use slack_proto::AuthTeamsList;

fuzz_target!(|input: &[u8]| {
    reply::check::<AuthTeamsList>(input);
});
