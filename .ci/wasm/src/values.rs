//! Ids, secrets, scopes, times, places and proofs.

use std::{
    fmt::Debug,
    time::{Duration, UNIX_EPOCH},
};

use slack_proto::{
    AccessToken, ClientId, ClientSecret, ConfidentialClient, Endpoint, PublicClient, Slot,
    Timestamp,
    error::{ErrorClass, InvalidValue},
    ids::{AppId, BotId, ChannelId, EnterpriseId, ExternalTokenId, ProviderKey, TeamId, UserId},
    methods::UntrustedText,
    oauth::{
        AuthorizationCode, ClientCredentials, CodeChallenge, CodeVerifier, OauthState, RandomBytes,
        RedirectUri, Scopes,
    },
    openid::{IdToken, Nonce},
    rotation::{Problem, ReauthorizationReason, RefreshFailure, Rejection, RotationEvent},
    tokens::{ConfigurationToken, ExternalToken, Fingerprint, RefreshToken, TokenKind, WebhookUrl},
};

use crate::shown;

// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(crate) fn ids() {
    assert_eq!(AppId::as_str(&"A1".into()), "A1");
    assert_eq!(BotId::as_str(&"B1".into()), "B1");
    assert_eq!(ChannelId::as_str(&"C1".into()), "C1");
    assert_eq!(EnterpriseId::as_str(&"E1".into()), "E1");
    assert_eq!(ExternalTokenId::as_str(&"Et1".into()), "Et1");
    assert_eq!(ProviderKey::as_str(&"p".into()), "p");
    assert_eq!(TeamId::as_str(&"T1".into()), "T1");
    assert_eq!(UserId::as_str(&"U1".into()), "U1");
    assert_eq!(TeamId::from("xoxb-1").to_string(), "[6 bytes not shown]");
    assert_eq!(UntrustedText::as_str(&"\u{1f511}".into()), "\u{1f511}");
    assert_eq!(shown(&UntrustedText::from("a")), "a \"a\" \"a\"");
}

pub(crate) fn secrets() {
    secret("xoxb-1", " ", AccessToken::new, AccessToken::expose);
    secret("c0de", "", AuthorizationCode::new, AuthorizationCode::expose);
    secret("hush", "", ClientSecret::new, ClientSecret::expose);
    secret(VERIFIER, "sh0rt", CodeVerifier::new, CodeVerifier::expose);
    secret("xoxe.xoxp-1", " ", ConfigurationToken::new, ConfigurationToken::expose);
    secret("t0ken", "", ExternalToken::new, ExternalToken::expose);
    secret("a.b.c", "", IdToken::new, IdToken::expose);
    secret("n0nce", "", Nonce::new, Nonce::expose);
    secret("xoxe-1", " ", RefreshToken::new, RefreshToken::expose);
    secret("st4te", "", OauthState::new, OauthState::expose);
    secret("https://hooks", "", WebhookUrl::new, WebhookUrl::expose);

    let token = AccessToken::new("xoxe.xoxb-1").unwrap();
    assert_eq!(AccessToken::kind(&token), TokenKind::RotatingBot);
    let print = Fingerprint::of("xoxe.xoxb-1");
    assert_eq!(print.to_string().len(), 16);
    assert_eq!(AccessToken::fingerprint(&token), print);
    let a = Fingerprint::of("a");
    assert_eq!(RefreshToken::fingerprint(&RefreshToken::new("a").unwrap()), a);
    assert_eq!(ConfigurationToken::fingerprint(&ConfigurationToken::new("a").unwrap()), a);
    assert_eq!(ExternalToken::fingerprint(&ExternalToken::new("a").unwrap()), a);
    assert_eq!(IdToken::fingerprint(&IdToken::new("a").unwrap()), a);
    let [one, two] = ["xoxe-1", "xoxe-2"].map(|text| RefreshToken::new(text).unwrap());
    assert!(RefreshToken::same_as(&one, &one) && !RefreshToken::same_as(&one, &two));
    let [one, two] = ["1", "2"].map(|text| OauthState::new(text).unwrap());
    assert!(OauthState::same_as(&one, &one) && !OauthState::same_as(&one, &two));
}

pub(crate) fn scopes_and_times() {
    let asked = Scopes::from("chat:write commands,users:read");
    assert!(Scopes::contains(&asked, "commands") && !Scopes::is_empty(&asked));
    assert_eq!(Scopes::iter(&asked).count(), 3);
    let missing = Scopes::missing_from(&asked, &["commands", "users:read"].into());
    assert_eq!(shown(&missing), "chat:write [\"chat:write\"] [\n    \"chat:write\",\n]");

    let time = Timestamp::from_unix(u64::MAX);
    assert_eq!(Timestamp::as_unix(time + Duration::from_secs(1)), u64::MAX);
    assert_eq!(Timestamp::since(time, time - Duration::from_secs(2)), Duration::from_secs(2));
    assert_eq!(Timestamp::from(UNIX_EPOCH + Duration::from_secs(7)), Timestamp::from_unix(7));
}

pub(crate) fn places() {
    assert_eq!(Endpoint::origin(&Endpoint::slack()), "https://slack.com");
    assert_eq!(shown(&Endpoint::gov_slack()).matches("https://slack-gov.com").count(), 3);
    assert!(Endpoint::new("http://[::1]:80").is_ok());
    for wrong in ["", "http://slack.com", "https://a@b", "https://slack.com/api", "\u{0}"] {
        shown(&Endpoint::new(wrong).unwrap_err());
        shown(&RedirectUri::new(wrong.replace("https://slack.com/api", "data:x")).unwrap_err());
    }
    let uri = RedirectUri::new("https://app.example.com/cb").unwrap();
    assert_eq!(RedirectUri::as_str(&uri), "https://app.example.com/cb");
    shown(&uri);
    assert!(RedirectUri::insecure_for_tests("http://127.0.0.1:1/cb").is_ok());
    assert!(RedirectUri::insecure_for_tests("https://app.example.com/cb").is_err());
}

/// What logs and metrics need.
fn words() {
    assert_eq!(TokenKind::as_str(TokenKind::Bot), "bot");
    assert_eq!(TokenKind::slot(TokenKind::User), Some(Slot::User));
    assert_eq!(ErrorClass::as_str(ErrorClass::Config), "config");
    assert_eq!(Rejection::as_str(Rejection::Expired), "expired");
    assert_eq!(RefreshFailure::as_str(&RefreshFailure::NothingSent), "nothing_sent");
    assert_eq!(Problem::as_str(&Problem::NoAnswer), "no_answer");
    assert_eq!(ReauthorizationReason::as_str(&ReauthorizationReason::Missing), "missing");
    let after = Duration::ZERO;
    assert_eq!(RotationEvent::as_str(&RotationEvent::StoreFailed { after }), "store_failed");
    let time = Timestamp::from_unix(u64::MAX);
    assert_eq!(time.to_string(), "+584554051223-11-09T07:00:15Z");
    assert_eq!(Timestamp::to_system_time(Timestamp::from_unix(0)), Some(UNIX_EPOCH));
    let url = Endpoint::method_url(&Endpoint::slack(), "team.info").unwrap();
    assert_eq!(url, "https://slack.com/api/team.info");
}

pub(crate) fn proofs() {
    words();
    let entropy = RandomBytes::new([7; 96]);
    assert_eq!(format!("{entropy:?}"), "RandomBytes([redacted])");
    assert_eq!(CodeVerifier::from_random_bytes(&entropy).expose().len(), 43);
    let challenge = CodeVerifier::challenge(&CodeVerifier::new(VERIFIER).unwrap());
    assert_eq!(CodeChallenge::as_str(&challenge), CHALLENGE);

    let id = ClientId::new("1.2").unwrap();
    assert!(ClientId::new("").is_err());
    assert_eq!(ClientId::as_str(&id), "1.2");
    let secret = ClientSecret::new("hush").unwrap();
    let confidential = ConfidentialClient::in_body(ConfidentialClient::new(id.clone(), secret));
    let public = PublicClient::new(id.clone());
    assert_eq!(ConfidentialClient::id(&confidential), PublicClient::id(&public));
    for client in [ClientCredentials::from(confidential), ClientCredentials::from(public)] {
        assert_eq!(ClientCredentials::id(&client), &id);
        assert!(!format!("{client:?}").contains("hush"));
    }
}

fn secret<T: Clone + Debug>(
    good: &'static str,
    bad: &'static str,
    new: fn(&'static str) -> Result<T, InvalidValue>,
    expose: fn(&T) -> &str,
) {
    let secret = new(good).unwrap();
    assert_eq!(expose(&secret.clone()), good);
    assert!(format!("{secret:?}").ends_with("([redacted])"));
    let refused = new(bad).unwrap_err();
    let told = shown(&refused);
    assert!(told.contains(InvalidValue::field(&refused)));
    assert!(told.contains(InvalidValue::rule(&refused)));
}
