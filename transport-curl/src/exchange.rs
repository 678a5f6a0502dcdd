//! One request and its answer, as libcurl's callbacks see them.

use std::io::SeekFrom;
use std::sync::Arc;
use std::time::Instant;

use curl::easy::{Handler, InfoType, ReadError, SeekResult, WriteError};
use http::{Method, Response, Uri, Version};
use slack_transport::{Body, CappedBody, Error, ErrorKind, Limits};

use crate::failure;
use crate::head::{Flaw, Head};
use crate::sockets::{Kept, Sockets};

/// The request's body going out and the answer coming in.
#[derive(Debug)]
pub(crate) struct Exchange {
    limits: Limits,
    sockets: Arc<Sockets>,
    /// The sockets that were opened for this handle, and not taken from it yet.
    opened: Vec<Kept>,
    /// The method and URL that the handle was set to last.
    target: Option<(Method, Uri)>,
    outgoing: Body,
    position: usize,
    /// libcurl asks for the body before it writes the first byte of the request, headers included.
    /// For HEAD it does not ask, so that is taken as sent from the start.
    may_be_sent: bool,
    expects_body: bool,
    /// Whether the server declared the request unprocessed.
    refused: bool,
    began: Instant,
    /// How many lines of headers have come, interim answers and trailers included.
    lines: usize,
    head: Head,
    /// An error once it is over the cap.
    body: Result<CappedBody, Error>,
}

impl Exchange {
    pub(crate) fn new(limits: Limits, sockets: Arc<Sockets>) -> Self {
        Self {
            limits,
            sockets,
            opened: Vec::new(),
            target: None,
            outgoing: Body::empty(),
            position: 0,
            may_be_sent: false,
            expects_body: true,
            refused: false,
            began: Instant::now(),
            lines: 0,
            head: Head::default(),
            body: CappedBody::new(&limits, None),
        }
    }

    /// Returns whether the last request had this method.
    pub(crate) fn was_by(&self, method: &Method) -> bool {
        self.target.as_ref().is_some_and(|(last, _)| last == method)
    }

    /// Returns whether the last request went to this URL.
    pub(crate) fn was_to(&self, url: &Uri) -> bool {
        self.target.as_ref().is_some_and(|(_, last)| last == url)
    }

    /// Prepares for a request.
    pub(crate) fn begin(&mut self, method: Method, url: Uri, body: Body) {
        let head = method == Method::HEAD;
        *self = Self {
            target: Some((method, url)),
            outgoing: body,
            may_be_sent: head,
            expects_body: !head,
            ..self.renewed()
        };
    }

    /// Returns this without the request and its answer.
    fn renewed(&mut self) -> Self {
        Self {
            target: self.target.take(),
            opened: std::mem::take(&mut self.opened),
            ..Self::new(self.limits, Arc::clone(&self.sockets))
        }
    }

    /// Returns whether the final answer came over HTTP/2.
    pub(crate) fn is_http2(&self) -> bool {
        self.head.version() == Version::HTTP_2
    }

    /// Returns the sockets that were opened for this handle.
    pub(crate) fn opened(&mut self) -> &mut Vec<Kept> {
        &mut self.opened
    }

    /// Records the protocol of the handle's own connections.
    pub(crate) fn note_protocol(&mut self) {
        let http2 = self.is_http2();
        for kept in &mut self.opened {
            kept.http2 = http2;
        }
    }

    /// Returns whether one of the handle's own connections must not be used again.
    pub(crate) fn has_ended_connections(&mut self) -> bool {
        self.sockets.remove_ended(&mut self.opened, |_| true)
    }

    /// Returns whether the connection was closed inside the headers, which libcurl does not notice.
    pub(crate) fn is_cut(&self) -> bool {
        self.may_be_sent && !self.head.is_complete()
    }

    /// Returns the result, and wipes what was sent.
    pub(crate) fn finish(
        &mut self,
        result: Result<(), curl::Error>,
    ) -> Result<Response<Vec<u8>>, Error> {
        let next = self.renewed();
        let Self { may_be_sent, refused, head, body, .. } = std::mem::replace(self, next);
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
            Err(error) if refused && !head.has_begun() => Err(failure::unprocessed(&error)),
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

    #[cfg(unix)]
    fn open_socket(
        &mut self,
        family: std::ffi::c_int,
        kind: std::ffi::c_int,
        protocol: std::ffi::c_int,
    ) -> Option<std::os::fd::RawFd> {
        let socket = self.sockets.open(family, kind, protocol)?;
        self.opened.push(Kept { socket, port: None, http2: false });
        Some(socket)
    }

    /// libcurl says nowhere else that the server refused a stream of HTTP/2.
    fn debug(&mut self, kind: InfoType, data: &[u8]) {
        if matches!(kind, InfoType::Text) && data.starts_with(b"HTTP/2 stream") {
            self.refused |= data.windows(REFUSED.len()).any(|window| window == REFUSED);
        }
    }

    fn header(&mut self, line: &[u8]) -> bool {
        // libcurl looks at its clock only once nothing more is there to be read. Most heads are shorter than this.
        self.lines += 1;
        if self.lines % LINES_BETWEEN_LOOKS == 0
            && self.began.elapsed() > self.limits.total_timeout()
        {
            let too_late = "no complete answer within the time limit";
            self.body = Err(Error::maybe_sent(ErrorKind::Timeout, too_late));
            return false;
        }
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

const REFUSED: &[u8] = b"refused by server";
/// After how many lines of an endless head the time is looked at.
const LINES_BETWEEN_LOOKS: usize = 32;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const OK: &[u8] = b"HTTP/1.1 200 OK\r\n";

    fn begun(method: &Method, body: &[u8]) -> Exchange {
        let limits = Limits::new().with_body_cap(9).with_header_cap(100);
        let mut exchange = Exchange::new(limits, Arc::new(Sockets::new().unwrap()));
        let url = Uri::from_static("http://127.0.0.1/");
        exchange.begin(method.clone(), url, body.to_vec().into());
        exchange
    }

    #[test]
    fn a_head_without_an_end_ends_with_the_total_timeout() {
        let limits = Limits::new().with_total_timeout(Duration::from_millis(20));
        let mut exchange = Exchange::new(limits, Arc::new(Sockets::new().unwrap()));
        exchange.begin(Method::POST, Uri::from_static("http://127.0.0.1/"), Body::empty());
        assert!(answered(&mut exchange, &[OK; LINES_BETWEEN_LOOKS - 1]));
        std::thread::sleep(Duration::from_millis(40));
        assert!(!answered(&mut exchange, &[b"a: b\r\n"]));
        let error = exchange.finish(Ok(())).unwrap_err();
        assert_eq!((error.kind(), error.nothing_was_sent()), (ErrorKind::Timeout, false));
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
        assert!(!answered(&mut exchange, &[OK, b"no colon\r\n", b"\r\n"]));
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

    #[test]
    fn a_refused_stream_was_not_processed() {
        let failed = || Err(curl::Error::new(65));
        let text = b"HTTP/2 stream 1 refused by server, try again on a new connection";
        let mut exchange = begun(&Method::POST, b"body");
        exchange.read(&mut [0; 1]).unwrap();
        exchange.debug(InfoType::HeaderIn, text);
        assert!(!exchange.finish(failed()).unwrap_err().nothing_was_sent());

        let mut exchange = begun(&Method::POST, b"body");
        exchange.read(&mut [0; 1]).unwrap();
        exchange.debug(InfoType::Text, text);
        let error = exchange.finish(failed()).unwrap_err();
        assert_eq!((error.kind(), error.nothing_was_sent()), (ErrorKind::Closed, true));

        // What has begun to answer was processed.
        let mut exchange = begun(&Method::POST, b"body");
        exchange.read(&mut [0; 1]).unwrap();
        assert!(answered(&mut exchange, &[OK]));
        exchange.debug(InfoType::Text, text);
        assert!(!exchange.finish(failed()).unwrap_err().nothing_was_sent());
    }
}
