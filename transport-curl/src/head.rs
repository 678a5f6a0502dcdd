//! The answer's status line and headers, line by line as libcurl hands them over.

use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{StatusCode, Version};

/// What has been read of the answer's head.
#[derive(Debug, Default)]
pub(crate) struct Head {
    status: StatusCode,
    version: Version,
    /// The header lines, until the blank line lets `httparse` read them.
    lines: Vec<u8>,
    count: usize,
    bytes: usize,
    headers: HeaderMap,
    state: State,
}

/// How far the head has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// No status line yet, or an interim answer (1xx) is over.
    #[default]
    Before,
    /// Between the status line and the blank line.
    Inside,
    /// The final answer's blank line was seen.
    Complete,
    /// A line is not a header, or the headers exceed the cap.
    Broken(Flaw),
}

/// Why a head is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// A line that is neither a status line nor a header.
    NotHttp,
    /// More header bytes than the limit.
    TooLong,
}

impl Head {
    /// Reads one line, its end included, and returns whether to go on.
    ///
    /// Lines after the blank line are a chunked body's trailers and are left out.
    pub(crate) fn line(&mut self, line: &[u8], cap: usize) -> bool {
        if !line.ends_with(b"\n") {
            // The connection closed inside this line: the blank line will be missing.
            return true;
        }
        let is_blank = matches!(line, b"\r\n" | b"\n");
        self.state = match self.state {
            State::Before => self.status_line(line.trim_ascii_end()),
            State::Inside if is_blank => self.end(),
            State::Inside => self.header_line(line, cap),
            State::Complete | State::Broken(_) => self.state,
        };
        !matches!(self.state, State::Broken(_))
    }

    /// Returns whether the final answer's blank line was seen.
    pub(crate) fn is_complete(&self) -> bool {
        self.state == State::Complete
    }

    /// Returns how long the body is to be, if the headers say so; for HEAD that means nothing.
    ///
    /// With 204 and 304 there is none, whatever they say (RFC 9110 section 6.4.1).
    pub(crate) fn declared_length(&self) -> Option<u64> {
        if matches!(self.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
            return None;
        }
        self.headers.get(http::header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
    }

    /// Returns why the head was refused, if it was.
    pub(crate) fn flaw(&self) -> Option<Flaw> {
        match self.state {
            State::Broken(flaw) => Some(flaw),
            State::Before | State::Inside | State::Complete => None,
        }
    }

    /// Returns whether any answer has begun.
    pub(crate) fn has_begun(&self) -> bool {
        self.state != State::Before || self.status.is_informational()
    }

    pub(crate) fn version(&self) -> Version {
        self.version
    }

    pub(crate) fn into_response(self, body: Vec<u8>) -> http::Response<Vec<u8>> {
        let mut response = http::Response::new(body);
        *response.status_mut() = self.status;
        *response.version_mut() = self.version;
        *response.headers_mut() = self.headers;
        response
    }

    /// Reads `HTTP/2 200` as well, which `httparse` does not know.
    fn status_line(&mut self, line: &[u8]) -> State {
        let mut words = line.splitn(3, |&byte| byte == b' ');
        let version = words.next().and_then(version_of);
        let status = words.next().and_then(|code| StatusCode::from_bytes(code).ok());
        let (Some(version), Some(status)) = (version, status) else {
            return State::Broken(Flaw::NotHttp);
        };
        if status == StatusCode::SWITCHING_PROTOCOLS {
            // Nobody asked for another protocol.
            return State::Broken(Flaw::NotHttp);
        }
        let lines = Vec::with_capacity(USUAL_BYTES);
        *self = Self { status, version, lines, ..Self::default() };
        State::Inside
    }

    fn header_line(&mut self, line: &[u8], cap: usize) -> State {
        self.lines.extend_from_slice(line);
        self.count += 1;
        let text = line.trim_ascii_end();
        let name = text.iter().position(|&byte| byte == b':').unwrap_or_default();
        let value = text[name..].strip_prefix(b":").unwrap_or_default().trim_ascii();
        self.bytes += name + value.len() + 4;
        if self.bytes > cap { State::Broken(Flaw::TooLong) } else { State::Inside }
    }

    /// Reads the header lines; those of an interim answer leave nothing behind.
    fn end(&mut self) -> State {
        self.lines.extend_from_slice(b"\r\n");
        match headers_of(&self.lines, self.count) {
            Err(flaw) => State::Broken(flaw),
            Ok(_) if self.status.is_informational() => State::Before,
            Ok(headers) => {
                self.headers = headers;
                State::Complete
            }
        }
    }
}

fn headers_of(lines: &[u8], count: usize) -> Result<HeaderMap, Flaw> {
    let mut found = vec![httparse::EMPTY_HEADER; count];
    let Ok(httparse::Status::Complete((_, found))) = httparse::parse_headers(lines, &mut found)
    else {
        return Err(Flaw::NotHttp);
    };
    let mut headers = HeaderMap::with_capacity(count);
    for header in found {
        let name = HeaderName::from_bytes(header.name.as_bytes()).map_err(|_| Flaw::NotHttp)?;
        let value = HeaderValue::from_bytes(header.value).map_err(|_| Flaw::NotHttp)?;
        headers.try_append(name, value).map_err(|_| Flaw::TooLong)?;
    }
    Ok(headers)
}

fn version_of(word: &[u8]) -> Option<Version> {
    match word {
        b"HTTP/1.1" => Some(Version::HTTP_11),
        b"HTTP/1.0" => Some(Version::HTTP_10),
        b"HTTP/2" | b"HTTP/2.0" => Some(Version::HTTP_2),
        b"HTTP/3" => Some(Version::HTTP_3),
        _ => None,
    }
}

/// Slack sends about that many.
const USUAL_BYTES: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Head {
        let mut head = Head::default();
        for line in lines {
            head.line(line.as_bytes(), 1000);
        }
        head
    }

    #[test]
    fn an_interim_answer_leaves_nothing_behind() {
        let head = read(&[
            "HTTP/1.1 103 Early Hints\r\n",
            "link: </x>\r\n",
            "\r\n",
            "HTTP/1.1 200 OK\r\n",
            "a: 1\r\n",
            "A: 2\r\n",
            "\r\n",
            "trailer: 3\r\n",
        ]);
        assert!(head.is_complete());
        let response = head.into_response(Vec::new());
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers().get_all("a").iter().collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(response.headers().len(), 2);
    }

    #[test]
    fn a_head_without_its_blank_line_is_not_complete() {
        assert!(!read(&["HTTP/1.1 200 OK\r\n", "a: 1\r\n"]).is_complete());
        assert!(!read(&["HTTP/1.1 100 Continue\r\n", "\r\n"]).is_complete());
        assert!(!read(&["HTTP/1.1 200 OK\r\n", "a: 1\r\n", "\r"]).is_complete());
    }

    #[test]
    fn what_is_no_header_breaks_the_head() {
        for line in ["no colon\r\n", "sp ace: x\r\n", ": x\r\n", "x: \u{1}\r\n"] {
            assert_eq!(
                read(&["HTTP/1.1 200 OK\r\n", line, "\r\n"]).flaw(),
                Some(Flaw::NotHttp),
                "{line:?}"
            );
        }
        assert_eq!(read(&["ICY 200 OK\r\n"]).flaw(), Some(Flaw::NotHttp));
        assert_eq!(read(&["HTTP/1.1 2000 OK\r\n"]).flaw(), Some(Flaw::NotHttp));
    }

    #[test]
    fn headers_end_at_the_cap() {
        // Name, value and four bytes for each line: 1,000 are allowed.
        for (length, flaw) in [(990, None), (991, Some(Flaw::TooLong))] {
            let full = format!("x: {}\r\n", "y".repeat(length));
            assert_eq!(read(&["HTTP/1.1 200 OK\r\n", &full, "z:\r\n", "\r\n"]).flaw(), flaw);
        }
        let longer = format!("x: {}\r\n", "y".repeat(996));
        assert_eq!(read(&["HTTP/1.1 200 OK\r\n", &longer]).flaw(), Some(Flaw::TooLong));
    }

    #[test]
    fn odd_bytes_in_a_value_are_kept() {
        let mut head = read(&["HTTP/1.1 200 \r\n"]);
        assert!(head.line(b"x: caf\xe9\t!\r\n", 1000));
        assert!(head.line(b"\r\n", 1000));
        assert_eq!(head.into_response(Vec::new()).headers()["x"].as_bytes(), b"caf\xe9\t!");
    }

    #[test]
    fn a_broken_head_stops_the_transfer_and_a_good_one_does_not() {
        let mut head = Head::default();
        assert!(head.line(b"HTTP/1.1 200 OK\r\n", 5));
        assert!(head.line(b"a:\r\n", 5));
        assert_eq!(head.flaw(), None);
        assert!(!head.line(b"b:\r\n", 5));
        // And it stays broken.
        assert!(!head.line(b"\r\n", 5));
        assert!(!head.is_complete());
    }

    #[test]
    fn versions_are_known_by_name() {
        for (word, version) in [
            ("HTTP/1.0", Version::HTTP_10),
            ("HTTP/1.1", Version::HTTP_11),
            ("HTTP/2", Version::HTTP_2),
            ("HTTP/2.0", Version::HTTP_2),
            ("HTTP/3", Version::HTTP_3),
        ] {
            let head = read(&[&format!("{word} 418 \r\n"), "\n"]);
            assert!(head.is_complete());
            let response = head.into_response(b"body".to_vec());
            assert_eq!((response.version(), response.status().as_u16()), (version, 418));
            assert_eq!(response.body(), b"body");
        }
        assert_eq!(read(&["HTTP/9.9 200 OK\r\n"]).flaw(), Some(Flaw::NotHttp));
    }

    #[test]
    fn another_protocol_is_refused() {
        assert_eq!(read(&["HTTP/1.1 101 Over\r\n"]).flaw(), Some(Flaw::NotHttp));
    }

    #[test]
    fn a_length_is_declared_by_a_number_and_where_a_body_can_be() {
        for (status, length, declared) in [
            (200, "7", Some(7)),
            (200, "many", None),
            (204, "7", None),
            (304, "7", None),
            (404, "18446744073709551615", Some(u64::MAX)),
        ] {
            let head = read(&[
                &format!("HTTP/1.1 {status} X\r\n"),
                &format!("content-length: {length}\r\n"),
                "\r\n",
            ]);
            assert_eq!(head.declared_length(), declared, "{status} {length}");
        }
        assert_eq!(read(&["HTTP/1.1 200 OK\r\n", "\r\n"]).declared_length(), None);
    }
}
