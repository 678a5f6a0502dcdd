//! Whether the runtime that polls a request has what it needs.

use std::net::{Ipv4Addr, UdpSocket};
use std::panic;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::{Handle, Id};

/// What is known of the runtime that was met last.
#[derive(Default)]
pub(super) struct Surroundings {
    last: Mutex<Option<(Id, Fitness)>>,
}

/// Whether a runtime can carry requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fitness {
    Fit,
    /// Without its I/O or its time driver.
    Lame,
}

impl Surroundings {
    /// Returns whether the calling thread is inside a Tokio runtime that has I/O and time.
    pub(super) fn carry_requests(&self) -> bool {
        let Ok(handle) = Handle::try_current() else { return false };
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let fitness = match *last {
            Some((id, fitness)) if id == handle.id() => fitness,
            _ => last.insert((handle.id(), probe())).1,
        };
        fitness == Fitness::Fit
    }
}

/// Tries the drivers out: Tokio tells that one is missing by a panic only.
///
/// The panic hook prints its message once for each such runtime.
fn probe() -> Fitness {
    let tried = panic::catch_unwind(|| {
        drop(tokio::time::sleep(Duration::ZERO));
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).ok()?;
        socket.set_nonblocking(true).ok()?;
        tokio::net::UdpSocket::from_std(socket).ok()
    });
    if tried.is_ok() { Fitness::Fit } else { Fitness::Lame }
}

#[cfg(test)]
mod tests {
    use tokio::runtime::{Builder, Runtime};

    use super::*;

    #[test]
    fn each_runtime_is_judged_by_itself() {
        let surroundings = Surroundings::default();
        let inside = |runtime: &Runtime| {
            let _inside = runtime.enter();
            surroundings.carry_requests()
        };
        let whole = Builder::new_current_thread().enable_all().build().unwrap();
        let lame = Builder::new_current_thread().build().unwrap();
        assert!(!surroundings.carry_requests());
        for _ in 0..2 {
            assert!(inside(&whole) && inside(&whole));
            assert!(!inside(&lame) && !inside(&lame));
        }
        assert!(!surroundings.carry_requests());
    }
}
