//! The check of a request's signature.

use std::time::Duration;

use http::HeaderMap;
use subtle::{Choice, ConstantTimeEq};

use super::{SignatureError, SigningSecret, Verified};
use crate::Timestamp;

/// Verifies that requests come from Slack: signature `v0` by HMAC-SHA256 over the raw body, compared in constant time, and
/// a timestamp within five minutes of a given time.
///
/// # Examples
///
/// ```
/// use http::HeaderMap;
/// use slack_proto::Timestamp;
/// use slack_proto::events::{RequestVerifier, SignatureError, SigningSecret};
///
/// let verifier = RequestVerifier::new(SigningSecret::new("fake-signing-secret-0001")?);
/// let mut headers = HeaderMap::new();
/// headers.insert("x-slack-request-timestamp", "1763740800".parse()?);
/// let signature = "v0=f85f668b05a034d21748bbe2aa02df4657614886df0bcfe6424680d9bdaa9b56";
/// headers.insert("x-slack-signature", signature.parse()?);
/// let body = "token=FAKE&command=%2Fhello&text=%F0%9F%91%8B";
///
/// let now = Timestamp::from_unix(1_763_740_830);
/// assert_eq!(verifier.verify(&headers, body, now)?.body(), body.as_bytes());
/// let refused = verifier.verify(&headers, "token=FAKE", now).unwrap_err();
/// assert!(matches!(refused, SignatureError::WrongSignature { .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct RequestVerifier {
    secrets: Vec<SigningSecret>,
}

impl RequestVerifier {
    /// Creates a verifier for one app.
    pub fn new(secret: SigningSecret) -> Self {
        Self { secrets: vec![secret] }
    }

    /// Adds a secret that counts as well: the old or the new one, while the app's signing secret is being changed.
    pub fn also(mut self, secret: SigningSecret) -> Self {
        self.secrets.push(secret);
        self
    }

    /// Verifies a request by its headers, its body exactly as received, and the present time.
    ///
    /// Read the whole body as bytes first; a body that was parsed and encoded again has other bytes. The signature is
    /// checked before the time, so [`SignatureError::TooOld`] and [`SignatureError::InFuture`] are about a request that
    /// Slack did sign.
    ///
    /// # Errors
    ///
    /// When the request is not proved to be Slack's, or is not of this moment. The error names the likely cause.
    pub fn verify<B: AsRef<[u8]>>(
        &self,
        headers: &HeaderMap,
        body: B,
        now: Timestamp,
    ) -> Result<Verified<B>, SignatureError> {
        let timestamp = single(headers, TIMESTAMP)?;
        let signature = single(headers, SIGNATURE)?;
        let signed_at = parse_timestamp(timestamp)?;
        if !is_spelled_as_signature(signature) {
            return Err(SignatureError::MalformedHeader(SIGNATURE));
        }
        let bytes = body.as_ref();
        let matches = self.secrets.iter().fold(Choice::from(0), |matches, secret| {
            matches | secret.sign(timestamp, bytes).as_bytes().ct_eq(signature.as_bytes())
        });
        if !bool::from(matches) {
            return Err(SignatureError::WrongSignature { body_length: bytes.len() });
        }
        check_time(signed_at, now)?;
        Ok(Verified::new(body, signed_at))
    }
}

/// Returns the text of a header that must be there once.
fn single<'h>(headers: &'h HeaderMap, name: &'static str) -> Result<&'h str, SignatureError> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().ok_or(SignatureError::MissingHeader(name))?;
    match (value.to_str(), values.next()) {
        (Ok(text), None) => Ok(text),
        _ => Err(SignatureError::MalformedHeader(name)),
    }
}

fn parse_timestamp(text: &str) -> Result<Timestamp, SignatureError> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(seconds) if digits => Ok(Timestamp::from_unix(seconds)),
        _ => Err(SignatureError::MalformedHeader(TIMESTAMP)),
    }
}

fn is_spelled_as_signature(text: &str) -> bool {
    text.strip_prefix("v0=").is_some_and(|digits| {
        digits.len() == 64 && digits.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'))
    })
}

fn check_time(signed_at: Timestamp, now: Timestamp) -> Result<(), SignatureError> {
    let (age, ahead) = (now.since(signed_at), signed_at.since(now));
    if age > TOLERANCE {
        return Err(SignatureError::TooOld { age, tolerance: TOLERANCE });
    }
    if ahead > TOLERANCE {
        return Err(SignatureError::InFuture { ahead, tolerance: TOLERANCE });
    }
    Ok(())
}

const TIMESTAMP: &str = "x-slack-request-timestamp";
const SIGNATURE: &str = "x-slack-signature";

/// How far Slack's clock and the caller's may be apart, as Slack's documentation has it.
const TOLERANCE: Duration = Duration::from_secs(5 * 60);

#[cfg(test)]
mod tests;
