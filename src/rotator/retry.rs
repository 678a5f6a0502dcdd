//! Another try for what Slack has refused.

use slack_proto::StoreKey;

use super::{SLOTS, TokenRotator};
use crate::store::StoreError;

impl TokenRotator {
    /// Clears the notes that a person must authorize an installation again, so that its refresh tokens are tried once
    /// more: when there is reason to believe that Slack takes them after all. A new install needs no such call.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn retry(&self, key: &StoreKey) -> Result<(), StoreError> {
        let mut result = Ok(());
        for _ in 0..ROUNDS {
            result = self.clear_notes(key).await;
            if !result.as_ref().is_err_and(StoreError::is_conflict) {
                break;
            }
        }
        self.invalidate(key);
        result
    }

    async fn clear_notes(&self, key: &StoreKey) -> Result<(), StoreError> {
        let Some(stored) = self.shared.calls().load(key).await? else { return Ok(()) };
        let mut installation = stored.installation;
        let mut changed = false;
        for slot in SLOTS {
            changed |= installation.needs_authorization(slot).is_some();
            installation.set_needs_authorization(slot, None);
        }
        if changed {
            self.shared.calls().replace(key, &installation, stored.version).await?;
        }
        Ok(())
    }
}

/// How often others may write meanwhile.
const ROUNDS: usize = 8;
