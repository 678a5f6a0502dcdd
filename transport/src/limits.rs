//! What a transport may spend on one request.

use std::time::Duration;

/// What a transport may spend on one request: time, and bytes of the answer.
///
/// The defaults suit an API that answers within a second:
///
/// | limit | default |
/// |---|---|
/// | connect | 10 s |
/// | total | 30 s |
/// | body | 1 MiB |
/// | headers | 64 KiB |
///
/// ```
/// use std::time::Duration;
///
/// use slack_transport::Limits;
///
/// let limits = Limits::new().with_total_timeout(Duration::from_secs(5)).with_body_cap(64 * 1024);
/// assert_eq!(limits.connect_timeout(), Duration::from_secs(10));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "limits do nothing until a transport is made with them"]
pub struct Limits {
    connect: Duration,
    total: Duration,
    body: usize,
    headers: usize,
}

impl Limits {
    /// Returns the defaults.
    pub const fn new() -> Self {
        Self {
            connect: Duration::from_secs(10),
            total: Duration::from_secs(30),
            body: 1024 * 1024,
            headers: 64 * 1024,
        }
    }

    /// Sets the time for name resolution, TCP and TLS together. Default: 10 s.
    ///
    /// Less than a millisecond counts as one.
    pub const fn with_connect_timeout(self, limit: Duration) -> Self {
        Self { connect: at_least_a_millisecond(limit), ..self }
    }

    /// Sets the time for the whole exchange, from the call to the last byte of the body. Default: 30 s.
    ///
    /// Less than a millisecond counts as one.
    pub const fn with_total_timeout(self, limit: Duration) -> Self {
        Self { total: at_least_a_millisecond(limit), ..self }
    }

    /// Sets how long a body may be, in bytes. Default: 1 MiB.
    ///
    /// The cap holds while the body is read, whatever `Content-Length` declares.
    pub const fn with_body_cap(self, limit: usize) -> Self {
        Self { body: limit, ..self }
    }

    /// Sets how long the final answer's headers may be: bytes of names and values, plus four for each line. Default:
    /// 64 KiB.
    ///
    /// Over HTTP/1.1 the transports over reqwest and hyper take at most 128 header lines, whatever their length;
    /// more are [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge) as well.
    pub const fn with_header_cap(self, limit: usize) -> Self {
        Self { headers: limit, ..self }
    }

    /// Returns the time for connecting.
    #[must_use]
    pub const fn connect_timeout(&self) -> Duration {
        self.connect
    }

    /// Returns the time for the whole exchange.
    #[must_use]
    pub const fn total_timeout(&self) -> Duration {
        self.total
    }

    /// Returns how long a body may be, in bytes.
    #[must_use]
    pub const fn body_cap(&self) -> usize {
        self.body
    }

    /// Returns how long the headers may be, in bytes.
    #[must_use]
    pub const fn header_cap(&self) -> usize {
        self.headers
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}

/// Zero means "no limit" to some clients, so no transport is ever handed one.
const fn at_least_a_millisecond(limit: Duration) -> Duration {
    if limit.as_millis() == 0 { Duration::from_millis(1) } else { limit }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_table() {
        let limits = Limits::default();
        assert_eq!(limits.connect_timeout(), Duration::from_secs(10));
        assert_eq!(limits.total_timeout(), Duration::from_secs(30));
        assert_eq!((limits.body_cap(), limits.header_cap()), (1_048_576, 65_536));
        assert_eq!(limits, Limits::new());
    }

    #[test]
    fn each_limit_is_set_alone() {
        let new = Limits::new();
        let all = new
            .with_connect_timeout(Duration::from_millis(1))
            .with_total_timeout(Duration::from_micros(1_500))
            .with_body_cap(3)
            .with_header_cap(4);
        assert_eq!(all.connect_timeout(), Duration::from_millis(1));
        assert_eq!(all.total_timeout(), Duration::from_micros(1_500));
        assert_eq!((all.body_cap(), all.header_cap()), (3, 4));
        assert_eq!(new.with_body_cap(3).with_body_cap(1_048_576), new);
    }

    #[test]
    fn a_zero_time_is_not_forever() {
        let limits = Limits::new()
            .with_connect_timeout(Duration::ZERO)
            .with_total_timeout(Duration::from_micros(999));
        assert_eq!(limits.connect_timeout(), Duration::from_millis(1));
        assert_eq!(limits.total_timeout(), Duration::from_millis(1));
    }
}
