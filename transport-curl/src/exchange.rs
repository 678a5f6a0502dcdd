//! One request and its answer, as libcurl's callbacks see them.

use std::io::SeekFrom;

use curl::easy::{Handler, ReadError, SeekResult, WriteError};
use http::{Method, Response};
use slack_transport::{CappedBody, Error, ErrorKind, Limits};
use zeroize::Zeroizing;

use crate::failure;
use crate::head::{Flaw, Head};

/// The request's body going out and the answer coming in.
#[derive(Debug)]
pub(crate) struct Exchange {
    limits: Limits,
    outgoing: Zeroizing<Vec<u8>>,
    position: usize,
    /// libcurl asks for the body before it writes the first byte of the request, headers included.
    /// For HEAD it does not ask, so that is taken as sent from the start.
    may_be_sent: bool,
    expects_body: bool,
    head: Head,
    /// An error once it is over the cap.
    body: Result<CappedBody, Error>,
}

impl Exchange {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            outgoing: Zeroizing::default(),
            position: 0,
            may_be_sent: false,
            expects_body: true,
            head: Head::default(),
            body: CappedBody::new(&limits, None),
        }
    }

    /// Makes ready for a request with `method` and `body`.
    pub(crate) fn begin(&mut self, method: &Method, body: Vec<u8>) {
        let head = *method == Method::HEAD;
        let outgoing = Zeroizing::new(body);
        *self = Self { outgoing, may_be_sent: head, expects_body: !head, ..Self::new(self.limits) };
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
        let Self { may_be_sent, head, body, .. } = std::mem::replace(self, Self::new(self.limits));
        let body = body?;
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
            Ok(()) if head.is_complete() => Ok(head.into_response(body.into_vec())),
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
        let was_complete = self.head.is_complete();
        let goes_on = self.head.line(line, self.limits.header_cap());
        if self.head.is_complete() && !was_complete {
            let length = if self.expects_body { self.head.declared_length() } else { None };
            self.body = CappedBody::new(&self.limits, length);
        }
        goes_on && self.body.is_ok()
    }

    fn write(&mut self, data: &[u8]) -> Result<usize, WriteError> {
        let Ok(body) = &mut self.body else { return Ok(0) };
        match body.push(data) {
            Ok(()) => Ok(data.len()),
            Err(too_long) => {
                self.body = Err(too_long);
                Ok(0)
            }
        }
    }
}
