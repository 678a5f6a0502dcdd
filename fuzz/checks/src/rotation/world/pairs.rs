//! The pairs that there are, each with its number.

use std::time::Duration;

use slack_proto::{
    AccessToken, Timestamp,
    rotation::AnyCredential,
    tokens::{ConfigurationCredential, ConfigurationToken, Credential, RefreshToken},
};

use super::{Kind, START, Setup};

/// The pair that the store holds at first: due, or nearly.
pub(super) fn first(setup: Setup) -> AnyCredential {
    pair(setup, 1, START - 40_000)
}

/// The nth pair. A higher number was issued later.
pub(super) fn pair(setup: Setup, n: u64, issued_at: u64) -> AnyCredential {
    let issued_at = Timestamp::from_unix(issued_at);
    let expires_at = setup.life.map(|life| issued_at + Duration::from_secs(life.into()));
    let refresh_token = RefreshToken::new(format!("xoxe-1-{n}")).expect("visible ASCII");
    match setup.kind {
        Kind::Installed(refresh_method) => {
            let token = AccessToken::new(format!("xoxe.xoxb-1-{n}")).expect("visible ASCII");
            let mut credential = Credential::new(token, issued_at);
            credential.refresh_method = refresh_method;
            credential.refresh_token = Some(refresh_token);
            credential.expires_at = expires_at;
            credential.into()
        }
        Kind::Configuration => {
            let token = ConfigurationToken::new(format!("xoxe.xoxp-1-{n}")).expect("visible ASCII");
            let mut credential = ConfigurationCredential::new(token, refresh_token, issued_at);
            credential.expires_at = expires_at;
            credential.into()
        }
    }
}

pub(super) fn without_refresh_token(mut credential: AnyCredential) -> AnyCredential {
    match &mut credential {
        AnyCredential::Credential(it) => it.refresh_token = None,
        AnyCredential::Configuration(it) => it.refresh_token = None,
        _ => {}
    }
    credential
}

pub(super) fn number(credential: &AnyCredential) -> u64 {
    let token = credential.access_token().map(AccessToken::expose);
    let token = token.or(credential.configuration_token().map(ConfigurationToken::expose));
    token.and_then(|token| token.rsplit('-').next()?.parse().ok()).unwrap_or_default()
}
