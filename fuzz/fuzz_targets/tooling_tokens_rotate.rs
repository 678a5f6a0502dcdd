//! Replies of `tooling.tokens.rotate`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use slack_auth_fuzz::reply;
use slack_proto::ToolingTokensRotate;

fuzz_target!(|input: &[u8]| {
    reply::check::<ToolingTokensRotate>(input);
});
