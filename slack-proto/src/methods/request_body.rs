//! The bytes of a request, kept from curious eyes.

use std::fmt;

use zeroize::Zeroizing;

/// The body of a request. It holds secrets: `Debug` shows its length only, and its memory is wiped when it is
/// dropped.
///
/// A bare `Vec` would print every byte of a secret in decimal; it should exist only inside a transport, which gets it
/// by [`into_vec`](Self::into_vec).
#[derive(Clone, Default)]
pub struct RequestBody(Zeroizing<Vec<u8>>);

impl RequestBody {
    /// Returns the bytes without a copy. They are no longer wiped.
    #[must_use]
    pub fn into_vec(mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }
}

impl AsRef<[u8]> for RequestBody {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<String> for RequestBody {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text.into_bytes()))
    }
}

impl From<Vec<u8>> for RequestBody {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestBody([{} bytes redacted])", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_counts_and_the_bytes_come_out_whole() {
        let body = RequestBody::from("code=hush".to_owned());
        assert_eq!(format!("{body:?}"), "RequestBody([9 bytes redacted])");
        assert_eq!(body.as_ref(), b"code=hush");
        assert_eq!(body.into_vec(), b"code=hush");
        assert_eq!(RequestBody::from(b"\xff".to_vec()).as_ref(), b"\xff");
    }

    #[test]
    fn bytes_are_taken_as_they_are() {
        assert_eq!(RequestBody::from(vec![0, 255]).into_vec(), [0, 255]);
    }
}
