//! One request and its answer, as libcurl's callbacks see them.

use std::io::SeekFrom;

use curl::easy::{Handler, ReadError, SeekResult, WriteError};
use http::Response;
use slack_transport::{Error, ErrorKind, Limits};
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
    asked_for_body: bool,
    head: Head,
    body: Vec<u8>,
    body_too_long: bool,
}

impl Exchange {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            outgoing: Zeroizing::default(),
            position: 0,
            asked_for_body: false,
            head: Head::default(),
            body: Vec::new(),
            body_too_long: false,
        }
    }

    /// Makes ready for a request with `body`.
    pub(crate) fn begin(&mut self, body: Vec<u8>) {
        *self = Self { outgoing: Zeroizing::new(body), ..Self::new(self.limits) };
    }

    /// Takes the result out, and wipes what was sent.
    pub(crate) fn finish(
        &mut self,
        result: Result<(), curl::Error>,
    ) -> Result<Response<Vec<u8>>, Error> {
        let Self { asked_for_body, head, body, body_too_long, .. } =
            std::mem::replace(self, Self::new(self.limits));
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
            Err(error) => Err(failure::translate(&error, asked_for_body)),
        }
    }
}

impl Handler for Exchange {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, ReadError> {
        self.asked_for_body = true;
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
        self.head.line(line, self.limits.header_cap())
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
