//! The sockets of kept connections, and whether their end has arrived.
//!
//! libcurl looks at a kept connection only if a second has passed since its last use. Within that second it
//! would send the next request on a connection that the server has closed, or take an answer that nobody asked
//! for as the next one.

use std::fmt;

/// A connection that libcurl keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) socket: Socket,
    /// The local port, known once a transfer has ended.
    pub(crate) port: Option<u16>,
    /// Over HTTP/2 a server may send frames at any time, and only the end counts.
    pub(crate) http2: bool,
}

#[cfg(unix)]
mod watch {
    use std::os::fd::IntoRawFd;
    use std::sync::{Mutex, PoisonError};
    use std::time::Duration;

    use mio::unix::SourceFd;
    use mio::{Events, Interest, Poll, Token};

    use super::Kept;

    pub(crate) type Socket = std::os::fd::RawFd;

    /// Watches sockets by their numbers. The system forgets a closed one by itself.
    pub(crate) struct Sockets(Mutex<Watching>);

    struct Watching {
        poll: Poll,
        events: Events,
    }

    impl Sockets {
        pub(crate) fn new() -> std::io::Result<Self> {
            let watching = Watching { poll: Poll::new()?, events: Events::with_capacity(64) };
            Ok(Self(Mutex::new(watching)))
        }

        /// Opens a socket for libcurl and watches it.
        pub(crate) fn open(&self, family: i32, kind: i32, protocol: i32) -> Option<Socket> {
            let socket = socket2::Socket::new(family.into(), kind.into(), Some(protocol.into()));
            let socket = socket.ok()?.into_raw_fd();
            let watching = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            // One that cannot be watched is used all the same, and libcurl looks at it after a second.
            drop(watching.poll.registry().register(
                &mut SourceFd(&socket),
                token(socket)?,
                Interest::READABLE,
            ));
            Some(socket)
        }

        /// Removes the connections that are closed or must not be used again, and returns whether there was one of the latter.
        pub(crate) fn remove_ended(
            &self,
            kept: &mut Vec<Kept>,
            is_idle: impl Fn(&Kept) -> bool,
        ) -> bool {
            if kept.is_empty() {
                return false;
            }
            let mut watching = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let Watching { poll, events } = &mut *watching;
            kept.retain(|kept| {
                // To register again asks for what is there now, whatever was reported before.
                !is_idle(kept)
                    || token(kept.socket).is_some_and(|token| {
                        let mut socket = SourceFd(&kept.socket);
                        poll.registry().reregister(&mut socket, token, Interest::READABLE).is_ok()
                    })
            });
            if poll.poll(events, Some(Duration::ZERO)).is_err() {
                return false;
            }
            let before = kept.len();
            for event in &*events {
                kept.retain(|kept| {
                    let ended = token(kept.socket) == Some(event.token())
                        && is_idle(kept)
                        && (event.is_read_closed() || event.is_error() || !kept.http2);
                    !ended
                });
            }
            kept.len() < before
        }
    }

    fn token(socket: Socket) -> Option<Token> {
        usize::try_from(socket).ok().map(Token)
    }
}

#[cfg(not(unix))]
mod watch {
    use super::Kept;

    /// Never made: sockets are not watched on this system.
    pub(crate) type Socket = std::convert::Infallible;

    /// On this system a connection that ended less than a second ago may be used once more.
    pub(crate) struct Sockets;

    impl Sockets {
        #[expect(clippy::unnecessary_wraps, reason = "it may fail on other systems")]
        pub(crate) fn new() -> std::io::Result<Self> {
            Ok(Self)
        }

        #[expect(clippy::unused_self, reason = "it is used on other systems")]
        pub(crate) fn remove_ended(&self, _: &mut Vec<Kept>, _: impl Fn(&Kept) -> bool) -> bool {
            false
        }
    }
}

pub(crate) use watch::{Socket, Sockets};

impl fmt::Debug for Sockets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sockets")
    }
}
