//! Randomness of the operating system.

use std::io;

use slack_proto::RandomBytes;
use zeroize::Zeroize;

/// Draws what one authorization needs from the operating system's generator.
///
/// # Errors
///
/// When the system has no randomness to give, which no healthy system does.
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
    use slack_proto::CodeVerifier;

    #[test]
    fn no_two_draws_are_the_same() {
        let draw = || CodeVerifier::from_random_bytes(&random_bytes().unwrap());
        assert_ne!(draw().expose(), draw().expose());
    }
}
