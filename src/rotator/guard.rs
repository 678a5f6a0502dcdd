//! Nothing that belongs to somebody else may hang or panic into the rotator.

use std::{
    any::Any,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use futures_lite::FutureExt as _;

use crate::runtime::Runtime;

/// Why a guarded future gave nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// The time was up.
    TimedOut,
    /// It panicked.
    Panicked,
}

/// Runs a future until a deadline, and contains its panic.
pub(super) async fn within<T>(
    runtime: &dyn Runtime,
    limit: Duration,
    future: impl Future<Output = T>,
) -> Result<T, Cut> {
    let work = async { AssertUnwindSafe(future).catch_unwind().await.map_err(panicked) };
    let timer = async {
        sleep(runtime, limit).await;
        Err(Cut::TimedOut)
    };
    futures_lite::future::or(work, timer).await
}

/// Waits for a duration; returns whether it could. A timer that panics, as that of a runtime that is shut down may, counts as
/// one that has ended.
pub(super) async fn sleep(runtime: &dyn Runtime, length: Duration) -> bool {
    let made = catch_unwind(AssertUnwindSafe(|| runtime.sleep(length)));
    match made {
        Ok(sleep) => AssertUnwindSafe(sleep).catch_unwind().await.is_ok(),
        Err(_) => false,
    }
}

/// Calls something foreign, and contains its panic; returns whether it came back.
pub(super) fn contained(call: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(call)).is_ok()
}

fn panicked(_: Box<dyn Any + Send>) -> Cut {
    Cut::Panicked
}
