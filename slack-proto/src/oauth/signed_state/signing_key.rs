//! The key behind stateless states.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::error::InvalidValue;

/// The app's secret key for [`SignedStateFlow`](super::SignedStateFlow): 32 random bytes at least, the same
/// on every server, and used for nothing else.
///
/// Who has it can finish anybody's sign-in. Changing it ends those that are under way, unless
/// [`StateSigningKeys`](super::StateSigningKeys) takes the old one for a while.
///
/// # Examples
///
/// ```
/// use slack_proto::oauth::StateSigningKey;
///
/// # let drawn = [7; 32];
/// assert!(StateSigningKey::new(drawn).is_ok());
/// assert!(StateSigningKey::new(b"correct horse battery staple").is_err());
/// # Ok::<(), slack_proto::error::InvalidValue>(())
/// ```
// The state of HMAC after the key went in, which its crate wipes on drop.
#[derive(Clone)]
pub struct StateSigningKey(Hmac<Sha256>);

impl StateSigningKey {
    /// Creates a signing key from at least 32 bytes. Wiping the caller's copy is the caller's task.
    ///
    /// # Errors
    ///
    /// When it is shorter than 32 bytes.
    pub fn new(key: impl AsRef<[u8]>) -> Result<Self, InvalidValue> {
        let refused = InvalidValue::new("state key", "must be at least 32 random bytes");
        let key = key.as_ref();
        if key.len() < 32 {
            return Err(refused);
        }
        Hmac::new_from_slice(key).map(Self).map_err(|_| refused)
    }

    /// Computes HMAC-SHA256 (RFC 2104) over what it is for and the parts, each with its length before it.
    pub(super) fn mac(&self, purpose: &str, parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
        let mut mac = self.0.clone();
        for part in [b"slack-auth/1", purpose.as_bytes()].iter().chain(parts) {
            let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
            mac.update(&length.to_be_bytes());
            mac.update(part);
        }
        Zeroizing::new(mac.finalize().into_bytes().into())
    }

    /// Returns the first half of the HMAC-SHA256 of a message.
    pub(super) fn tag(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 16] {
        let mut tag = [0; 16];
        tag.copy_from_slice(&self.mac(purpose, parts)[..16]);
        tag
    }
}

impl fmt::Debug for StateSigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StateSigningKey([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use zeroize::ZeroizeOnDrop;

    use super::*;

    #[test]
    fn a_short_key_is_refused() {
        let error = StateSigningKey::new([7; 31]).unwrap_err();
        assert_eq!(error.to_string(), "state key must be at least 32 random bytes");
        assert!(StateSigningKey::new([]).is_err());
        assert_eq!(
            format!("{:?}", StateSigningKey::new([7; 32]).unwrap()),
            "StateSigningKey([redacted])"
        );
    }

    #[test]
    fn what_it_is_for_and_where_a_part_ends_make_a_difference() {
        let key = StateSigningKey::new([7; 32]).unwrap();
        let mac = key.mac("verifier", &[b"ab", b"c"]);
        for other in [
            key.mac("nonce", &[b"ab", b"c"]),
            key.mac("verifier", &[b"a", b"bc"]),
            key.mac("verifier", &[b"abc"]),
            key.mac("verifier", &[b"ab", b"c", b""]),
            StateSigningKey::new([8; 32]).unwrap().mac("verifier", &[b"ab", b"c"]),
        ] {
            assert_ne!(*mac, *other);
        }
    }

    #[test]
    fn the_mac_is_hmac_sha_256() {
        // By another program: the lengths and parts through openssl dgst -sha256 -mac HMAC -macopt hexkey:0707..07
        let mac = StateSigningKey::new([7; 32]).unwrap().mac("p", &[b"x"]);
        let first = u128::from_str_radix("4d79bc9a974692d6463fa5b2555800c8", 16).unwrap();
        assert_eq!(mac[..16], first.to_be_bytes());
    }

    #[test]
    fn the_hash_is_wiped_on_drop() {
        fn wiped<T: ZeroizeOnDrop>() {}
        wiped::<Sha256>();
    }
}
