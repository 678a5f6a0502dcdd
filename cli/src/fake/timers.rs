//! Timers beside the runtime, which has none of its own.

use std::time::Duration;

use futures_timer::Delay;

/// Waits for a while.
pub(super) async fn sleep(duration: Duration) {
    Delay::new(duration).await;
}

/// Returns what a future returns, if it does so in time. One that is ready at once costs no timer.
pub(super) async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        done = future => Some(done),
        () = sleep(limit) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[test]
    fn what_takes_too_long_is_given_up() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            assert_eq!(within(Duration::from_secs(60), ready(1)).await, Some(1));
            assert_eq!(within(Duration::from_millis(10), pending::<()>()).await, None);
        });
    }
}
