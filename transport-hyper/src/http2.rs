//! A connection over HTTP/2, which is a task of its own and carries many requests at once.

use std::mem;

use http::{Response, Version};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Bytes};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use slack_transport::{CappedBody, Limits, check_response_head, failure_of_reading};

use crate::connect::{Failure, Stream};
use crate::exchange::Unsent;

/// A connection over HTTP/2; clones share it, and it closes with the last of them.
#[derive(Clone)]
pub(crate) struct Http2 {
    sender: http2::SendRequest<Full<Bytes>>,
}

impl Http2 {
    pub(crate) async fn start(stream: Box<dyn Stream>, limits: Limits) -> hyper::Result<Self> {
        let (sender, connection) = http2::Builder::new(TokioExecutor::new())
            .max_header_list_size(header_list_size(&limits))
            .handshake(TokioIo::new(stream))
            .await?;
        // Its error reaches the requests under way as well.
        tokio::spawn(async move { drop(connection.await) });
        Ok(Self { sender })
    }

    /// Returns whether the connection may take another request.
    pub(crate) fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    /// Sends the request and reads the answer. Dropping the future resets the stream.
    pub(crate) async fn exchange(
        &mut self,
        request: &mut Unsent,
        limits: &Limits,
    ) -> Result<Response<Vec<u8>>, Failure> {
        *request.version_mut() = Version::HTTP_2;
        let answer = self.sender.try_send_request(mem::take(request)).await;
        let answer = answer.map_err(|error| Failure::of(error, request))?;
        let (head, mut incoming) = answer.into_parts();
        check_response_head(head.status, &head.headers, limits)?;
        let mut body = CappedBody::new(limits, incoming.size_hint().exact())?;
        while let Some(frame) = incoming.frame().await {
            let frame = frame
                .map_err(|error| Failure::Failed(failure_of_reading(&error).with_source(error)))?;
            // A frame without data is a trailer.
            frame.into_data().map_or(Ok(()), |data| body.push(&data))?;
        }
        Ok(Response::from_parts(head, body.into_vec()))
    }
}

/// Returns the most that h2 may count for a header list that the contract's cap allows.
///
/// HTTP/2 counts 32 bytes for each line where the contract counts four; the shortest line then has 33 instead of
/// five. The contract's own count decides afterwards.
fn header_list_size(limits: &Limits) -> u32 {
    u32::try_from(limits.header_cap().saturating_mul(7)).unwrap_or(u32::MAX)
}
