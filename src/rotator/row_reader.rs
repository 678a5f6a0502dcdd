//! Rows that are read one after another: one that cannot be read stops nobody.

use slack_proto::StoreKey;

use super::shared::Shared;
use crate::store::{StoreError, StoreErrorKind, Stored, Unreadable};

/// Distinguishes a row that cannot be read from a store that fails.
pub(super) struct RowReader<'a> {
    shared: &'a Shared,
    /// How many rows in a row could not be read although nothing is wrong with them as far as is known.
    failures: usize,
}

impl<'a> RowReader<'a> {
    pub(super) fn new(shared: &'a Shared) -> Self {
        Self { shared, failures: 0 }
    }

    /// Reads a row.
    ///
    /// # Errors
    ///
    /// When the store fails, and not only at this row.
    pub(super) async fn read(
        &mut self,
        key: &StoreKey,
    ) -> Result<Result<Option<Stored>, Unreadable>, StoreError> {
        let error = match self.shared.calls().load(key).await {
            Ok(stored) => {
                self.failures = 0;
                return Ok(Ok(stored));
            }
            Err(error) => error,
        };
        if error.kind() == StoreErrorKind::OtherApp {
            return Err(error);
        }
        if !is_of_the_row(&error) {
            self.failures += 1;
            if self.failures >= FAILURES {
                return Err(error);
            }
        }
        Ok(Err(Unreadable::new(&key.to_text(), error)))
    }
}

/// Returns whether the store has answered, and what is wrong is the row.
fn is_of_the_row(error: &StoreError) -> bool {
    matches!(
        error.kind(),
        StoreErrorKind::Damaged
            | StoreErrorKind::Foreign
            | StoreErrorKind::Sealed
            | StoreErrorKind::Refused
    )
}

/// After this number of failures in a row the store itself counts as failed.
const FAILURES: usize = 3;
