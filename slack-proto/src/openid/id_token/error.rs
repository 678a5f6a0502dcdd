//! Why an ID token proves nothing.

use std::{error::Error, fmt};

use crate::{Recovery, Timestamp, ids::TeamId, methods::UntrustedText};

/// Why an ID token was rejected. The person who brought it is not signed in.
///
/// The variants are in the order of the checks: the first that fails is returned, and no claim is read before the
/// signature was found right.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdTokenError {
    /// It is not three parts of base64url with a JSON object in the first, or longer than 64 KB.
    Malformed,
    /// Its header says `alg: none`, or names no algorithm.
    Unsigned,
    /// Its header names another algorithm than `RS256`, such as one in which the public key would be the secret.
    WrongAlgorithm(UntrustedText),
    /// Its header lists extensions that must be understood (`crit`), and none is understood.
    CriticalHeader,
    /// Its header does not say which key signed it.
    NoKeyId,
    /// The key that it names is not in the set: Slack may have changed its keys. Fetch them once more, but not for
    /// every such token.
    UnknownKey(UntrustedText),
    /// The signature is not that key's, or the token was changed.
    WrongSignature,
    /// Its claims are no JSON object.
    UnreadableClaims,
    /// This claim is missing, or of no use.
    MissingClaim(&'static str),
    /// Somebody else issued it.
    WrongIssuer(UntrustedText),
    /// It was issued for another app.
    WrongAudience,
    /// It was issued for several apps, and another one asked for it (`azp`).
    WrongAuthorizedParty,
    /// It was good until this moment.
    Expired(Timestamp),
    /// It claims to be issued at this moment, which is still to come: is the clock right?
    IssuedInFuture(Timestamp),
    /// It is good from this moment on (`nbf`), which is still to come.
    NotYetValid(Timestamp),
    /// A nonce was sent, and it has none: it may be the token of another sign-in.
    MissingNonce,
    /// A nonce was sent, and it has another one: it is the token of another sign-in.
    WrongNonce,
    /// No nonce was sent, and it has one: it is the token of another sign-in.
    UnexpectedNonce,
    /// It was issued beside another access token (`at_hash`).
    WrongAccessToken,
    /// `at_hash` is [required](crate::openid::IdTokenVerifier::require_at_hash), and the caller has given no access token
    /// to compare it with.
    NoAccessToken,
    /// The person signed in at another workspace than is required.
    WrongTeam(TeamId),
}

impl IdTokenError {
    /// Returns what the program should do next.
    #[must_use]
    pub const fn recovery(&self) -> Recovery {
        match self {
            Self::UnknownKey(_) => Recovery::RetryLater { after: None },
            Self::WrongIssuer(_) | Self::IssuedInFuture(_) | Self::NotYetValid(_) => {
                Recovery::FixConfiguration
            }
            Self::NoAccessToken => Recovery::FixCall,
            _ => Recovery::AuthorizeAgain,
        }
    }
}

impl fmt::Display for IdTokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the ID token proves nothing: ")?;
        match self {
            Self::Malformed => f.write_str("it is not a signed token in three parts of base64url"),
            Self::Unsigned => f.write_str("it is not signed"),
            Self::WrongAlgorithm(found) => write!(f, "its algorithm is {found} and not RS256"),
            Self::CriticalHeader => f.write_str("it needs an extension that is not understood"),
            Self::NoKeyId => f.write_str("it does not name its key"),
            Self::UnknownKey(key_id) => {
                write!(f, "its key {key_id} is not among the published ones")
            }
            Self::WrongSignature => f.write_str("its signature is wrong"),
            Self::UnreadableClaims => f.write_str("its claims are no JSON object"),
            Self::MissingClaim(name) => write!(f, "no usable claim `{name}`"),
            Self::WrongIssuer(found) => write!(f, "{found} issued it"),
            Self::WrongAudience => f.write_str("it is for another app"),
            Self::WrongAuthorizedParty => f.write_str("another app asked for it"),
            Self::Expired(at) => write!(
                f,
                "it was valid until {}; unless it is old, check that this machine's clock is not fast",
                at.as_unix()
            ),
            Self::IssuedInFuture(at) => write!(
                f,
                "it was issued at {}, in the future; check that this machine's clock is not slow",
                at.as_unix()
            ),
            Self::NotYetValid(at) => write!(
                f,
                "it is valid from {} on; check that this machine's clock is not slow",
                at.as_unix()
            ),
            Self::MissingNonce => f.write_str("it repeats no nonce"),
            Self::WrongNonce => f.write_str("its nonce is of another sign-in"),
            Self::UnexpectedNonce => f.write_str("it has a nonce, and none was sent"),
            Self::WrongAccessToken => f.write_str("it came with another access token"),
            Self::NoAccessToken => f.write_str(
                "`at_hash` is required, and no access token was given to compare it with",
            ),
            Self::WrongTeam(team) => {
                write!(f, "the person signed in at {team}, and another workspace is required")
            }
        }?;
        write!(f, "; {}", self.recovery())
    }
}

impl Error for IdTokenError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_told_with_what_to_do() {
        let at = Timestamp::from_unix(1_000);
        let again = "authorize again in a browser";
        for (error, why, remedy) in [
            (
                IdTokenError::Malformed,
                "it is not a signed token in three parts of base64url",
                again,
            ),
            (IdTokenError::Unsigned, "it is not signed", again),
            (
                IdTokenError::WrongAlgorithm("HS256".into()),
                "its algorithm is HS256 and not RS256",
                again,
            ),
            (IdTokenError::CriticalHeader, "it needs an extension that is not understood", again),
            (IdTokenError::NoKeyId, "it does not name its key", again),
            (
                IdTokenError::UnknownKey("k1".into()),
                "its key k1 is not among the published ones",
                "call again later",
            ),
            (IdTokenError::WrongSignature, "its signature is wrong", again),
            (IdTokenError::UnreadableClaims, "its claims are no JSON object", again),
            (IdTokenError::MissingClaim("sub"), "no usable claim `sub`", again),
            (
                IdTokenError::WrongIssuer("https://a.example".into()),
                "https://a.example issued it",
                "correct the app's settings or credentials",
            ),
            (IdTokenError::WrongAudience, "it is for another app", again),
            (IdTokenError::WrongAuthorizedParty, "another app asked for it", again),
            (
                IdTokenError::Expired(at),
                "it was valid until 1000; unless it is old, check that this machine's clock is not fast",
                again,
            ),
            (
                IdTokenError::IssuedInFuture(at),
                "it was issued at 1000, in the future; check that this machine's clock is not slow",
                "correct the app's settings or credentials",
            ),
            (
                IdTokenError::NotYetValid(at),
                "it is valid from 1000 on; check that this machine's clock is not slow",
                "correct the app's settings or credentials",
            ),
            (IdTokenError::MissingNonce, "it repeats no nonce", again),
            (IdTokenError::WrongNonce, "its nonce is of another sign-in", again),
            (IdTokenError::UnexpectedNonce, "it has a nonce, and none was sent", again),
            (IdTokenError::WrongAccessToken, "it came with another access token", again),
            (
                IdTokenError::NoAccessToken,
                "`at_hash` is required, and no access token was given to compare it with",
                "correct the program",
            ),
            (
                IdTokenError::WrongTeam("T2".into()),
                "the person signed in at T2, and another workspace is required",
                again,
            ),
        ] {
            assert_eq!(error.to_string(), format!("the ID token proves nothing: {why}; {remedy}"));
        }
    }
}
