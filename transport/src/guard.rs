//! What a transport refuses before it opens a connection, and what it refuses of an answer.

use std::net::Ipv4Addr;

use http::header::{self, HeaderMap, HeaderName};
use http::uri::Scheme;
use http::{Method, Request, StatusCode, Uri};

use crate::{Error, ErrorKind, Limits};

/// Refuses a request that must not be sent, before anything is opened for it.
///
/// Every transport calls this first. It takes an absolute `https` URL, or an `http` one whose host
/// is an IPv4 literal in 127.0.0.0/8, `[::1]`, or exactly `localhost`.
///
/// # Errors
///
/// [`ErrorKind::Refused`], with nothing sent, for
/// - any other scheme (`file` above all), a URL without host, or with user info;
/// - the method `CONNECT`;
/// - a header that belongs to the connection and not to the request (`Host`, `Connection`,
///   `Transfer-Encoding`, `Expect`, `TE`, `Trailer`, `Upgrade`), or a `Content-Length` that is not
///   the body's.
///
/// ```
/// use http::Request;
/// use slack_transport::check_request;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// check_request(&Request::get("https://slack.com/api/auth.test").body(Vec::new())?)?;
/// check_request(&Request::get("http://127.0.0.1:8080/").body(Vec::new())?)?;
/// for disguised in ["http://127.0.0.1.evil.example/", "http://localhost@evil.example/"] {
///     assert!(check_request(&Request::get(disguised).body(Vec::new())?).is_err());
/// }
/// # Ok(())
/// # }
/// ```
pub fn check_request<B: AsRef<[u8]>>(request: &Request<B>) -> Result<(), Error> {
    check_url(request.uri())?;
    if request.method() == Method::CONNECT {
        return Err(refused("a transport sends requests and opens no tunnel: CONNECT is refused"));
    }
    if request.headers().keys().any(|name| FRAMING.contains(name)) {
        return Err(refused(
            "the request has a header that only the transport may set, such as Host or Connection",
        ));
    }
    let mut lengths = request.headers().get_all(header::CONTENT_LENGTH).iter();
    let length = || request.body().as_ref().len().to_string();
    if lengths.any(|declared| declared.as_bytes() != length().as_bytes()) {
        return Err(refused(
            "the request's Content-Length is not the length of its body: leave it out",
        ));
    }
    Ok(())
}

/// Refuses the head of a final answer that no transport hands on.
///
/// Every transport calls this, or does the same by its own means, before it reads the body. Clients have limits of
/// their own for headers; this one is the contract's.
///
/// # Errors
///
/// With the request sent:
/// - [`ErrorKind::TooLarge`] for more header bytes than the limits allow;
/// - [`ErrorKind::Protocol`] for 101: nobody asked for another protocol, so what follows is not a body.
pub fn check_response_head(
    status: StatusCode,
    headers: &HeaderMap,
    limits: &Limits,
) -> Result<(), Error> {
    if status == StatusCode::SWITCHING_PROTOCOLS {
        return Err(Error::maybe_sent(
            ErrorKind::Protocol,
            "the server switched protocols without being asked",
        ));
    }
    let bytes: usize =
        headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if bytes > limits.header_cap() {
        return Err(Error::maybe_sent(
            ErrorKind::TooLarge,
            "the answer's headers are longer than the limit",
        ));
    }
    Ok(())
}

/// Returns whether a request by this method says `Content-Length: 0` if it has no body (RFC 9110 section 8.6).
#[must_use]
pub fn announces_empty_bodies(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

fn check_url(url: &Uri) -> Result<(), Error> {
    let (Some(scheme), Some(authority)) = (url.scheme(), url.authority()) else {
        return Err(refused(
            "the request needs an absolute URL such as https://slack.com/api/auth.test",
        ));
    };
    if authority.as_str().contains('@') {
        return Err(refused("the URL has user info, which is refused: credentials go in a header"));
    }
    if authority.host().is_empty() {
        return Err(refused("the URL has no host"));
    }
    if *scheme == Scheme::HTTPS {
        Ok(())
    } else if *scheme != Scheme::HTTP {
        Err(refused("the URL's scheme is neither https nor http"))
    } else if is_loopback(authority.host()) {
        Ok(())
    } else {
        Err(refused("plain http goes to the loopback interface only: use https"))
    }
}

/// Returns whether `host` is a loopback host in its one spelling: `127.1` or `LOCALHOST` may mean something else to a resolver.
fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host == "[::1]"
        || host.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
}

fn refused(reason: &'static str) -> Error {
    Error::unsent(ErrorKind::Refused, reason)
}

static FRAMING: [HeaderName; 7] = [
    header::HOST,
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::EXPECT,
    header::TE,
    header::TRAILER,
    header::UPGRADE,
];

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn refusal(url: &str) -> Option<String> {
        let request = Request::post(url).body(Vec::new()).expect("a URL that parses");
        let error = check_request(&request).err()?;
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert!(error.nothing_was_sent());
        Some(error.to_string())
    }

    #[test]
    fn https_and_loopback_pass() {
        for url in [
            "https://slack.com/api/oauth.v2.access",
            "https://slack.com:8443/",
            "http://127.0.0.1/",
            "http://127.255.255.254:1/x?y",
            "http://[::1]:8080/",
            "http://localhost:8080/",
        ] {
            assert_eq!(refusal(url), None, "{url}");
        }
    }

    #[test]
    fn foreign_http_in_every_disguise_is_refused() {
        for url in [
            "http://slack.com/",
            "http://127.0.0.1.evil.example/",
            "http://127.0.0.1@evil.example/",
            "http://localhost:80@evil.example/",
            "http://localhost.evil.example/",
            "http://evil.example/?127.0.0.1",
            "http://evil.example/127.0.0.1",
            "http://127.1/",
            "http://0x7f.0.0.1/",
            "http://0177.0.0.1/",
            "http://2130706433/",
            "http://127.0.0.1./",
            "http://128.0.0.1/",
            "http://0.0.0.0/",
            "http://LOCALHOST/",
            "http://localhost./",
            "http://[::ffff:127.0.0.1]/",
            "http://[::]/",
            "ftp://127.0.0.1/",
            "gopher://127.0.0.1/",
            "ws://127.0.0.1/",
            "https://user:secret@slack.com/",
            "https://@slack.com/",
            "/api/auth.test",
        ] {
            let text = refusal(url).unwrap_or_else(|| panic!("{url} passed"));
            assert!(!text.contains("evil") && !text.contains("secret"), "{text}");
        }
    }

    #[test]
    fn files_are_refused() {
        let uri = Uri::builder()
            .scheme("file")
            .authority("localhost")
            .path_and_query("/etc/passwd")
            .build()
            .unwrap();
        let request = Request::get(uri).body(Vec::new()).unwrap();
        assert_eq!(check_request(&request).unwrap_err().kind(), ErrorKind::Refused);
    }

    #[test]
    fn what_belongs_to_the_connection_is_refused() {
        for (name, value, taken) in [
            ("host", "evil.example", false),
            ("transfer-encoding", "chunked", false),
            ("connection", "keep-alive", false),
            ("expect", "100-continue", false),
            ("content-length", "5", false),
            ("content-length", "04", false),
            ("content-length", "4", true),
            ("authorization", "Basic eA==", true),
        ] {
            let mut request = Request::post("https://slack.com/").body(b"body".to_vec()).unwrap();
            request.headers_mut().append(name, HeaderValue::from_static(value));
            assert_eq!(check_request(&request).is_ok(), taken, "{name}: {value}");
        }
        let tunnel = Request::builder()
            .method("CONNECT")
            .uri("https://slack.com/")
            .body(Vec::new())
            .unwrap();
        assert!(check_request(&tunnel).is_err());
    }

    #[test]
    fn long_headers_are_refused() {
        let mut headers = HeaderMap::new();
        headers.append("x", HeaderValue::from_static("12345"));
        headers.append("yz", HeaderValue::from_static(""));
        let check = |cap| {
            check_response_head(StatusCode::OK, &headers, &Limits::new().with_header_cap(cap))
        };
        // One name of 1, a value of 5, a name of 2, and 4 for each line.
        assert!(check(16).is_ok());
        let error = check(15).unwrap_err();
        assert_eq!((error.kind(), error.nothing_was_sent()), (ErrorKind::TooLarge, false));
    }

    #[test]
    fn another_protocol_is_refused() {
        let check = |status| check_response_head(status, &HeaderMap::new(), &Limits::new());
        let error = check(StatusCode::SWITCHING_PROTOCOLS).unwrap_err();
        assert_eq!((error.kind(), error.nothing_was_sent()), (ErrorKind::Protocol, false));
        assert!(check(StatusCode::INTERNAL_SERVER_ERROR).is_ok());
    }
}
