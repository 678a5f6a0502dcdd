//! Random bytes of the operating system.

use std::io;

use slack_proto::oauth::RandomBytes;
use zeroize::Zeroize;

/// Returns the random bytes that one authorization needs, from the operating system's generator.
///
/// State, nonce and PKCE verifier are made of them, so draw them anew for each authorization.
///
/// # Errors
///
/// Fails when the system's generator does, which happens on no healthy system.
pub fn random_bytes() -> io::Result<RandomBytes> {
    let mut bytes = [0; 96];
    getrandom::fill(&mut bytes)?;
    let entropy = RandomBytes::new(bytes);
    bytes.zeroize();
    Ok(entropy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use slack_proto::oauth::CodeVerifier;

    #[test]
    fn no_two_draws_are_the_same() {
        let draw = || CodeVerifier::from_random_bytes(&random_bytes().unwrap());
        assert_ne!(draw().expose(), draw().expose());
    }
}
