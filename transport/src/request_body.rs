//! The bytes of a request, kept out of `Debug`.

use std::fmt;

use zeroize::Zeroizing;

/// The body of a request.
///
/// The bytes may hold secrets: `Debug` shows their number only, and they are wiped on drop.
///
/// ```
/// use slack_transport::Body;
///
/// let request = http::Request::post("https://slack.com/api/oauth.v2.access")
///     .body(Body::from("code=hush"))?;
/// assert!(!format!("{request:?}").contains("hush"));
/// assert_eq!(request.body().as_ref(), b"code=hush");
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Body(Zeroizing<Vec<u8>>);

impl Body {
    /// Creates an empty body.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Returns the number of bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there are no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the bytes without a copy. They are no longer wiped.
    #[must_use]
    pub fn into_vec(mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }
}

impl AsRef<[u8]> for Body {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        text.as_bytes().to_vec().into()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body([{} bytes redacted])", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_length_alone() {
        let body = Body::from("code=hush".to_owned());
        assert_eq!(
            format!("{body:?} {body:#?}"),
            "Body([9 bytes redacted]) Body([9 bytes redacted])"
        );
        assert_eq!((body.len(), body.is_empty()), (9, false));
        assert_eq!(body.into_vec(), b"code=hush");
        assert!(Body::empty().is_empty());
    }
}
