//! Randomness of the operating system.

use std::io;

use slack_proto::Entropy;
use zeroize::Zeroize;

/// Draws what one authorization needs from the operating system's generator.
///
/// # Errors
///
/// When the system has no randomness to give, which no healthy system does.
pub fn draw_entropy() -> io::Result<Entropy> {
    let mut bytes = [0; 96];
    getrandom::fill(&mut bytes)?;
    let entropy = Entropy::new(bytes);
    bytes.zeroize();
    Ok(entropy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use slack_proto::CodeVerifier;

    #[test]
    fn no_two_draws_are_the_same() {
        let draw = || CodeVerifier::from_entropy(&draw_entropy().unwrap());
        assert_ne!(draw().expose(), draw().expose());
    }
}
