//! What the canary looks like, and what looks for it.

use std::fmt::{Debug, Display};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use slack_proto::{
    AccessToken, ClientId, ClientSecret, ConfidentialClient, PublicClient,
    oauth::{AuthorizationCode, CodeVerifier},
};

/// Looks like a token, as every secret in a place meant for other text must to be recognised; survives no escaping.
pub(crate) const CANARY: &str = "xoxz-C4n4ry+/=?7";

/// The shapes in which the canary could get out.
fn shapes() -> Vec<String> {
    let bytes = CANARY.as_bytes();
    let join =
        |each: fn(&u8) -> String, with: &str| bytes.iter().map(each).collect::<Vec<_>>().join(with);
    let mut shapes = vec![
        CANARY.to_owned(),
        "C4n4ry".to_owned(),
        join(|byte| format!("%{byte:02X}"), ""),
        form_urlencoded::byte_serialize(bytes).collect(),
        join(|byte| format!("{byte:02x}"), ""),
        join(|byte| format!("{byte:02X}"), ""),
        join(|byte| format!("{byte:02x}"), " "),
        join(u8::to_string, ", "),
        join(u8::to_string, ",\n    "),
    ];
    for offset in 0..3 {
        // The characters that depend on nothing but the canary, wherever it stands in what was encoded.
        let padded = [&[0; 3][..offset], bytes].concat();
        let encoded = BASE64_STANDARD.encode(&padded);
        let from = (offset * 8).div_ceil(6);
        let to = padded.len() * 8 / 6;
        shapes.push(encoded[from..to].to_owned());
        shapes.push(encoded[from..to].replace('+', "-").replace('/', "_"));
    }
    shapes
}

fn assert_clean(what: &str, text: &str) {
    // An indented list of decimal bytes is a list all the same.
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for shape in shapes() {
        let shape = shape.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(!folded.contains(&shape), "{what} shows the canary as {shape}");
    }
}

pub(crate) fn debug<T: Debug>(what: &str, value: &T) {
    assert_clean(what, &format!("{value:?}"));
    assert_clean(what, &format!("{value:#?}"));
}

pub(crate) fn display(what: &str, value: &impl Display) {
    assert_clean(what, &format!("{value}"));
    assert_clean(what, &format!("{value:#}"));
}

pub(crate) fn both<T: Debug + Display>(what: &str, value: &T) {
    debug(what, value);
    display(what, value);
}

pub(crate) fn token() -> AccessToken {
    AccessToken::new(CANARY).unwrap()
}

pub(crate) fn code() -> AuthorizationCode {
    AuthorizationCode::new(CANARY).unwrap()
}

pub(crate) fn verifier() -> CodeVerifier {
    // The canary's letters, as far as a verifier may have them.
    CodeVerifier::new("C4n4ry".repeat(8)).unwrap()
}

pub(crate) fn confidential() -> ConfidentialClient {
    ConfidentialClient::new(ClientId::new("1.2").unwrap(), ClientSecret::new(CANARY).unwrap())
}

pub(crate) fn public() -> PublicClient {
    PublicClient::new(ClientId::new("1.2").unwrap())
}

#[test]
fn the_canary_would_be_seen() {
    for shown in [
        format!("{:?}", CANARY.as_bytes()),
        format!("{:#?}", CANARY.as_bytes()),
        format!("{:02x?}", CANARY.as_bytes()).replace(", ", " "),
        BASE64_STANDARD.encode(format!("1.2:{CANARY}")),
        BASE64_STANDARD.encode(format!("12.2:{CANARY}")),
        BASE64_STANDARD.encode(format!("123.2:{CANARY}")),
        form_urlencoded::byte_serialize(CANARY.as_bytes()).collect(),
    ] {
        let seen = std::panic::catch_unwind(|| assert_clean("a leak", &shown));
        assert!(seen.is_err(), "{shown} was not recognised");
    }
}
