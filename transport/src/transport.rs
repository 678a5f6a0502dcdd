//! The two traits.

use std::sync::Arc;

use async_trait::async_trait;
use http::{Request, Response};

use crate::{Body, Error};

/// Sends one request to its server and returns the answer.
///
/// Any status is an answer, a redirect included: a transport follows none and repeats nothing.
/// Dropping the future gives the request up at once and closes what it had opened. It may be polled
/// in any runtime and in none. The module `conformance` has every promise, and the
/// [crate's docs](crate) the way to keep them.
#[async_trait]
pub trait Transport: Send + Sync + 'static {
    /// Sends `request` once and returns the whole answer.
    ///
    /// # Errors
    ///
    /// When no complete answer came within the limits. [`Error::nothing_was_sent`] returns whether
    /// it is certain that no server acted on the request.
    async fn send(&self, request: Request<Body>) -> Result<Response<Vec<u8>>, Error>;
}

/// Sends one request to its server while the calling thread waits.
///
/// The promises are those of [`Transport`]. The call needs no runtime; inside one it holds up the
/// thread it is made on.
pub trait BlockingTransport: Send + Sync + 'static {
    /// Sends `request` once and returns the whole answer.
    ///
    /// # Errors
    ///
    /// As [`Transport::send`].
    fn send_blocking(&self, request: Request<Body>) -> Result<Response<Vec<u8>>, Error>;
}

#[async_trait]
impl<T: Transport + ?Sized> Transport for Arc<T> {
    async fn send(&self, request: Request<Body>) -> Result<Response<Vec<u8>>, Error> {
        (**self).send(request).await
    }
}

#[async_trait]
impl<T: Transport + ?Sized> Transport for Box<T> {
    async fn send(&self, request: Request<Body>) -> Result<Response<Vec<u8>>, Error> {
        (**self).send(request).await
    }
}

impl<T: BlockingTransport + ?Sized> BlockingTransport for Arc<T> {
    fn send_blocking(&self, request: Request<Body>) -> Result<Response<Vec<u8>>, Error> {
        (**self).send_blocking(request)
    }
}

impl<T: BlockingTransport + ?Sized> BlockingTransport for Box<T> {
    fn send_blocking(&self, request: Request<Body>) -> Result<Response<Vec<u8>>, Error> {
        (**self).send_blocking(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared<T: Send + Sync + 'static + ?Sized>() {}
    fn is_transport<T: Transport>() {}
    fn is_blocking<T: BlockingTransport>() {}

    #[test]
    fn both_traits_make_objects_that_threads_may_share() {
        shared::<dyn Transport>();
        shared::<dyn BlockingTransport>();
        is_transport::<Arc<dyn Transport>>();
        is_transport::<Box<dyn Transport>>();
        is_blocking::<Arc<dyn BlockingTransport>>();
        is_blocking::<Box<dyn BlockingTransport>>();
    }

    /// Answers with what it was sent.
    struct Echo;

    #[async_trait]
    impl Transport for Echo {
        async fn send(&self, request: Request<Body>) -> Result<Response<Vec<u8>>, Error> {
            self.send_blocking(request)
        }
    }

    impl BlockingTransport for Echo {
        fn send_blocking(&self, request: Request<Body>) -> Result<Response<Vec<u8>>, Error> {
            Ok(request.map(|body| Response::new([b"sent: ", body.as_ref()].concat())).into_body())
        }
    }

    #[test]
    fn a_pointer_to_a_transport_is_that_transport() {
        let request = || Request::new(Body::from("one"));
        let (shared, boxed) = (Arc::new(Echo), Box::new(Echo));
        for sent in [
            pollster::block_on(Transport::send(&shared, request())),
            pollster::block_on(Transport::send(&boxed, request())),
            BlockingTransport::send_blocking(&shared, request()),
            BlockingTransport::send_blocking(&boxed, request()),
        ] {
            assert_eq!(sent.unwrap().into_body(), b"sent: one");
        }
    }
}
