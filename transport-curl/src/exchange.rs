//! One request and its answer, as libcurl's callbacks see them.

use std::io::SeekFrom;

use curl::easy::{Handler, ReadError, SeekResult, WriteError};
use http::{Method, Response, Uri};
use slack_transport::{Error, ErrorKind, Limits};
use zeroize::Zeroizing;

use crate::failure;
use crate::head::{Flaw, Head};

/// The request's body going out and the answer coming in.
#[derive(Debug)]
pub(crate) struct Exchange {
    limits: Limits,
    /// What the handle was last told, and still knows.
    target: Option<(Method, Uri)>,
    outgoing: Zeroizing<Vec<u8>>,
    position: usize,
    /// libcurl asks for the body before it writes the first byte of the request, headers included.
    /// For HEAD it does not ask, so that is taken as sent from the start.
    may_be_sent: bool,
    expects_body: bool,
    head: Head,
    body: Vec<u8>,
    body_too_long: bool,
}

impl Exchange {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            target: None,
            outgoing: Zeroizing::default(),
            position: 0,
            may_be_sent: false,
            expects_body: true,
            head: Head::default(),
            body: Vec::new(),
            body_too_long: false,
        }
    }

    /// Tells whether the last request had this method.
    pub(crate) fn was_by(&self, method: &Method) -> bool {
        self.target.as_ref().is_some_and(|(last, _)| last == method)
    }

    /// Tells whether the last request went to this URL.
    pub(crate) fn was_to(&self, url: &Uri) -> bool {
        self.target.as_ref().is_some_and(|(_, last)| last == url)
    }

    /// Makes ready for a request.
    pub(crate) fn begin(&mut self, method: Method, url: Uri, body: Vec<u8>) {
        let head = method == Method::HEAD;
        *self = Self {
            target: Some((method, url)),
            outgoing: Zeroizing::new(body),
            may_be_sent: head,
            expects_body: !head,
            ..Self::new(self.limits)
        };
    }

    /// Tells whether the connection was closed inside the headers, which libcurl does not notice.
    pub(crate) fn is_cut(&self) -> bool {
        self.may_be_sent && !self.head.is_complete()
    }

    /// Takes the result out, and wipes what was sent.
    pub(crate) fn finish(
        &mut self,
        result: Result<(), curl::Error>,
    ) -> Result<Response<Vec<u8>>, Error> {
        let next = Self { target: self.target.take(), ..Self::new(self.limits) };
        let Self { may_be_sent, head, body, body_too_long, .. } = std::mem::replace(self, next);
        if body_too_long {
            return Err(Error::maybe_sent(
                ErrorKind::TooLarge,
                "the answer's body is longer than the limit",
            ));
        }
        match head.flaw() {
            Some(Flaw::TooLong) => {
                return Err(Error::maybe_sent(
                    ErrorKind::TooLarge,
                    "the answer's headers are longer than the limit",
                ));
            }
            Some(Flaw::NotHttp) => {
                return Err(Error::maybe_sent(ErrorKind::Protocol, "what came is not HTTP"));
            }
            None => {}
        }
        match result {
            Ok(()) if head.is_complete() => Ok(head.into_response(body)),
            Ok(()) => Err(failure::cut()),
            Err(error) => Err(failure::translate(&error, may_be_sent)),
        }
    }
}

impl Handler for Exchange {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, ReadError> {
        self.may_be_sent = true;
        let rest = &self.outgoing[self.position..];
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        self.position += count;
        Ok(count)
    }

    /// Refuses to rewind: libcurl would otherwise repeat a request by itself when a reused connection
    /// closes without an answer, and a code works once.
    fn seek(&mut self, _: SeekFrom) -> SeekResult {
        SeekResult::CantSeek
    }

    fn header(&mut self, line: &[u8]) -> bool {
        let goes_on = self.head.line(line, self.limits.header_cap());
        if self.head.is_complete() && self.expects_body && self.head.has_body() {
            let cap = u64::try_from(self.limits.body_cap()).unwrap_or(u64::MAX);
            self.body_too_long |= self.head.declared_length().is_some_and(|length| length > cap);
        }
        goes_on && !self.body_too_long
    }

    fn write(&mut self, data: &[u8]) -> Result<usize, WriteError> {
        if data.len() > self.limits.body_cap() - self.body.len() {
            self.body_too_long = true;
            return Ok(0);
        }
        self.body.extend_from_slice(data);
        Ok(data.len())
    }
}
