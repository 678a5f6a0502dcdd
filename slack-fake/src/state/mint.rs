//! New tokens, codes and ids, the same in every run with the same seed.

use sha2::{Digest, Sha256};

const ALPHANUMERIC: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const DIGITS: &[u8; 10] = b"0123456789";
const HEX: &[u8; 16] = b"0123456789abcdef";
const UPPER: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// A generator of texts; equal generators return equal texts.
pub(crate) struct Mint {
    pub(crate) seed: u64,
    pub(crate) counter: u64,
}

impl Mint {
    /// `xoxb-` and three parts.
    pub(crate) fn bot_token(&mut self) -> String {
        format!("xoxb-{}-{}-{}", self.digits(13), self.digits(13), self.fresh(ALPHANUMERIC, 24))
    }

    /// `xoxp-` and four parts, the last one longer than the 32 characters that mark old tokens.
    pub(crate) fn user_token(&mut self) -> String {
        format!(
            "xoxp-{}-{}-{}-{}",
            self.digits(13),
            self.digits(13),
            self.digits(13),
            self.fresh(HEX, 32)
        )
    }

    /// `xoxe.xoxb-1-` or `xoxe.xoxp-1-`, 176 characters in all.
    pub(crate) fn rotating_token(&mut self, prefix: &str) -> String {
        format!("xoxe.{prefix}-1-{}", self.fresh(ALPHANUMERIC, 164))
    }

    /// `xoxe-1-`, 153 characters in all.
    pub(crate) fn refresh_token(&mut self) -> String {
        format!("xoxe-1-{}", self.fresh(ALPHANUMERIC, 146))
    }

    /// An authorization code: two numbers and 64 hex digits.
    pub(crate) fn code(&mut self) -> String {
        format!("{}.{}.{}", self.digits(10), self.digits(13), self.fresh(HEX, 64))
    }

    /// An id such as `U0BF3K7Q2ZX`.
    pub(crate) fn id(&mut self, first: char) -> String {
        format!("{first}0{}", self.fresh(UPPER, 9))
    }

    /// The text of an `x-slack-req-id` header.
    ///
    /// Every answer has one, and nobody looks anything up by it: two steps of `SplitMix64` will do.
    pub(crate) fn request_id(&mut self) -> [u8; 32] {
        self.counter = self.counter.wrapping_add(1);
        let mut numbers = SplitMix(self.seed ^ self.counter.rotate_left(32));
        let mut next = || u128::from(numbers.next().unwrap_or_default());
        let number = next() << 64 | next();
        let mut digits = [0; 32];
        for (two, byte) in digits.chunks_exact_mut(2).zip(number.to_be_bytes()) {
            two.copy_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
        digits
    }

    /// The last part of an incoming webhook's address.
    pub(crate) fn webhook_path(&mut self) -> String {
        self.fresh(ALPHANUMERIC, 24)
    }

    fn digits(&mut self, length: usize) -> String {
        format!("1{}", self.fresh(DIGITS, length - 1))
    }

    fn fresh<const N: usize>(&mut self, alphabet: &[u8; N], length: usize) -> String {
        self.counter = self.counter.wrapping_add(1);
        let digest = Sha256::new()
            .chain_update(self.seed.to_be_bytes())
            .chain_update(self.counter.to_be_bytes())
            .chain_update(0_u64.to_be_bytes())
            .finalize();
        let state =
            digest.iter().fold(0_u64, |state, byte| state.rotate_left(8) ^ u64::from(*byte));
        let more = SplitMix(state).flat_map(u64::to_be_bytes);
        text(alphabet, length, digest.iter().copied().chain(more))
    }
}

fn text<const N: usize>(
    alphabet: &[u8; N],
    length: usize,
    bytes: impl Iterator<Item = u8>,
) -> String {
    let mut text = String::with_capacity(length);
    text.extend(bytes.take(length).map(|byte| char::from(alphabet[usize::from(byte) % N])));
    text
}

/// Steele's `SplitMix64`, for what a digest is too short for.
struct SplitMix(u64);

impl Iterator for SplitMix {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Some(z ^ (z >> 31))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn texts_have_slacks_shapes_and_repeat_with_the_seed() {
        let mut mint = Mint { seed: 1, counter: 0 };
        let token = mint.rotating_token("xoxb");
        assert!(token.starts_with("xoxe.xoxb-1-"));
        assert_eq!(token.len(), 176);
        let refresh = mint.refresh_token();
        assert!(refresh.starts_with("xoxe-1-"));
        assert_eq!(refresh.len(), 153);
        assert!(mint.bot_token().starts_with("xoxb-1"));
        assert!(mint.user_token().starts_with("xoxp-1"));
        assert_eq!(mint.code().len(), 10 + 1 + 13 + 1 + 64);

        assert_eq!(Mint { seed: 1, counter: 0 }.rotating_token("xoxb"), token);
        assert_ne!(Mint { seed: 2, counter: 0 }.rotating_token("xoxb"), token);
        assert_ne!(mint.rotating_token("xoxb"), token);
    }

    #[test]
    fn request_ids_repeat_with_the_seed_and_differ_otherwise() {
        let ids = |seed| {
            let mut mint = Mint { seed, counter: 0 };
            (0..1000).map(|_| mint.request_id()).collect::<BTreeSet<_>>()
        };
        let of_one = ids(1);
        assert_eq!(of_one.len(), 1000);
        assert!(of_one.iter().flatten().all(u8::is_ascii_hexdigit));
        assert_eq!(of_one, ids(1));
        assert!(of_one.is_disjoint(&ids(2)));
    }
}
