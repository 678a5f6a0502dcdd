//! `RS256` by aws-lc-rs, which reqwest and rustls bring along.

use aws_lc_rs::{
    rsa::PublicKeyComponents,
    signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256},
};

use super::rs256::{Rs256, Rs256Key};

/// Checks `RS256` signatures by aws-lc-rs.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "it has nothing to set, so that its name is its value"
)]
pub struct AwsLcRs256;

impl Rs256 for AwsLcRs256 {
    fn key(&self, modulus: &[u8], exponent: &[u8]) -> Option<Box<dyn Rs256Key>> {
        let components = PublicKeyComponents { n: modulus, e: exponent };
        let key = components.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).ok()?;
        Some(Box::new(AwsLcKey(key)))
    }
}

struct AwsLcKey(ParsedPublicKey);

impl Rs256Key for AwsLcKey {
    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.verify_sig(message, signature).is_ok()
    }
}
