//! Sign in with Slack: documents, tokens, and who somebody is.

use std::time::Duration;

use http::Response;
use slack_proto::{
    AccessToken, AuthorizationRequest, Authorized, ClientId, Discovery, DocumentError, Endpoint,
    Entropy, ExpectedIdToken, IdToken, IdTokenError, IdTokenVerifier, IdentityKey, KeySet, Method,
    Nonce, OpenidConnectToken, RedirectUri, Rs256, Rs256Key, Secret, SignInScopes, Timestamp,
    UserClaims, VerifiedIdToken,
};

use crate::shown;

const DISCOVERY: &str =
    include_str!("../../../slack-proto/tests/samples/openid-configuration--slack.json");
const KEYS: &str = include_str!("../../../slack-proto/tests/samples/jwks--single-key.json");
const SIGNED_IN: &str =
    include_str!("../../../slack-proto/tests/samples/openid.connect.token--signed-id-token.json");
// When the sample was signed, and for whom.
const NOW: Timestamp = Timestamp::from_unix(1_795_219_200);
const CLIENT_ID: &str = "1000000001.2000000002";
const NONCE: &str = "fake-nonce-0001";

/// Cryptography that a user brings: it believes everything, or nothing.
#[derive(Clone, Copy)]
struct Believes(bool);

impl Rs256 for Believes {
    fn key(&self, modulus: &[u8], exponent: &[u8]) -> Option<Box<dyn Rs256Key>> {
        assert_eq!((modulus.len(), exponent), (256, &[1, 0, 1][..]));
        Some(Box::new(*self))
    }
}

impl Rs256Key for Believes {
    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        assert!(!message.is_empty() && signature.len() == 256);
        self.0
    }
}

pub(crate) fn documents() {
    let slack = Endpoint::slack();
    assert!(Discovery::request(&slack).uri().path().ends_with("/openid-configuration"));
    let discovery = Discovery::parse_response(&slack, &Response::new(DISCOVERY)).unwrap();
    assert_eq!(Discovery::keys_request(&discovery).uri(), "https://slack.com/openid/connect/keys");
    assert!(Discovery::oddities(&discovery).is_empty());
    let verifier = IdTokenVerifier::new(&slack);
    assert_eq!(IdTokenVerifier::expected_issuer(&verifier), "https://slack.com");
    Discovery::check_issuer(&discovery, &verifier).unwrap();
    let other = IdTokenVerifier::issuer(verifier, "https://slack-gov.com");
    let error = Discovery::check_issuer(&discovery, &other).unwrap_err();
    assert!(shown(&DocumentError::recovery(&error)).contains("FixConfiguration"));
    assert!(format!("{:?}", DocumentError::fault(&error)).contains("Issuer"));
    shown(&error);

    let keys = KeySet::parse_response(&Response::new(KEYS), &Believes(true)).unwrap();
    assert!(KeySet::len(&keys) == 1 && !KeySet::is_empty(&keys));
    assert!(KeySet::key_ids(&keys).count() == 1 && KeySet::oddities(&keys).is_empty());
    let (key, none) = (Rs256::key(&Believes(false), &[1; 256], &[1, 0, 1]), &[0; 256]);
    assert!(!Rs256Key::verifies(&*key.unwrap(), b"m", none));
    for garbage in ["", "[", "{}", "<html>", r#"{"keys":7}"#, r#"{"issuer":"","jwks_uri":"x"}"#] {
        shown(&KeySet::parse_response(&Response::new(garbage), &Believes(true)).unwrap_err());
        shown(&Discovery::parse_response(&slack, &Response::new(garbage)).unwrap_err());
    }
}

pub(crate) fn id_tokens() {
    let response = OpenidConnectToken::<Secret>::parse_response(&Response::new(SIGNED_IN));
    let answer = response.ok().unwrap().value;
    let (token, beside) = (answer.id_token.unwrap(), answer.credential.access_token);
    let unverified = IdToken::decode_without_verifying(&token).unwrap();
    assert!(!format!("{unverified:?}").contains("eyJ"));

    let nonce = Nonce::new(NONCE).unwrap();
    assert!(Nonce::matches(&nonce, NONCE) && !Nonce::matches(&nonce, "other"));
    assert!(!Nonce::same_as(&nonce, &Nonce::from_entropy(&Entropy::new([7; 96]))));
    let expected = ExpectedIdToken::new(ClientId::new(CLIENT_ID).unwrap());
    let expected = ExpectedIdToken::nonce(expected, nonce);
    assert_eq!(ExpectedIdToken::client_id(&expected).as_str(), CLIENT_ID);
    assert!(ExpectedIdToken::sent_nonce(&expected).is_some());

    let verifier =
        IdTokenVerifier::leeway(IdTokenVerifier::new(&Endpoint::slack()), Duration::ZERO);
    let verify = |believes, token: &IdToken, beside: &AccessToken, now| {
        let keys = KeySet::parse_response(&Response::new(KEYS), &Believes(believes)).unwrap();
        IdTokenVerifier::verify(&verifier, &keys, token, &expected, Some(beside), now)
    };
    let verified = verify(true, &token, &beside, NOW).unwrap();
    assert!(VerifiedIdToken::oddities(&verified).is_empty());
    let identity = UserClaims::identity(&verified.user).unwrap();
    assert_eq!(IdentityKey::user(&identity).as_str(), "U0FAKE00001");
    assert_eq!(
        IdentityKey::of(Some(&"T0FAKE00001".into()), None, &"U0FAKE00001".into()),
        Some(identity)
    );
    assert!(UserClaims::is_same_person(&verified.user, &verified.user));

    let other = AccessToken::new("xoxp-other").unwrap();
    let late = NOW + Duration::from_secs(301);
    for refused in [
        verify(false, &token, &beside, NOW),
        verify(true, &token, &other, NOW),
        verify(true, &token, &beside, late),
        verify(true, &token, &beside, Timestamp::from_unix(1)),
        verify(true, &IdToken::new("a.b.c").unwrap(), &beside, NOW),
        verify(true, &IdToken::new("e30.e30.").unwrap(), &beside, NOW),
        verify(true, &IdToken::new("..").unwrap(), &beside, NOW),
    ] {
        let error = refused.unwrap_err();
        shown(&IdTokenError::recovery(&error));
        assert!(!shown(&error).contains("eyJ"));
    }
}

pub(crate) fn signing_in() {
    let scopes = SignInScopes::profile(SignInScopes::email(SignInScopes::openid()));
    assert_eq!(SignInScopes::as_scopes(&scopes).iter().count(), 3);
    shown(&SignInScopes::new("openid,chat:write").unwrap_err());
    let request = AuthorizationRequest::<OpenidConnectToken>::new(
        ClientId::new(CLIENT_ID).unwrap(),
        scopes,
        RedirectUri::new("https://app.example.com/cb").unwrap(),
    );
    let (url, pending) = request.unwrap().begin(&Endpoint::slack(), &Entropy::new([7; 96]), NOW);
    assert!(url.expose().contains("/openid/connect/authorize?response_type=code&"));
    let callback = format!("code=c&state={}", pending.state().expose());
    let callback = slack_proto::Callback::parse(&callback).unwrap();
    let authorized = pending.finish(callback, NOW).unwrap();
    assert!(
        Authorized::<OpenidConnectToken>::expected_id_token(&authorized).sent_nonce().is_some()
    );
}
