//! The layout of a stateless state.
//!
//! | bytes | hold |
//! |---|---|
//! | 1 | the version, 1 |
//! | 1 | the flow |
//! | 8 | when it ends, in Unix seconds, big-endian |
//! | 16 | a random id |
//! | 16 | a tag of the request |
//! | 16 | a tag of the browser |
//! | 32 | HMAC-SHA256 over all before |
//!
//! In base64url without padding that is 120 characters.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq;

use super::{SignedStateError, StateSigningKey};
use crate::{
    Timestamp,
    oauth::{OauthState, RandomBytes},
};

/// What says which state it is.
pub(super) struct Header([u8; HEADER]);

impl Header {
    pub(super) fn new(flow: u8, expires_at: Timestamp, entropy: &RandomBytes) -> Self {
        let mut bytes = [0; HEADER];
        bytes[0] = VERSION;
        bytes[1] = flow;
        bytes[2..10].copy_from_slice(&expires_at.as_unix().to_be_bytes());
        bytes[10..].copy_from_slice(&entropy.state[..16]);
        Self(bytes)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn flow(&self) -> u8 {
        self.0[1]
    }

    pub(super) fn expires_at(&self) -> Timestamp {
        let mut seconds = [0; 8];
        seconds.copy_from_slice(&self.0[2..10]);
        Timestamp::from_unix(u64::from_be_bytes(seconds))
    }
}

/// A state that this key made.
pub(super) struct SealedState {
    pub(super) header: Header,
    request_tag: [u8; TAG],
    browser_tag: [u8; TAG],
    mac: [u8; MAC],
}

impl SealedState {
    pub(super) fn seal(
        header: Header,
        request_tag: [u8; TAG],
        browser_tag: [u8; TAG],
        key: &StateSigningKey,
    ) -> Self {
        let mut state = Self { header, request_tag, browser_tag, mac: [0; MAC] };
        state.mac = *key.mac(PURPOSE, &[&state.signed()]);
        state
    }

    /// Reads a state and checks its HMAC in constant time.
    pub(super) fn open(
        state: &OauthState,
        key: &StateSigningKey,
    ) -> Result<Self, SignedStateError> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(state.expose());
        let bytes = bytes.map_err(|_| SignedStateError::Malformed)?;
        match bytes.first() {
            None => return Err(SignedStateError::Malformed),
            Some(&VERSION) => {}
            Some(_) => return Err(SignedStateError::UnknownVersion),
        }
        if bytes.len() != SIGNED + MAC {
            return Err(SignedStateError::Malformed);
        }
        let mut rest = &bytes[..];
        let state = Self {
            header: Header(take(&mut rest)),
            request_tag: take(&mut rest),
            browser_tag: take(&mut rest),
            mac: take(&mut rest),
        };
        let expected = key.mac(PURPOSE, &[&state.signed()]);
        if !bool::from(expected.ct_eq(&state.mac)) {
            return Err(SignedStateError::Tampered);
        }
        Ok(state)
    }

    /// Returns the bytes that the HMAC covers.
    pub(super) fn signed(&self) -> [u8; SIGNED] {
        let mut bytes = [0; SIGNED];
        bytes[..HEADER].copy_from_slice(&self.header.0);
        bytes[HEADER..HEADER + TAG].copy_from_slice(&self.request_tag);
        bytes[HEADER + TAG..].copy_from_slice(&self.browser_tag);
        bytes
    }

    pub(super) fn to_state(&self) -> OauthState {
        let mut bytes = [0; SIGNED + MAC];
        bytes[..SIGNED].copy_from_slice(&self.signed());
        bytes[SIGNED..].copy_from_slice(&self.mac);
        OauthState::from_reply(BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    pub(super) fn is_of_request(&self, tag: [u8; TAG]) -> bool {
        self.request_tag.ct_eq(&tag).into()
    }

    pub(super) fn is_of_browser(&self, tag: [u8; TAG]) -> bool {
        self.browser_tag.ct_eq(&tag).into()
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> [u8; N] {
    let mut taken = [0; N];
    let (first, others) = rest.split_at(N);
    taken.copy_from_slice(first);
    *rest = others;
    taken
}

const VERSION: u8 = 1;
const PURPOSE: &str = "state";
const HEADER: usize = 26;
const TAG: usize = 16;
const MAC: usize = 32;
const SIGNED: usize = HEADER + 2 * TAG;
