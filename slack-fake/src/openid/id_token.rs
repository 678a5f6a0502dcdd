//! ID tokens: right ones, and on request wrong ones of every kind.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::keys::SigningKey;
use crate::state::code::CodeRecord;
use crate::state::memory::State;
use crate::wire::json;
use crate::{FakeSlack, IdTokenFault};

/// How long an ID token can be used, in seconds.
const LIFE: u64 = 300;

/// How far wrong times are off, in seconds: more than any leeway.
const FAR: u64 = 86_400;

impl FakeSlack {
    /// Scripts a fault of the next ID token; several faults occur in the order given, one for each
    /// token.
    pub fn script_id_token(&mut self, fault: IdTokenFault) {
        self.state.id_token_faults.push_back(fault);
    }
}

impl State {
    /// Returns the ID token for an access token; `None` if a key cannot be read, which tests rule out.
    pub(crate) fn id_token(
        &mut self,
        index: usize,
        code: &CodeRecord,
        access_token: &str,
        now: u64,
    ) -> Option<String> {
        let fault = self.id_token_faults.pop_front();
        let credential = &self.credentials[index];
        let mut claims = self.claims(credential);
        let issued_at = match fault {
            Some(IdTokenFault::IssuedInFuture) => now.saturating_add(FAR),
            Some(IdTokenFault::Expired) => now.saturating_sub(FAR),
            _ => now,
        };
        claims.insert("iss".into(), self.rules.issuer.clone().into());
        claims.insert("aud".into(), credential.client_id.as_ref().into());
        claims.insert("iat".into(), issued_at.into());
        claims.insert("exp".into(), issued_at.saturating_add(LIFE).into());
        claims.insert("auth_time".into(), code.issued_at.into());
        claims.insert("nonce".into(), code.nonce.clone().unwrap_or_default().into());
        claims.insert("at_hash".into(), at_hash(access_token).into());
        seal(claims, &SigningKey::in_turn(self.signing.current)?, fault)
    }
}

/// Signs the claims, with the scripted fault.
fn seal(
    mut claims: Map<String, Value>,
    key: &SigningKey,
    fault: Option<IdTokenFault>,
) -> Option<String> {
    let foreign = SigningKey::foreign()?;
    let mut header = json!({"alg": "RS256", "typ": "JWT", "kid": key.id()});
    match fault {
        Some(IdTokenFault::WrongIssuer) => {
            put(&mut claims, "iss", "https://slack.com.evil.example");
        }
        Some(IdTokenFault::WrongAudience) => put(&mut claims, "aud", "9999999999.9999999999"),
        Some(IdTokenFault::WrongAuthorizedParty) => {
            let aud = claims.get("aud").cloned();
            claims.insert("aud".into(), json!([aud, "9999999999.9999999999"]));
            put(&mut claims, "azp", "9999999999.9999999999");
        }
        Some(IdTokenFault::WrongNonce) => put(&mut claims, "nonce", "another-nonce"),
        Some(IdTokenFault::NoNonce) => {
            claims.remove("nonce");
        }
        Some(IdTokenFault::WrongAccessTokenHash) => {
            put(&mut claims, "at_hash", &at_hash("another token"));
        }
        Some(IdTokenFault::UnknownKey) => header["kid"] = foreign.id().into(),
        Some(IdTokenFault::NoKeyId) => {
            header.as_object_mut()?.remove("kid");
        }
        Some(IdTokenFault::AlgorithmNone) => header["alg"] = "none".into(),
        Some(IdTokenFault::AlgorithmHs256) => header["alg"] = "HS256".into(),
        Some(IdTokenFault::CriticalHeader) => {
            header["crit"] = json!(["https://fake.example/must-be-understood"]);
            header["https://fake.example/must-be-understood"] = true.into();
        }
        _ => {}
    }
    let mut signed = format!("{}.{}", encode(&header), encode(&Value::Object(claims.clone())));
    let signature = match fault {
        Some(IdTokenFault::AlgorithmNone) => Vec::new(),
        Some(IdTokenFault::AlgorithmHs256) => key.sign_with_public_part(signed.as_bytes()),
        Some(IdTokenFault::UnknownKey | IdTokenFault::SignedByAnotherKey) => {
            foreign.sign(signed.as_bytes())?
        }
        Some(IdTokenFault::TamperedSignature) => {
            let mut signature = key.sign(signed.as_bytes())?;
            signature[0] ^= 1;
            signature
        }
        _ => key.sign(signed.as_bytes())?,
    };
    if fault == Some(IdTokenFault::TamperedClaims) {
        put(&mut claims, "sub", "U0SOMEONEELSE");
        put(&mut claims, "https://slack.com/user_id", "U0SOMEONEELSE");
        signed = format!("{}.{}", encode(&header), encode(&Value::Object(claims)));
    }
    Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

fn put(claims: &mut Map<String, Value>, name: &str, value: &str) {
    claims.insert(name.into(), value.into());
}

fn encode(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json::to_bytes(part))
}

/// The left half of the token's SHA-256 (`OpenID` Connect Core 3.1.3.6).
fn at_hash(access_token: &str) -> String {
    let digest = Sha256::digest(access_token);
    URL_SAFE_NO_PAD.encode(&digest[..digest.len() / 2])
}
