//! A stream that lets its task look at the time between reads.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Is pending once after a few reads in a row.
///
/// hyper reads interim answers (1xx) as long as there are any, all in one poll, in which no time limit is looked at.
pub(crate) struct Polite<S> {
    stream: S,
    reads: u8,
}

impl<S> Polite<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, reads: 0 }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Polite<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.reads == READS_IN_A_ROW {
            self.reads = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let read = Pin::new(&mut self.stream).poll_read(context, into);
        self.reads = if read.is_ready() { self.reads + 1 } else { 0 };
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Polite<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// A whole answer of the usual size needs fewer.
const READS_IN_A_ROW: u8 = 4;

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Wake, Waker};

    use super::*;

    /// Has always something to read, but for the reads of that number.
    struct Endless {
        reads: usize,
        pending_at: usize,
    }

    impl AsyncRead for Endless {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            into: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            self.reads += 1;
            if self.reads == self.pending_at {
                return Poll::Pending;
            }
            into.put_slice(b"x");
            Poll::Ready(Ok(()))
        }
    }

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Reads so often, and returns which reads were ready, and how often the task was woken.
    fn read(pending_at: usize, times: usize) -> (Vec<bool>, usize) {
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut context = Context::from_waker(&waker);
        let mut stream = Polite::new(Endless { reads: 0, pending_at });
        let ready = (0..times).map(|_| {
            let mut byte = [0];
            Pin::new(&mut stream).poll_read(&mut context, &mut ReadBuf::new(&mut byte)).is_ready()
        });
        (ready.collect(), woken.0.load(Ordering::SeqCst))
    }

    #[test]
    fn after_four_reads_in_a_row_the_task_gets_a_turn() {
        let (ready, woken) = read(usize::MAX, 10);
        let expected = [true, true, true, true, false, true, true, true, true, false];
        assert_eq!((&*ready, woken), (&expected[..], 2));
    }

    #[test]
    fn who_waits_for_the_stream_begins_anew() {
        let (ready, woken) = read(4, 8);
        let expected = [true, true, true, false, true, true, true, true];
        assert_eq!((&*ready, woken), (&expected[..], 0));
    }
}
