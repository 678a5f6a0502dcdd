//! The system's time of day.

use slack_proto::Timestamp;

/// Returns the time of day as of the last tick of the kernel, some milliseconds ago.
///
/// Only the whole second counts here, and this clock is much cheaper to read. It is most of what a cached token costs.
#[cfg(target_os = "linux")]
pub(super) fn system_time() -> Timestamp {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::RealtimeCoarse);
    Timestamp::from_unix(u64::try_from(time.tv_sec).unwrap_or_default())
}

/// Returns the time of day.
#[cfg(not(target_os = "linux"))]
pub(super) fn system_time() -> Timestamp {
    std::time::SystemTime::now().into()
}
