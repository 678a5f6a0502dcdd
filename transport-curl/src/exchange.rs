//! One request and its answer, as libcurl's callbacks see them.

use std::io::SeekFrom;

use curl::easy::{Handler, ReadError, SeekResult, WriteError};
use http::{Method, Response, Uri};
use slack_transport::{Body, CappedBody, Error, ErrorKind, Limits};

use crate::failure;
use crate::head::{Flaw, Head};

/// The request's body going out and the answer coming in.
#[derive(Debug)]
pub(crate) struct Exchange {
    limits: Limits,
    /// What the handle was last told, and still knows.
    target: Option<(Method, Uri)>,
    outgoing: Body,
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
            target: None,
            outgoing: Body::empty(),
            position: 0,
            may_be_sent: false,
            expects_body: true,
            head: Head::default(),
            body: CappedBody::new(&limits, None),
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
    pub(crate) fn begin(&mut self, method: Method, url: Uri, body: Body) {
        let head = method == Method::HEAD;
        *self = Self {
            target: Some((method, url)),
            outgoing: body,
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
        let Self { may_be_sent, head, body, .. } = std::mem::replace(self, next);
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
        let rest = &self.outgoing.as_ref()[self.position..];
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

#[cfg(test)]
mod tests {
    use super::*;

    const OK: &[u8] = b"HTTP/1.1 200 OK\r\n";

    fn begun(method: &Method, body: &[u8]) -> Exchange {
        let limits = Limits::new().with_body_cap(9).with_header_cap(100);
        let mut exchange = Exchange::new(limits);
        let url = Uri::from_static("http://127.0.0.1/");
        exchange.begin(method.clone(), url, body.to_vec().into());
        exchange
    }

    fn answered(exchange: &mut Exchange, lines: &[&[u8]]) -> bool {
        lines.iter().all(|line| exchange.header(line))
    }

    #[test]
    fn a_body_goes_out_in_pieces_and_once() {
        let mut exchange = begun(&Method::POST, b"code=c0de");
        let mut into = [0; 4];
        let mut sent = Vec::new();
        for expected in [4, 4, 1, 0] {
            let count = exchange.read(&mut into).unwrap();
            assert_eq!(count, expected);
            sent.extend_from_slice(&into[..count]);
        }
        assert_eq!(sent, b"code=c0de");
        assert!(matches!(exchange.seek(SeekFrom::Start(0)), SeekResult::CantSeek));
    }

    #[test]
    fn an_answer_comes_whole() {
        let mut exchange = begun(&Method::POST, b"");
        assert!(answered(&mut exchange, &[OK, b"content-length: 9\r\n", b"\r\n"]));
        assert_eq!(exchange.write(b"01234").unwrap(), 5);
        assert_eq!(exchange.write(b"5678").unwrap(), 4);
        // A trailer changes nothing.
        assert!(exchange.header(b"content-length: 10\r\n"));
        let response = exchange.finish(Ok(())).unwrap();
        assert_eq!((response.status().as_u16(), &response.body()[..]), (200, &b"012345678"[..]));
        // Nothing of it is left for the next.
        assert_eq!(exchange.finish(Ok(())).unwrap_err().kind(), ErrorKind::Closed);
    }

    #[test]
    fn a_body_over_the_cap_stops_the_transfer() {
        let mut exchange = begun(&Method::POST, b"");
        assert!(!answered(&mut exchange, &[OK, b"content-length: 10\r\n", b"\r\n"]));
        assert_eq!(exchange.finish(Ok(())).unwrap_err().kind(), ErrorKind::TooLarge);

        let mut exchange = begun(&Method::POST, b"");
        assert!(answered(&mut exchange, &[OK, b"\r\n"]));
        assert_eq!(exchange.write(b"012345678").unwrap(), 9);
        assert_eq!(exchange.write(b"9").unwrap(), 0);
        assert_eq!(exchange.write(b"").unwrap(), 0);
        let error = exchange.finish(Ok(())).unwrap_err();
        assert_eq!((error.kind(), error.nothing_was_sent()), (ErrorKind::TooLarge, false));
    }

    #[test]
    fn a_length_means_nothing_where_no_body_comes() {
        for (method, status) in [(Method::HEAD, "200"), (Method::GET, "304")] {
            let mut exchange = begun(&method, b"");
            let line = format!("HTTP/1.1 {status} X\r\n");
            assert!(answered(
                &mut exchange,
                &[line.as_bytes(), b"content-length: 10\r\n", b"\r\n"]
            ));
            assert!(exchange.finish(Ok(())).unwrap().body().is_empty());
        }
    }

    #[test]
    fn a_flaw_of_the_head_is_what_went_wrong() {
        let mut exchange = begun(&Method::POST, b"");
        assert!(!answered(&mut exchange, &[OK, b"no colon\r\n"]));
        let error = exchange.finish(Ok(())).unwrap_err();
        assert_eq!((error.kind(), error.nothing_was_sent()), (ErrorKind::Protocol, false));

        let mut exchange = begun(&Method::POST, b"");
        let long = [b"x: ".as_slice(), &[b'y'; 100], b"\r\n"].concat();
        assert!(!answered(&mut exchange, &[OK, &long]));
        let error = exchange.finish(Ok(())).unwrap_err();
        assert_eq!((error.kind(), error.nothing_was_sent()), (ErrorKind::TooLarge, false));
    }

    #[test]
    fn what_may_be_sent_begins_with_the_first_question_for_the_body() {
        let failed = || Err(curl::Error::new(28));
        let mut exchange = begun(&Method::POST, b"body");
        assert!(!exchange.is_cut());
        assert!(exchange.finish(failed()).unwrap_err().nothing_was_sent());

        let mut exchange = begun(&Method::POST, b"body");
        exchange.read(&mut [0; 1]).unwrap();
        assert!(exchange.is_cut());
        assert!(answered(&mut exchange, &[OK]));
        assert!(exchange.is_cut());
        let error = exchange.finish(failed()).unwrap_err();
        assert_eq!((error.kind(), error.nothing_was_sent()), (ErrorKind::Timeout, false));

        let mut exchange = begun(&Method::HEAD, b"");
        assert!(exchange.is_cut());
        assert!(answered(&mut exchange, &[OK, b"\r\n"]));
        assert!(!exchange.is_cut());
        assert!(!exchange.finish(failed()).unwrap_err().nothing_was_sent());
    }
}
