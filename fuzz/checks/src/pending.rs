//! What must hold for a pending authorization that is read from text.

use std::time::Duration;

use slack_proto::{
    Timestamp,
    methods::{OauthV2Access, OauthV2UserAccess, OpenidConnectToken},
    oauth::{CodeExchange, CodeVerifier, InvalidPendingAuthorization, PendingAuthorization},
    tokens::Fingerprint,
};

use crate::secrets;

/// Reads the text as each flow, as it is and with a check that is right: what is taken was written exactly so, belongs
/// to one flow alone, and is not taken beyond its life.
pub(crate) fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let body = text.rsplit_once("&check=").map_or(text, |(body, _)| body);
    let checked = format!("{body}&check={}", Fingerprint::of(body));
    for text in [text, &*checked] {
        let flows = [
            check_as::<OauthV2Access>(text),
            check_as::<OauthV2Access<CodeVerifier>>(text),
            check_as::<OauthV2UserAccess<CodeVerifier>>(text),
            check_as::<OpenidConnectToken>(text),
            check_as::<OpenidConnectToken<CodeVerifier>>(text),
        ];
        let taken = flows.into_iter().filter(|&taken| taken).count();
        assert!(taken <= 1, "taken for more than one flow");
        assert!(taken == 0 || text == checked, "taken without its check");
    }
}

/// Tells whether the text is a pending authorization of `M`.
fn check_as<M: CodeExchange>(text: &str) -> bool {
    let Some(began_at) = number(text, "began_at") else {
        let error = PendingAuthorization::<M>::decode(text, Timestamp::default());
        assert!(error.is_err(), "taken without a beginning");
        return false;
    };
    let began_at = Timestamp::from_unix(began_at);
    match PendingAuthorization::<M>::decode(text, began_at) {
        Ok(pending) => {
            secrets::assert_hidden(&pending);
            assert!(pending.encode_exposing_secrets() == text, "changed by reading it");
            let life = Duration::from_secs(number(text, "life").expect("taken without a life"));
            assert_eq!(pending.expires_at(), began_at + life);
            let late = pending.expires_at() + Duration::from_secs(1);
            let late_is_later = late > pending.expires_at();
            let error = PendingAuthorization::<M>::decode(text, late).err();
            let expected = late_is_later.then_some(InvalidPendingAuthorization::Expired);
            assert_eq!(error, expected, "taken beyond its life");
            true
        }
        Err(error) => {
            secrets::assert_hidden_error(&error);
            false
        }
    }
}

fn number(text: &str, wanted: &str) -> Option<u64> {
    let mut members = form_urlencoded::parse(text.as_bytes());
    members.find(|(name, _)| name == wanted)?.1.parse().ok()
}
