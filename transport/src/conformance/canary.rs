//! Secrets that no error may show, in any spelling.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// In the request's `Authorization` header.
pub(super) const HEADER: &str = "xoxb-canary-in-the-header";
/// In the request's URL.
pub(super) const QUERY: &str = "canary-in-the-query";
/// In the request's body.
pub(super) const BODY: &str = "canary-in-the-body";
/// In the reply.
pub(super) const REPLY: &str = "xoxe-canary-in-the-reply";

/// Returns a secret that an error shows: in its texts, its `Debug`, or those of its causes.
pub(super) fn found_in(error: &(dyn std::error::Error + 'static)) -> Option<&'static str> {
    let mut texts = vec![format!("{error}\n{error:?}\n{error:#?}")];
    let mut cause = error.source();
    while let Some(error) = cause {
        texts.push(format!("{error}\n{error:?}"));
        cause = error.source();
    }
    let shows = |spelling: &String| texts.iter().any(|text| text.contains(spelling));
    [HEADER, QUERY, BODY, REPLY].into_iter().find(|secret| spellings(secret).iter().any(shows))
}

/// Returns a secret as text, hex, decimal bytes, and base64 at each of three offsets.
fn spellings(secret: &str) -> Vec<String> {
    let hex: Vec<String> = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let decimal: Vec<String> = secret.bytes().map(|byte| byte.to_string()).collect();
    let mut all = vec![secret.to_owned(), hex.concat(), decimal.join(", ")];
    all.extend((0..3).map(|skip| {
        let whole = &secret.as_bytes()[skip..];
        STANDARD_NO_PAD.encode(&whole[..whole.len() / 3 * 3])
    }));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_in_every_spelling() {
        for text in spellings(BODY) {
            assert_eq!(found_in(&std::io::Error::other(format!("x{text}y"))), Some(BODY));
        }
        assert_eq!(found_in(&std::io::Error::other("canary")), None);
    }
}
