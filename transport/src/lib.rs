//! The contract between a protocol core and the HTTP client that carries its requests.

use async_trait::async_trait;
use http::{Request, Response};

/// Carries one request to its server and brings the answer back.
#[async_trait]
pub trait Transport: Send + Sync + 'static {
    /// Sends `request` once and gives the answer, whatever its status.
    ///
    /// # Errors
    ///
    /// When no complete answer came.
    async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Error>;
}

/// Why no answer came.
#[derive(Debug)]
pub struct Error(());
