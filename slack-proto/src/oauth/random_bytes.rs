//! Randomness as the caller draws it: the core has none.

use std::fmt;

use zeroize::Zeroizing;

/// 96 random bytes: enough for the verifier, the state and the nonce of one authorization.
///
/// Each of the three takes a part of its own, so that none reveals anything about another. The caller draws the bytes
/// from the operating system's generator; the crate `slack-auth` does it for you. Use them once.
pub struct RandomBytes {
    pub(crate) verifier: Zeroizing<[u8; 32]>,
    pub(crate) state: Zeroizing<[u8; 32]>,
    pub(crate) nonce: Zeroizing<[u8; 32]>,
}

impl RandomBytes {
    /// Wraps 96 bytes from a cryptographically secure random number generator. Nobody else may know them.
    #[must_use]
    pub fn new(bytes: [u8; 96]) -> Self {
        let bytes = Zeroizing::new(bytes);
        let part = |index: usize| {
            let mut part = Zeroizing::new([0; 32]);
            part.copy_from_slice(&bytes[32 * index..][..32]);
            part
        };
        Self { verifier: part(0), state: part(1), nonce: part(2) }
    }
}

impl fmt::Debug for RandomBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RandomBytes([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_disjoint_and_together_all_of_it() {
        let bytes = std::array::from_fn(|index| u8::try_from(index).unwrap());
        let entropy = RandomBytes::new(bytes);
        let RandomBytes { verifier, state, nonce } = &entropy;
        let parts = [verifier, state, nonce];
        let joined: Vec<u8> = parts.iter().flat_map(|part| part.iter().copied()).collect();
        assert_eq!(joined, bytes);
        assert_eq!(format!("{entropy:?}"), "RandomBytes([redacted])");
    }
}
