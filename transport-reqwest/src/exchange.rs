//! One request and its answer, inside Tokio.

use http::{Request, Response, StatusCode};
use slack_transport::{Error, ErrorKind, Limits, check_response_head};

use crate::failure;

/// A client with the limits of its exchanges.
#[derive(Clone)]
pub(crate) struct Exchanger {
    client: reqwest::Client,
    limits: Limits,
}

impl Exchanger {
    pub(crate) fn new(client: reqwest::Client, limits: Limits) -> Self {
        Self { client, limits }
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// Sends the request once and reads the answer up to the cap.
    pub(crate) async fn exchange(
        &self,
        request: Request<Vec<u8>>,
    ) -> Result<Response<Vec<u8>>, Error> {
        let mut request = reqwest::Request::try_from(request).map_err(failure::of_building)?;
        *request.timeout_mut() = Some(self.limits.total_timeout());
        let mut response = self.client.execute(request).await.map_err(failure::of_sending)?;
        check_response_head(response.headers(), &self.limits)?;
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return Err(Error::maybe_sent(
                ErrorKind::Protocol,
                "the server went over to another protocol unasked",
            ));
        }
        let cap = self.limits.body_cap();
        // What is still to come: nothing for HEAD, whatever the header says.
        let declared =
            usize::try_from(response.content_length().unwrap_or(0)).unwrap_or(usize::MAX);
        if declared > cap {
            return Err(too_long());
        }
        let mut body = Vec::with_capacity(declared);
        while let Some(chunk) = response.chunk().await.map_err(failure::of_reading)? {
            if chunk.len() > cap - body.len() {
                return Err(too_long());
            }
            body.extend_from_slice(&chunk);
        }
        let mut answer = Response::new(body);
        *answer.status_mut() = response.status();
        *answer.version_mut() = response.version();
        *answer.headers_mut() = std::mem::take(response.headers_mut());
        Ok(answer)
    }
}

fn too_long() -> Error {
    Error::maybe_sent(ErrorKind::TooLarge, "the answer's body is longer than the limit")
}
