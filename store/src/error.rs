//! Why a store did not do what was asked.

use std::{borrow::Cow, error::Error, fmt};

/// Why a store did not do what was asked: a [`kind`](Self::kind) to decide by, fixed words, and perhaps a cause.
///
/// The cause of a store of your own must show no secret; neither key nor value belongs into the words.
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    what: Cow<'static, str>,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

/// What went wrong, as far as a program can act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// Another version is stored than the precondition names, and nothing was written: load again.
    Conflict,
    /// What is stored is cut off or damaged. It is left alone: a person must look, or restore a copy.
    Damaged,
    /// What is stored was written by another program, by a newer release, or for another key. It is left alone.
    Foreign,
    /// What is stored is sealed, and no key that was given opens it.
    Sealed,
    /// The store belongs to another app.
    OtherApp,
    /// Others than its owner have access to the store, or it belongs to somebody else.
    Unprotected,
    /// The store refuses the request as it is; to repeat it is of no use.
    Refused,
    /// The store could not be reached, or failed on the way. **Nothing was written.**
    Unavailable,
    /// The store failed on the way, and it is unknown whether a write took place: load, and compare the version.
    Unknown,
}

impl StoreErrorKind {
    /// Returns a word of lowercase letters and `_`, for logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Conflict => "conflict",
            Self::Damaged => "damaged",
            Self::Foreign => "foreign",
            Self::Sealed => "sealed",
            Self::OtherApp => "other_app",
            Self::Unprotected => "unprotected",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
            Self::Unknown => "unknown",
        }
    }
}

impl StoreError {
    /// Creates an error. `what` is lowercase and without a full stop.
    #[must_use]
    pub fn new(kind: StoreErrorKind, what: &'static str) -> Self {
        Self { kind, what: Cow::Borrowed(what), cause: None }
    }

    /// Adds the cause, which must show no secret.
    #[must_use]
    pub fn because(self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: Some(cause.into()), ..self }
    }

    /// Creates the error of a write whose precondition does not hold.
    #[must_use]
    pub fn conflict() -> Self {
        Self::new(
            StoreErrorKind::Conflict,
            "the stored version is not the expected one; load it again",
        )
    }

    /// Creates the error of a store that failed when nothing was written yet.
    #[must_use]
    pub fn unavailable(what: &'static str, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(StoreErrorKind::Unavailable, what).because(cause)
    }

    /// Creates the error of a write with an unknown outcome.
    #[must_use]
    pub fn unknown(what: &'static str, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(StoreErrorKind::Unknown, what).because(cause)
    }

    pub(crate) fn no_randomness(error: std::io::Error) -> Self {
        Self::unavailable("the operating system has no random bytes; try again", error)
    }

    pub(crate) fn sealed() -> Self {
        Self::new(
            StoreErrorKind::Sealed,
            "the store is sealed; build with the feature `sealing`, and give the sealing key",
        )
    }

    pub(crate) fn wrong_key() -> Self {
        Self::new(
            StoreErrorKind::Sealed,
            "the store is sealed with a key that was not given; give it as the sealing key, or as an old one",
        )
    }

    pub(crate) fn other_app(what: String) -> Self {
        Self { kind: StoreErrorKind::OtherApp, what: Cow::Owned(what), cause: None }
    }

    /// Returns what went wrong.
    #[must_use]
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// Returns whether a write did not take place because another version is stored.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.kind == StoreErrorKind::Conflict
    }

    /// Returns whether the outcome of a write is unknown. [`InstallationStore`](crate::InstallationStore) has then
    /// looked already, and could not decide it.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.kind == StoreErrorKind::Unknown
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_told_by_source_alone() {
        let error = StoreError::unknown("the answer was lost", "connection closed");
        assert_eq!(error.to_string(), "the answer was lost");
        assert_eq!(error.source().unwrap().to_string(), "connection closed");
        assert!(error.is_unknown() && !error.is_conflict());
        assert_eq!(error.kind().as_str(), "unknown");
        assert!(StoreError::conflict().source().is_none());
        assert!(StoreError::conflict().is_conflict() && !StoreError::conflict().is_unknown());
    }
}
