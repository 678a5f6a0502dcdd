//! Why a store did not do what was asked.

use std::{error::Error, fmt};

/// Why a store did not do what was asked: a [`kind`](Self::kind) to decide by, fixed words, and perhaps a cause.
///
/// The cause of a store of your own must show no secret; neither key nor value belongs into the words.
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    what: &'static str,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

/// What went wrong, as far as a program can act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// Something else stands there than was expected, and nothing was written: load again.
    Conflict,
    /// What stands there is cut off or damaged. It is left alone: a person must look, or restore a copy.
    Damaged,
    /// What stands there was written by another program, by a newer release, or for another key. It is left alone.
    Foreign,
    /// What stands there is sealed, and no key that was given opens it.
    Sealed,
    /// Others than its owner have access to the store.
    Unprotected,
    /// The store could not be reached, or failed on the way. A write may have taken place.
    Unavailable,
}

impl StoreError {
    /// Makes an error; for those who implement a store. `what` is lowercase and without a full stop.
    #[must_use]
    pub fn new(kind: StoreErrorKind, what: &'static str) -> Self {
        Self { kind, what, cause: None }
    }

    /// Adds what led to it, which must show no secret.
    #[must_use]
    pub fn because(self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: Some(cause.into()), ..self }
    }

    /// Makes the error of a write that found something else than was expected.
    #[must_use]
    pub fn conflict() -> Self {
        Self::new(
            StoreErrorKind::Conflict,
            "another version is stored than was expected; load it again",
        )
    }

    /// Tells what went wrong.
    #[must_use]
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// Tells whether a write did not take place because something else stands there.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.kind == StoreErrorKind::Conflict
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}
