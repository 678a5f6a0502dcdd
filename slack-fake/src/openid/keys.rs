//! Signing keys: which sign, and which are published.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::FakeSlack;
use crate::state::memory::{SIGNING_KEYS, State};

/// A throw-away RSA key that is part of this crate.
pub(super) struct SigningKey {
    pair: RsaKeyPair,
}

impl SigningKey {
    /// Returns one of the keys that take turns.
    pub(super) fn in_turn(turn: usize) -> Option<Self> {
        Self::read(TAKING_TURNS[turn % TAKING_TURNS.len()])
    }

    /// Returns the key that is never published.
    pub(super) fn foreign() -> Option<Self> {
        Self::read(FOREIGN)
    }

    /// Signs with `RS256`.
    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        // PKCS#1 v1.5 signatures are the same each time: the random numbers asked for here do not
        // show.
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).ok()?;
        Some(signature)
    }

    /// Signs with `HS256` and the published modulus as the secret, as one attack on careless
    /// verifiers does.
    pub(super) fn sign_with_public_part(&self, message: &[u8]) -> Vec<u8> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.modulus().as_bytes());
        hmac::sign(&key, message).as_ref().to_vec()
    }

    /// The key's id: its JWK thumbprint (RFC 7638), 43 characters.
    pub(super) fn id(&self) -> String {
        let canonical = format!(r#"{{"e":"AQAB","kty":"RSA","n":"{}"}}"#, self.modulus());
        URL_SAFE_NO_PAD.encode(Sha256::digest(canonical))
    }

    fn jwk(&self) -> Value {
        json!({"e": "AQAB", "n": self.modulus(), "kty": "RSA", "kid": self.id(), "alg": "RS256"})
    }

    fn modulus(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.pair.public_key().modulus().big_endian_without_leading_zero())
    }

    fn read(pkcs8: &[u8]) -> Option<Self> {
        RsaKeyPair::from_pkcs8(pkcs8).ok().map(|pair| Self { pair })
    }
}

impl FakeSlack {
    /// Changes the key that signs ID tokens, and publishes it beside the previous one.
    ///
    /// Three keys take turns.
    pub fn rotate_signing_key(&mut self) {
        self.state.signing.current = (self.state.signing.current + 1) % TAKING_TURNS.len();
        self.state.signing.old_is_published = true;
    }

    /// Stops publishing the previous signing key.
    pub fn retire_old_signing_key(&mut self) {
        self.state.signing.old_is_published = false;
    }
}

impl State {
    /// The document at `/openid/connect/keys`.
    pub(crate) fn key_set(&self) -> Value {
        let current = self.signing.current;
        let old = self.signing.old_is_published.then_some(current + TAKING_TURNS.len() - 1);
        let turns = std::iter::once(current).chain(old);
        let keys: Vec<Value> = turns.filter_map(SigningKey::in_turn).map(|key| key.jwk()).collect();
        json!({"keys": keys})
    }
}

const TAKING_TURNS: [&[u8]; SIGNING_KEYS] = [
    include_bytes!("../../keys/throw-away-test-key-1.pk8"),
    include_bytes!("../../keys/throw-away-test-key-2.pk8"),
    include_bytes!("../../keys/throw-away-test-key-3.pk8"),
];

const FOREIGN: &[u8] = include_bytes!("../../keys/throw-away-test-key-foreign.pk8");
