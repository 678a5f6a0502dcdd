//! Nothing that is printed looks like a token.

use std::fmt::Debug;

/// What Slack's tokens, and the JSON of an ID token's base64, begin with. Text from outside that holds one of them is
/// shown by its length only, so none can turn up in any output, wherever the fuzzer planted it.
const MARKS: [&str; 4] = ["xox", "xapp-", "xwfp-", "eyJ"];

/// Formats a value in both ways of `Debug`.
pub fn assert_hidden(value: &impl Debug) {
    check(&format!("{value:?}"));
    check(&format!("{value:#?}"));
}

/// Formats an error and its sources in all ways.
pub fn assert_hidden_error(error: &impl std::error::Error) {
    assert_hidden(error);
    check(&error.to_string());
    let mut source = error.source();
    while let Some(cause) = source {
        check(&format!("{cause:?} {cause}"));
        source = cause.source();
    }
}

fn check(shown: &str) {
    for mark in MARKS {
        assert!(!shown.contains(mark), "something like a token is shown");
    }
}
