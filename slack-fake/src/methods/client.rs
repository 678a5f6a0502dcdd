//! Client authentication at the token methods: client id, secret and PKCE verifier.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::UserAccessAuth;
use crate::methods::token_method::ClientKind;
use crate::state::app::{AppRecord, Setting};
use crate::state::code::Flow;
use crate::state::memory::State;
use crate::wire::call::{Arguments, Authorization, Call};

/// The client that a caller claims to be.
pub(crate) struct Claim {
    pub(crate) client_id: String,
    pub(crate) secret: Option<String>,
}

impl State {
    /// Reads the claim of a call to a token method from the `Authorization` header and the body,
    /// which must not contradict each other.
    ///
    /// A Bearer token that works is ignored there; one that does not is refused.
    pub(crate) fn claim(
        &mut self,
        flow: Flow,
        call: &Call<'_>,
        arguments: &Arguments,
        now: u64,
    ) -> Result<Claim, &'static str> {
        let body_only =
            flow == Flow::UserInstall && self.rules.user_access_auth == UserAccessAuth::BodyOnly;
        match &call.authorization {
            Authorization::Basic(_) if body_only => Err("bad_client_secret"),
            Authorization::Other | Authorization::Basic(None) => Err("invalid_client_id"),
            Authorization::Basic(Some(pair)) => Claim::in_header(pair, arguments),
            Authorization::Bearer(token) => {
                self.live_credential(token, now).map_err(|_| "invalid_auth")?;
                Claim::in_body(arguments)
            }
            Authorization::None => Claim::in_body(arguments),
        }
    }
}

impl Claim {
    fn in_header(
        (basic_id, basic_secret): &(String, String),
        arguments: &Arguments,
    ) -> Result<Self, &'static str> {
        if arguments.value("client_id").is_some_and(|id| id != basic_id) {
            return Err("invalid_client_id");
        }
        if arguments.sent("client_secret").is_some_and(|secret| secret != basic_secret) {
            return Err("bad_client_secret");
        }
        Ok(Self { client_id: basic_id.clone(), secret: Some(basic_secret.clone()) })
    }

    /// Reads the claim from the body alone, for the methods where Basic is not known to work.
    pub(crate) fn in_body(arguments: &Arguments) -> Result<Self, &'static str> {
        let client_id = arguments.value("client_id").ok_or("invalid_client_id")?.to_owned();
        Ok(Self { client_id, secret: arguments.sent("client_secret").map(str::to_owned) })
    }

    pub(crate) fn kind(&self) -> ClientKind {
        match self.secret {
            Some(_) => ClientKind::Confidential,
            None => ClientKind::Public,
        }
    }

    /// Checks the claim of a code grant: the secret, or the right to do without one.
    pub(crate) fn check_for_code(
        &self,
        state: &State,
        verifier: Option<&str>,
    ) -> Result<(), &'static str> {
        let app = self.app(state)?;
        if verifier.is_none() {
            return self.check_secret(app);
        }
        if !app.has(Setting::Pkce) {
            return Err("pkce_not_allowed");
        }
        match self.secret {
            None => Ok(()),
            Some(_) if app.has(Setting::SecretBesideVerifier) => self.check_secret(app),
            Some(_) => Err("internal_error"),
        }
    }

    /// Checks that the secret was sent and is right.
    pub(crate) fn check_secret(&self, app: &AppRecord) -> Result<(), &'static str> {
        match &self.secret {
            Some(secret) if *secret == app.client_secret => Ok(()),
            _ => Err("bad_client_secret"),
        }
    }

    pub(crate) fn app<'a>(&self, state: &'a State) -> Result<&'a AppRecord, &'static str> {
        state.app(&self.client_id).ok_or("invalid_client_id")
    }
}

/// Checks a PKCE verifier against the challenge of the authorize leg (RFC 7636 section 4.6, S256).
pub(crate) fn check_verifier(
    challenge: Option<&str>,
    verifier: Option<&str>,
) -> Result<(), &'static str> {
    match (challenge, verifier) {
        (None, None) => Ok(()),
        (Some(challenge), Some(verifier))
            if is_verifier(verifier) && challenge_of(verifier) == challenge =>
        {
            Ok(())
        }
        _ => Err("invalid_code_verifier"),
    }
}

fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'))
}

fn challenge_of(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn a_verifier_must_hash_to_the_challenge() {
        assert_eq!(check_verifier(Some(CHALLENGE), Some(VERIFIER)), Ok(()));
        assert_eq!(check_verifier(None, None), Ok(()));
        let wrong = Err("invalid_code_verifier");
        assert_eq!(check_verifier(Some(CHALLENGE), Some(&VERIFIER.replace('d', "e"))), wrong);
        assert_eq!(check_verifier(Some(CHALLENGE), None), wrong);
        assert_eq!(check_verifier(None, Some(VERIFIER)), wrong);
    }

    #[test]
    fn a_verifier_outside_the_rfc_is_refused_though_it_hashes_right() {
        let short = "secretpassword";
        assert_eq!(challenge_of(short), "ldMBaaWcQYtSATMV_IG8mf3wp7A6EW80arYoSW80ntU");
        assert_eq!(
            check_verifier(Some(&challenge_of(short)), Some(short)),
            Err("invalid_code_verifier")
        );
        let long = "a".repeat(129);
        assert_eq!(
            check_verifier(Some(&challenge_of(&long)), Some(&long)),
            Err("invalid_code_verifier")
        );
    }
}
