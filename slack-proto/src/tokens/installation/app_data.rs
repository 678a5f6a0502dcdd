//! What an application keeps beside an installation.

use std::fmt;

use zeroize::Zeroizing;

use crate::error::InvalidValue;

/// Bytes of the application's own, stored and sealed with an installation. Dropping wipes them, and `Debug` shows their
/// number only.
///
/// # Examples
///
/// ```
/// use slack_proto::{Installation, tokens::AppData};
///
/// let mut installation = Installation::default();
/// installation.app_data = Some(AppData::new("plan=pro")?);
/// assert_eq!(installation.app_data.unwrap().as_ref(), b"plan=pro");
/// # Ok::<(), slack_proto::error::InvalidValue>(())
/// ```
#[derive(Clone)]
pub struct AppData(Zeroizing<Vec<u8>>);

impl AppData {
    /// How many bytes there may be.
    pub const MAX_LEN: usize = 64 * 1024;

    /// Wraps any bytes.
    ///
    /// # Errors
    ///
    /// When there are more than [`MAX_LEN`](Self::MAX_LEN).
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, InvalidValue> {
        let bytes = Zeroizing::new(bytes.into());
        if bytes.len() > Self::MAX_LEN {
            return Err(InvalidValue::new(
                "application data",
                "must not be longer than 65536 bytes",
            ));
        }
        Ok(Self(bytes))
    }
}

impl AsRef<[u8]> for AppData {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for AppData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AppData([{} bytes redacted])", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_bounded_and_not_shown() {
        assert!(AppData::new(vec![0; AppData::MAX_LEN + 1]).is_err());
        let most = AppData::new(vec![7; AppData::MAX_LEN]).unwrap();
        assert_eq!(format!("{most:?}"), "AppData([65536 bytes redacted])");
    }
}
