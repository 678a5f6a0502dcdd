//! Scripted faults: what goes wrong with the next call of a method.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use http::{Response, StatusCode};

use crate::pages::html;
use crate::wire::reply;

/// A fault of one call, scripted by [`FakeSlack::script`](crate::FakeSlack::script).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Answers 429 with `{"ok":false,"error":"ratelimited"}`; nothing is done.
    RateLimited {
        /// The seconds in the `Retry-After` header, if it is sent.
        retry_after: Option<u64>,
    },
    /// Answers 429 with a line of plain text, as Slack now and then does; nothing is done.
    RateLimitedPlainText {
        /// The seconds in the `Retry-After` header, if it is sent.
        retry_after: Option<u64>,
    },
    /// Answers with this status, for instance 500 or 503, and an HTML page; nothing is done.
    ///
    /// A number that is not an HTTP status counts as 500.
    ServerError {
        /// The status.
        status: u16,
    },
    /// Answers `ok: false` with this code; nothing is done.
    Refused {
        /// Slack's code, for instance `internal_error`.
        code: String,
    },
    /// Does what was asked, yet answers `ok: false` with this code, for instance `fatal_error`.
    RefusedAfterwards {
        /// Slack's code.
        code: String,
    },
    /// The request never arrives: nothing is done, and no answer comes.
    RequestLost,
    /// Does what was asked, but the answer never arrives.
    ReplyLost,
    /// Does what was asked at once, and answers later.
    ReplyDelayed(Duration),
    /// Does what was asked, and cuts the body after so many bytes; the answer is complete as HTTP.
    ReplyTruncated {
        /// The bytes that are left.
        keep: usize,
    },
    /// Does what was asked, and answers 200 with the login page of a captive portal.
    Garbage,
}

/// What a transport must do with a response, kept among its extensions.
///
/// A response without one is delivered at once.
///
/// ```
/// use slack_fake::{Delivery, FakeSlack, Fault};
///
/// let mut fake = FakeSlack::new();
/// fake.script("auth.test", Fault::ReplyLost);
/// let request = http::Request::post("/api/auth.test").body(Vec::new())?;
/// let response = fake.handle(&request, 0);
/// assert_eq!(response.extensions().get::<Delivery>(), Some(&Delivery::Never));
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delivery {
    /// The response gets lost: the connection ends without an answer.
    Never,
    /// The response arrives so much later.
    After(Duration),
}

/// The faults to come, by method.
#[derive(Clone, Default)]
pub(crate) struct Script {
    queues: BTreeMap<String, VecDeque<Fault>>,
}

impl Script {
    pub(crate) fn push(&mut self, method: String, fault: Fault) {
        self.queues.entry(method).or_default().push_back(fault);
    }

    pub(crate) fn next(&mut self, method: &str) -> Option<Fault> {
        self.queues.get_mut(method)?.pop_front()
    }

    pub(crate) fn left(&self) -> usize {
        self.queues.values().map(VecDeque::len).sum()
    }

    pub(crate) fn clear(&mut self) {
        self.queues.clear();
    }
}

impl Fault {
    /// The answer that comes instead of doing anything.
    pub(crate) fn instead(&self) -> Option<Response<Vec<u8>>> {
        let (mut response, retry_after) = match self {
            Self::RateLimited { retry_after } => {
                let mut response = reply::envelope(Err("ratelimited".into()), &[]);
                *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
                (response, *retry_after)
            }
            Self::RateLimitedPlainText { retry_after } => {
                let text = b"You are sending too many requests. Please relax.".to_vec();
                (
                    reply::plain(StatusCode::TOO_MANY_REQUESTS, "text/plain; charset=utf-8", text),
                    *retry_after,
                )
            }
            Self::ServerError { status } => {
                let status =
                    StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                (html::server_error(status), None)
            }
            Self::Refused { code } => (reply::envelope(Err(code.as_str().into()), &[]), None),
            Self::RequestLost => (never(), None),
            _ => return None,
        };
        if let Some(seconds) = retry_after {
            reply::set_retry_after(&mut response, seconds);
        }
        Some(response)
    }

    /// Spoils the answer to what was done.
    pub(crate) fn spoil(&self, mut response: Response<Vec<u8>>) -> Response<Vec<u8>> {
        match self {
            Self::RefusedAfterwards { code } => reply::envelope(Err(code.as_str().into()), &[]),
            Self::ReplyLost => never(),
            Self::ReplyDelayed(delay) => {
                response.extensions_mut().insert(Delivery::After(*delay));
                response
            }
            Self::ReplyTruncated { keep } => {
                response.body_mut().truncate(*keep);
                response
            }
            Self::Garbage => html::portal(),
            _ => response,
        }
    }
}

/// A response that must not be delivered; its status is for callers of
/// [`FakeSlack::handle`](crate::FakeSlack::handle).
fn never() -> Response<Vec<u8>> {
    let mut response = html::server_error(StatusCode::GATEWAY_TIMEOUT);
    response.extensions_mut().insert(Delivery::Never);
    response
}
