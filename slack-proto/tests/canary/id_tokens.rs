//! ID tokens, the keys that sign them, and where those are found.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use http::Response;
use slack_proto::{openid::*, *};

use crate::seen::{CANARY, both, debug};

/// Takes every key, and finds every signature right.
struct Anything;

impl Rs256 for Anything {
    fn key(&self, _: &[u8], _: &[u8]) -> Option<Box<dyn Rs256Key>> {
        Some(Box::new(Self))
    }
}

impl Rs256Key for Anything {
    fn verifies(&self, _: &[u8], _: &[u8]) -> bool {
        true
    }
}

#[test]
fn id_tokens() {
    let c = CANARY;
    let base64url = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    let id_token = |header: &str, claims: &str| {
        let text = format!("{}.{}.{}", base64url(header), base64url(claims), base64url(c));
        IdToken::new(text).unwrap()
    };
    let key =
        format!(r#""kty":"RSA","n":"{}","e":"AQAB""#, BASE64_URL_SAFE_NO_PAD.encode([255; 256]));
    let keys = format!(
        r#"{{"{c}":"{c}","keys":[{{"kid":"{c}",{key}}},{{"kty":"{c}"}},"{c}",{{"kid":"{c}",{key}}}]}}"#
    );
    let keys = KeySet::parse_response(&Response::new(keys), &Anything).unwrap();
    debug("KeySet", &keys);
    assert_eq!((keys.len(), keys.parse_warnings().len()), (1, 3));
    keys.parse_warnings().iter().for_each(|oddity| both("ParseWarning", oddity));
    both("DocumentError", &KeySet::parse_response(&Response::new(c), &Anything).unwrap_err());
    for uri in ["https://slack.com/xoxb-C4n4ry", &format!("https://{c}"), c] {
        let body = format!(
            r#"{{"issuer":"{c}","jwks_uri":"{uri}","token_endpoint":"{c}","{c}":["{c}"]}}"#
        );
        match Discovery::parse_response(&Endpoint::slack(), &Response::new(body)) {
            Ok(discovery) => debug("Discovery", &discovery),
            Err(error) => both("DocumentError", &error),
        }
    }

    let now = Timestamp::from_unix(1_795_219_200);
    let verifier = IdTokenVerifier::new(&Endpoint::slack()).issuer(c);
    let sent = ExpectedIdToken::new(ClientId::new(c).unwrap()).nonce(Nonce::new(c).unwrap());
    let header = format!(r#"{{"alg":"RS256","kid":"{c}"}}"#);
    let about = format!(
        r#""sub":"{c}","https://slack.com/team_id":"{c}","email":"{c}","{c}":"{c}","auth_time":"{c}""#
    );
    let times = r#""iat":1795219200,"exp":1795219500"#;
    let good =
        format!(r#"{{"iss":"{c}","aud":["{c}"],"azp":"{c}","nonce":"{c}",{about},{times}}}"#);
    let verify = |token: &IdToken| {
        verifier.verify(&keys, token, &sent, Some(&AccessToken::new("xoxp-1").unwrap()), now)
    };
    let proved = verify(&id_token(&header, &good)).unwrap();
    debug("VerifiedIdToken", &proved);
    debug("IdentityKey", &proved.user.identity());
    let mut kinds = std::collections::BTreeSet::new();
    for (header, claims) in [
        (c, &*good),
        (&format!(r#"{{"alg":"{c}"}}"#), &good),
        (&format!(r#"{{"alg":"RS256","kid":"{c}!"}}"#), &good),
        (&header, c),
        (&header, &good.replacen(c, &format!("{c}!"), 1)),
        (&header, &good.replacen("[\"", "[\"!", 1)),
        (&header, &good.replacen(&format!("\"nonce\":\"{c}"), &format!("\"nonce\":\"{c}!"), 1)),
        (&header, &good.replacen("\"azp\"", "\"at_hash\"", 1)),
        (&header, &good.replace(times, "")),
    ] {
        let token = id_token(header, claims);
        let error = verify(&token).unwrap_err();
        kinds.insert(error.to_string());
        both("IdTokenError", &error);
        if let Ok(claims) = token.decode_without_verifying() {
            debug("UnverifiedClaims", &claims);
        }
    }
    assert!(kinds.len() >= 8, "{kinds:?}");
}
