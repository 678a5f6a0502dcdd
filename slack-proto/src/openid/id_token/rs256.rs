//! The signature check, as the core needs it done.

/// Creates keys that verify `RS256` signatures: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 section 3.3).
///
/// The core has no cryptography of its own. `AwsLcRs256` (feature `id-token-aws-lc`) is a ready implementation; another
/// crate is put behind these two traits in a few lines.
pub trait Rs256: Send + Sync {
    /// Reads a public key: modulus and exponent as big-endian bytes without leading zeros. `None` if it is unusable.
    ///
    /// It is called once for each key of a set, not once for each token. The core has seen to it that the modulus has
    /// 2,048 to 8,192 bits, and that the exponent is odd, at least 3, and below 2³².
    fn key(&self, modulus: &[u8], exponent: &[u8]) -> Option<Box<dyn Rs256Key>>;
}

/// A public key that checks `RS256` signatures.
pub trait Rs256Key: Send + Sync {
    /// Returns whether `signature` is this key's signature of `message`.
    #[must_use]
    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool;
}
