//! The sweep: refreshes what is due and nobody asks for.

mod handle;
mod pass;
mod plan;
mod task;

use std::sync::Arc;

pub use handle::{SweepHandle, SweepSummary};
pub(super) use pass::Pass;
pub use pass::{SweepFailure, SweepReport};
pub use plan::{PlannedRefresh, SweepPlan};

use super::{TokenRotator, guard};
use crate::store::StoreError;

impl TokenRotator {
    /// Starts the sweep: a task on the rotator's runtime that refreshes what is due and nobody asks for.
    ///
    /// Without it a token is refreshed only when a caller asks for it. The refresh token of a public client (PKCE without a
    /// secret) ends after 30 days without a refresh, and then a person must authorize the app again; the sweep keeps such an
    /// installation alive.
    ///
    /// Every minute it reads from the store what is due, page by page. Of all processes that share the store one sweeps at
    /// a time, by a lease; when that process ends or dies, another one takes over within 90 s. So every process may call
    /// this. Its refreshes have the lowest priority: a caller who waits for a token goes first, and all keep the pace.
    /// What it reads costs the store two reads for each due installation. A row that cannot be read is skipped, and counted
    /// in the [summary](SweepHandle::last_pass).
    ///
    /// The sweep ends by [`SweepHandle::stop`], by [`drain`](Self::drain), and when the last clone of the rotator is dropped.
    /// Dropping the handle does not end it.
    ///
    /// When a row is due is computed as it is written. A rotator does that by its own policy; a program that sets a policy
    /// and also writes rows itself sets the same policy for its [`InstallationStore`](crate::InstallationStore).
    ///
    /// # Examples
    ///
    /// ```
    /// # use slack_auth::TokenRotator;
    /// # async fn example(rotator: TokenRotator) {
    /// let sweep = rotator.start_sweep();
    /// // When the program ends:
    /// sweep.stop().await;
    /// # }
    /// ```
    #[expect(clippy::must_use_candidate, reason = "the sweep runs without its handle")]
    pub fn start_sweep(&self) -> SweepHandle {
        let (handle, guard) = SweepHandle::new(&self.shared);
        let runtime = Arc::clone(&self.shared.runtime);
        let task = Box::pin(task::run(Arc::clone(&self.shared), guard));
        guard::contained(|| runtime.spawn(task));
        handle
    }

    /// Refreshes what is due now, once: for a command that a timer starts. A refresh that takes longer than the
    /// [wait timeout](crate::rotation::TokenRotatorBuilder::wait_timeout) counts as failed here, and goes on by itself.
    ///
    /// It takes no part in the lease of the [background sweep](Self::start_sweep); the lease of each credential keeps two
    /// processes from refreshing it at the same time.
    ///
    /// # Errors
    ///
    /// When the store fails. What was refreshed before stays so. A row that cannot be read, and a refresh that fails, are
    /// in the report, and stop nobody.
    ///
    /// # Examples
    ///
    /// ```
    /// # use slack_auth::{TokenRotator, store::StoreError};
    /// # async fn example(rotator: TokenRotator) -> Result<(), StoreError> {
    /// let report = rotator.sweep_once().await?;
    /// println!("{} refreshed, {} failed", report.refreshed, report.failures.len());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn sweep_once(&self) -> Result<SweepReport, StoreError> {
        let mut report = SweepReport::default();
        let patience = Some(self.shared.settings.wait_timeout);
        let mut pass = Pass::new(&self.shared, patience);
        pass.run(|swept| report.add(swept)).await?;
        Ok(report)
    }
}
