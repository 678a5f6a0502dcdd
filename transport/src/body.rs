//! An answer's body while it comes in.

use std::fmt;

use zeroize::Zeroizing;

use crate::{Error, ErrorKind, Limits};

/// Collects an answer's body and gives up at the cap, whatever `Content-Length` declared.
///
/// The bytes are wiped if the body is dropped before it is complete, and wherever the buffer grows.
///
/// ```
/// use slack_transport::{CappedBody, ErrorKind, Limits};
///
/// let limits = Limits::new().with_body_cap(4);
/// let mut body = CappedBody::new(&limits, None)?;
/// body.push(b"abc")?;
/// assert_eq!(body.push(b"de").unwrap_err().kind(), ErrorKind::TooLarge);
/// assert!(CappedBody::new(&limits, Some(5)).is_err());
/// # Ok::<(), slack_transport::Error>(())
/// ```
pub struct CappedBody {
    bytes: Zeroizing<Vec<u8>>,
    cap: usize,
}

impl CappedBody {
    /// Creates a buffer for `declared` bytes: what is still to come, so nothing for `HEAD`, 204 and 304.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooLarge`], with the request sent, if that is over the cap.
    pub fn new(limits: &Limits, declared: Option<u64>) -> Result<Self, Error> {
        let cap = limits.body_cap();
        let declared = usize::try_from(declared.unwrap_or(0)).unwrap_or(usize::MAX);
        if declared > cap {
            return Err(too_long());
        }
        Ok(Self { bytes: Zeroizing::new(Vec::with_capacity(declared)), cap })
    }

    /// Appends the next bytes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooLarge`], with the request sent, if they would go over the cap; none is appended.
    pub fn push(&mut self, chunk: &[u8]) -> Result<(), Error> {
        if chunk.len() > self.cap - self.bytes.len() {
            return Err(too_long());
        }
        self.make_room(chunk.len());
        self.bytes.extend_from_slice(chunk);
        Ok(())
    }

    /// Returns the whole body.
    #[must_use]
    pub fn into_vec(mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// Grows by a copy of its own: `Vec` would free the old block with the bytes in it.
    fn make_room(&mut self, more: usize) {
        let needed = self.bytes.len() + more;
        if needed > self.bytes.capacity() {
            let mut grown = Vec::with_capacity(needed.max(2 * self.bytes.len()).min(self.cap));
            grown.extend_from_slice(&self.bytes);
            self.bytes = Zeroizing::new(grown);
        }
    }
}

/// Shows lengths alone: a body may hold a token.
impl fmt::Debug for CappedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bytes, cap } = self;
        f.debug_struct("CappedBody").field("len", &bytes.len()).field("cap", cap).finish()
    }
}

fn too_long() -> Error {
    Error::maybe_sent(ErrorKind::TooLarge, "the answer's body is longer than the limit")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits::new().with_body_cap(9)
    }

    #[test]
    fn a_body_as_long_as_the_cap_comes_whole() {
        let mut body = CappedBody::new(&limits(), Some(9)).unwrap();
        for chunk in [&b"012"[..], b"", b"345678"] {
            body.push(chunk).unwrap();
        }
        assert_eq!(body.into_vec(), b"012345678");
    }

    #[test]
    fn a_byte_more_is_refused_declared_or_not() {
        let mut body = CappedBody::new(&limits(), None).unwrap();
        body.push(b"01234567").unwrap();
        let error = body.push(b"89").unwrap_err();
        assert_eq!((error.kind(), error.nothing_was_sent()), (ErrorKind::TooLarge, false));
        body.push(b"8").unwrap();
        assert_eq!(body.into_vec(), b"012345678");
        for declared in [10, u64::MAX] {
            let error = CappedBody::new(&limits(), Some(declared)).unwrap_err();
            assert_eq!((error.kind(), error.nothing_was_sent()), (ErrorKind::TooLarge, false));
        }
    }

    #[test]
    fn debug_shows_no_byte() {
        let mut body = CappedBody::new(&limits(), Some(3)).unwrap();
        body.push(b"xoxb").unwrap();
        assert_eq!(format!("{body:?}"), "CappedBody { len: 4, cap: 9 }");
    }
}
