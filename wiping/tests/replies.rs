//! What reading a reply leaves in memory: one test, since it counts for the whole process.

use http::Response;
use slack_proto::ApiMethod;
use slack_proto::methods::OauthV2Access;
use slack_proto::oauth::SecretAuthentication;
use slack_wiping_tests::{IN_REPLY, Searching, freed_with_secrets};
use zeroize::Zeroizing;

#[global_allocator]
static ALLOCATOR: Searching = Searching;

/// Reads a reply with the secret as its token, and returns how many blocks were freed with the secret in them.
fn leaves(begin: &[u8], end: &[u8]) -> usize {
    let mut body = Zeroizing::new(Vec::with_capacity(1024));
    for part in [begin, IN_REPLY, end] {
        body.extend_from_slice(part);
    }
    let _earlier = freed_with_secrets();
    let response = Response::new(body);
    let reply = OauthV2Access::<SecretAuthentication>::parse_response(&response).unwrap();
    let token = reply.value.unplaced.as_ref().unwrap().access_token.expose();
    assert!(token.as_bytes().ends_with(IN_REPLY));
    drop(reply);
    drop(response);
    freed_with_secrets()[2]
}

#[test]
fn what_reading_frees_holds_no_token_but_where_security_md_says_so() {
    // That a secret is found at all.
    drop(std::hint::black_box(IN_REPLY.to_vec()));
    assert_eq!(freed_with_secrets()[2], 1);

    let good = br#"{"ok":true,"access_token":""#;
    assert_eq!(leaves(good, br#""}"#), 0, "a usual reply");
    assert_eq!(leaves(good, b"\",\"x\":\"\xff\"}"), 0, "a broken byte");
    assert_eq!(leaves(good, b"\",\"x\":\"\t\"}"), 0, "a control character");
    assert_eq!(leaves(good, b"\",\"x\":\"\xff\t\x01\"} and more"), 0, "both, and more text");
    assert_eq!(leaves(good, br#"","x":1e999}"#), 0, "a number out of range");
    // serde_json unescapes into a buffer of its own.
    let escaped = leaves(br#"{"ok":true,"access_token":"\u0078"#, br#""}"#);
    assert!(escaped <= 1, "an escape: {escaped}");
}
