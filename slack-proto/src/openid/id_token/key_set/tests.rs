use serde_json::{Value, json};

use super::*;

/// Accepts every key.
struct Any;

impl Rs256 for Any {
    fn key(&self, _: &[u8], _: &[u8]) -> Option<Box<dyn Rs256Key>> {
        struct Key;
        impl Rs256Key for Key {
            fn verifies(&self, _: &[u8], _: &[u8]) -> bool {
                true
            }
        }
        Some(Box::new(Key))
    }
}

/// Accepts no key.
struct None_;

impl Rs256 for None_ {
    fn key(&self, _: &[u8], _: &[u8]) -> Option<Box<dyn Rs256Key>> {
        None
    }
}

fn parse(body: &str) -> Result<KeySet, DocumentFault> {
    KeySet::parse_response(&Response::new(body), &Any).map_err(|error| error.fault())
}

fn set(keys: &Value) -> KeySet {
    parse(&json!({ "keys": keys }).to_string()).unwrap()
}

fn told(set: &KeySet) -> Vec<String> {
    set.parse_warnings().iter().map(ToString::to_string).collect()
}

fn base64url(bits: usize) -> String {
    let mut number = vec![0xff; bits.div_ceil(8)];
    if bits % 8 != 0 {
        number[0] = (1 << (bits % 8)) - 1;
    }
    BASE64_URL_SAFE_NO_PAD.encode(number)
}

fn key(id: &str) -> Value {
    json!({"kty": "RSA", "kid": id, "alg": "RS256", "n": base64url(2048), "e": "AQAB"})
}

fn key_with(member: &str, value: &Value) -> Value {
    let mut key = key("a");
    key[member] = value.clone();
    key
}

#[test]
fn slacks_own_set() {
    let set = parse(include_str!("../../../../tests/samples/jwks--single-key.json")).unwrap();
    assert_eq!((set.len(), set.is_empty(), told(&set).len()), (1, false, 0));
    let shown = format!("{set:?}");
    let expected = r#"KeySet { key_ids: ["1UFBOqgRZ5l7lG89WeReoemNNmZU5wWYJm1WsOFPCYo"], parse_warnings: [], .. }"#;
    assert_eq!(shown, expected);
    assert!(set.find("1UFBOqgRZ5l7lG89WeReoemNNmZU5wWYJm1WsOFPCYo").is_some());
    assert!(set.find("1UFBOqgRZ5l7lG89WeReoemNNmZU5wWYJm1WsOFPCYp").is_none());
    let none = parse(include_str!("../../../../tests/samples/jwks--empty.json")).unwrap();
    assert!(none.is_empty() && none.find("").is_none());
}

#[test]
fn an_odd_key_spoils_only_itself() {
    for (member, value, says) in [
        ("kty", json!("EC"), "`kty` is not RSA; passed over"),
        ("kty", json!(null), "`kty` is not RSA; passed over"),
        ("alg", json!("RS512"), "`alg` is not RS256; passed over"),
        ("use", json!("enc"), "`use` is not sig; passed over"),
        ("kid", json!(""), "no usable `kid`; passed over"),
        ("kid", json!(null), "no usable `kid`; passed over"),
        ("kid", json!("first"), "the `kid` of a key before it; passed over"),
        ("n", json!(""), "no usable `n`; passed over"),
        ("n", json!("AA"), "no usable `n`; passed over"),
        ("n", json!("not base64url!"), "no usable `n`; passed over"),
        ("n", json!("A".repeat(1401)), "no usable `n`; passed over"),
        ("n", json!(base64url(2047)), "fewer than 2,048 bits; passed over"),
        ("n", json!(base64url(1024)), "fewer than 2,048 bits; passed over"),
        ("n", json!(base64url(8193)), "more than 8,192 bits; passed over"),
        ("e", json!(null), "no usable `e`; passed over"),
        ("e", json!("AQ"), "an exponent that RSA does not allow; passed over"),
        ("e", json!("Ag"), "an exponent that RSA does not allow; passed over"),
        ("e", json!("AQAAAAE"), "an exponent that RSA does not allow; passed over"),
    ] {
        let set = set(&json!([key("first"), key_with(member, &value), key("last")]));
        assert_eq!(set.key_ids().map(UntrustedText::as_str).collect::<Vec<_>>(), ["first", "last"]);
        assert_eq!(told(&set), [format!("keys[1]: {says}")], "{member}: {value}");
    }
}

#[test]
fn what_is_no_key_at_all_is_passed_over() {
    let set = set(&json!([7, null, "x", [], {}, key("a"), {"kty": 7}]));
    assert_eq!(set.len(), 1);
    assert_eq!(
        told(&set),
        [
            "keys[0]: expected an object, found a number",
            "keys[2]: expected an object, found a string",
            "keys[3]: expected an object, found a list",
            "keys[6].kty: expected a string, found a number",
            "keys[4]: `kty` is not RSA; passed over",
            "keys[6]: `kty` is not RSA; passed over",
        ]
    );
}

#[test]
fn members_that_slack_leaves_out_may_be_missing_or_there() {
    let mut bare = key("a");
    bare.as_object_mut().unwrap().remove("alg");
    let full = json!({"kty": "RSA", "kid": "b", "alg": "RS256", "use": "sig", "key_ops": ["verify"], "x5c": [1],
        "n": base64url(4096), "e": "AQAB"});
    let zeros =
        key_with("n", &json!(BASE64_URL_SAFE_NO_PAD.encode([&[0][..], &[0xff; 256]].concat())));
    let set = set(&json!([bare, full]));
    assert_eq!((set.len(), told(&set).len()), (2, 0));
    assert_eq!(super::tests::set(&json!([zeros])).len(), 1);
    // Four bytes, the last of them odd.
    assert_eq!(super::tests::set(&json!([key_with("e", &json!("AQAAAQ"))])).len(), 1);
    assert_eq!(super::tests::set(&json!([key_with("n", &json!(base64url(8192)))])).len(), 1);
}

#[test]
fn a_key_that_the_implementation_refuses_is_passed_over() {
    let body = json!({"keys": [key("a")]}).to_string();
    let set = KeySet::parse_response(&Response::new(body), &None_).unwrap();
    assert_eq!(told(&set), ["keys[0]: refused by the RSA implementation; passed over"]);
    assert!(set.is_empty());
}

#[test]
fn a_flood_of_keys_is_cut() {
    let keys: Vec<_> = (0..1000).map(|number| key(&number.to_string())).collect();
    let set = set(&json!(keys));
    assert_eq!(set.len(), 16);
    assert_eq!(told(&set), ["keys: more than 16 keys; the first 16 count"]);
}

#[test]
fn what_is_no_set_is_refused() {
    assert_eq!(parse("[]").unwrap_err(), DocumentFault::NotAnObject);
    for body in ["{}", r#"{"keys":null}"#, r#"{"keys":{}}"#, r#"{"keys":"x"}"#] {
        assert_eq!(parse(body).unwrap_err(), DocumentFault::Missing("keys"), "{body}");
    }
    let mut response = Response::new(r#"{"keys":[]}"#);
    *response.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
    let error = KeySet::parse_response(&response, &Any).unwrap_err();
    assert_eq!(error.to_string(), "unusable key set: status 503; call again later");
}

#[test]
fn broken_text_elsewhere_does_no_harm() {
    let key = key("a");
    let body = format!(r#"{{"x":1e999,"y":"\ud800","keys":[{key},{{"kid":"\ud800"}}]}}"#);
    let set = parse(&body).unwrap();
    assert_eq!(set.len(), 1);
}
