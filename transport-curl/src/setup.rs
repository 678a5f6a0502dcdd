//! How an easy handle is set up for a request.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use curl::easy::{Easy2, List, SslOpt};
use http::{HeaderMap, Method, Request, Uri, header};
use slack_transport::{Body, Error, ErrorKind, Limits, announces_empty_bodies};
use zeroize::Zeroizing;

use crate::exchange::Exchange;
use crate::sockets::Sockets;

/// What is the same for every request of a transport.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) limits: Limits,
    pub(crate) proxy: Proxy,
    pub(crate) only_ca: Option<Arc<[u8]>>,
}

#[derive(Clone)]
pub(crate) enum Proxy {
    None,
    Environment,
    At(Arc<str>),
}

/// Shows no address, which may hold a password.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Environment => "Environment",
            Self::At(_) => "At([redacted])",
        })
    }
}

impl Config {
    /// Creates an easy handle that any number of requests may use in turn.
    pub(crate) fn easy(&self, sockets: &Arc<Sockets>) -> Result<Easy2<Exchange>, curl::Error> {
        let mut easy = Easy2::new(Exchange::new(self.limits, Arc::clone(sockets)));
        // Of the handle's own connections, which blocking calls use.
        easy.max_connects(1)?;
        easy.connect_timeout(self.limits.connect_timeout().min(LONGEST))?;
        easy.timeout(self.limits.total_timeout().min(LONGEST))?;
        easy.post(true)?;
        easy.path_as_is(true)?;
        match &self.proxy {
            Proxy::None => easy.proxy("")?,
            Proxy::Environment => {}
            Proxy::At(address) => {
                easy.proxy(address)?;
                // Or the environment could still make exceptions.
                easy.noproxy("")?;
            }
        }
        if let Some(pem) = &self.only_ca {
            easy.ssl_cainfo_blob(pem)?;
        } else if has_rustls() {
            easy.ssl_options(SslOpt::new().native_ca(true))?;
        }
        Ok(easy)
    }
}

/// Easy handles at rest: to create and set up a new one costs more than an exchange.
pub(crate) struct Handles {
    pub(crate) sockets: Arc<Sockets>,
    at_rest: Mutex<Vec<Easy2<Exchange>>>,
    /// When a dead connection was last left among those to be used again.
    suspicion: Mutex<Option<Instant>>,
}

impl Handles {
    pub(crate) fn new() -> Result<Self, Error> {
        let sockets = Sockets::new().map_err(|error| {
            Error::unsent(ErrorKind::Refused, "sockets cannot be watched").with_source(error)
        })?;
        Ok(Self {
            sockets: Arc::new(sockets),
            at_rest: Mutex::default(),
            suspicion: Mutex::default(),
        })
    }

    /// Returns a handle that is ready to carry `request`.
    pub(crate) fn ready(
        &self,
        config: &Config,
        request: Request<Body>,
    ) -> Result<Easy2<Exchange>, Error> {
        let mut easy = match self.rested() {
            Some(easy) => easy,
            None => config.easy(&self.sockets).map_err(not_taken)?,
        };
        load(&mut easy, request)?;
        Ok(easy)
    }

    /// Returns a handle at rest, and drops those of which a connection must not be used again.
    fn rested(&self) -> Option<Easy2<Exchange>> {
        loop {
            let mut easy = self.at_rest.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            if !easy.get_mut().has_ended_connections() {
                return Some(easy);
            }
        }
    }

    /// Sets whether a new connection is opened: where a kept one may be dead, and for every HEAD.
    pub(crate) fn choose_connection(&self, easy: &mut Easy2<Exchange>) -> Result<(), Error> {
        let new = easy.get_ref().was_by(&Method::HEAD) || self.connection() == Connection::New;
        easy.fresh_connect(new).map_err(not_taken)
    }

    /// Records that libcurl keeps a dead connection for use.
    ///
    /// It looks at a connection again only a second after the last use, and takes an answer that ends inside
    /// the headers for a success. Until then new ones are opened.
    pub(crate) fn suspect(&self) {
        *self.suspicion.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn connection(&self) -> Connection {
        let mut suspicion = self.suspicion.lock().unwrap_or_else(PoisonError::into_inner);
        match *suspicion {
            Some(since) if since.elapsed() < QUARANTINE => Connection::New,
            _ => {
                *suspicion = None;
                Connection::Any
            }
        }
    }

    /// Keeps a handle for another request, without the credentials that its last request had.
    pub(crate) fn rest(&self, mut easy: Easy2<Exchange>) {
        if easy.http_headers(List::new()).is_err() {
            return;
        }
        let mut handles = self.at_rest.lock().unwrap_or_else(PoisonError::into_inner);
        if handles.len() < MOST_AT_REST {
            handles.push(easy);
        }
    }
}

/// Sets `easy` up for `request`.
///
/// Every request but `HEAD` goes as a POST under another name, and an empty body as one of unknown
/// length: libcurl then asks the read function before it writes anything, and cannot repeat a request
/// without asking the seek function, which refuses.
fn load(easy: &mut Easy2<Exchange>, request: Request<Body>) -> Result<(), Error> {
    let (parts, body) = request.into_parts();
    let length = u64::try_from(body.len()).unwrap_or(UNKNOWN);
    // What the last request left set in libcurl need not be set again.
    let url = (!easy.get_ref().was_to(&parts.uri)).then(|| parts.uri.to_string());
    let renamed = !easy.get_ref().was_by(&parts.method);
    if url_length(&parts.uri) + headers_length(&parts.headers) > MOST_HEAD_BYTES {
        return Err(Error::unsent(
            ErrorKind::Refused,
            "the request's URL and headers are longer than 32 KiB",
        ));
    }
    let list = header_list(&parts.headers, &parts.method, body.len())?;
    let set = || {
        if let Some(url) = &url {
            easy.url(url)?;
        }
        let head = parts.method == Method::HEAD;
        easy.fresh_connect(head)?;
        // What libcurl says of refused streams, it says to the debug function.
        easy.verbose(parts.uri.scheme_str() == Some("https"))?;
        easy.nobody(head)?;
        if !head {
            easy.post(true)?;
            easy.post_field_size(if length == 0 { UNKNOWN } else { length })?;
        }
        if renamed {
            easy.custom_request(parts.method.as_str())?;
        }
        easy.http_headers(list)
    };
    set().map_err(not_taken)?;
    easy.get_mut().begin(parts.method, parts.uri, body);
    Ok(())
}

fn url_length(url: &Uri) -> usize {
    let authority = url.authority().map_or(0, |authority| authority.as_str().len());
    let path = url.path_and_query().map_or(0, |path| path.as_str().len());
    "https://".len() + authority + path
}

/// So that the line that is wiped never grows into another block.
fn longest_line(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 2).max().unwrap_or(0)
}

fn headers_length(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum()
}

/// Writes the headers as libcurl wants them.
///
/// A name followed by a bare colon takes one of libcurl's own headers away. Line breaks cannot
/// occur: `http::HeaderValue` refuses them.
fn header_list(headers: &HeaderMap, method: &Method, body: usize) -> Result<List, Error> {
    let mut list = List::new();
    let mut append = |line: &str| list.append(line).map_err(not_taken);
    if body == 0 || body > MOST_UNEXPECTED {
        append("Expect:")?;
    }
    if body == 0 {
        // Or libcurl would announce the unknown length as chunks.
        append("Transfer-Encoding:")?;
    }
    if !headers.contains_key(header::CONTENT_TYPE) {
        append("Content-Type:")?;
    }
    if body == 0 && announces_empty_bodies(method) {
        append("Content-Length: 0")?;
    }
    // libcurl copies each line into a list of its own, which it frees without wiping.
    let mut line = Zeroizing::new(String::with_capacity(longest_line(headers)));
    for (name, value) in headers {
        if name == header::CONTENT_LENGTH {
            continue;
        }
        let value = std::str::from_utf8(value.as_bytes()).map_err(|_| {
            Error::unsent(
                ErrorKind::Refused,
                "a header's value is not UTF-8, which libcurl's binding needs",
            )
        })?;
        line.clear();
        line.push_str(name.as_str());
        if value.is_empty() {
            line.push(';');
        } else {
            line.push_str(": ");
            line.push_str(value);
        }
        append(&line)?;
    }
    Ok(list)
}

fn has_rustls() -> bool {
    curl::Version::get().ssl_version().is_some_and(|name| name.contains("rustls"))
}

fn not_taken(error: curl::Error) -> Error {
    Error::unsent(ErrorKind::Refused, "libcurl refuses the request").with_source(error)
}

/// Which connection a request may use.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Connection {
    Any,
    New,
}

/// The head must fit libcurl's send buffer of 64 KiB, so that it asks for the body before it writes anything.
const MOST_HEAD_BYTES: usize = 32 * 1024;
/// libcurl asks the server to expect bodies from 1 MiB on, and those of unknown length.
const MOST_UNEXPECTED: usize = 64 * 1024;
/// libcurl's -1.
const UNKNOWN: u64 = u64::MAX;
const QUARANTINE: Duration = Duration::from_secs(2);
/// As long as libcurl can be told: 24 days.
const LONGEST: Duration = Duration::from_millis(i32::MAX as u64);
const MOST_AT_REST: usize = 64;

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn config() -> Config {
        Config { limits: Limits::new(), proxy: Proxy::None, only_ca: None }
    }

    fn lines(
        headers: &[(&'static str, &'static str)],
        method: &Method,
        body: usize,
    ) -> Vec<String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        let list = header_list(&map, method, body).unwrap();
        list.iter().map(|line| String::from_utf8(line.to_vec()).unwrap()).collect()
    }

    #[test]
    fn libcurls_own_headers_are_taken_away() {
        assert_eq!(lines(&[], &Method::POST, 9), ["Content-Type:"]);
        assert_eq!(
            lines(&[("content-type", "text/plain")], &Method::POST, 9),
            ["content-type: text/plain"]
        );
        assert_eq!(lines(&[], &Method::POST, 65_536), ["Content-Type:"]);
        assert_eq!(lines(&[], &Method::POST, 65_537), ["Expect:", "Content-Type:"]);
        assert_eq!(lines(&[], &Method::GET, 0), ["Expect:", "Transfer-Encoding:", "Content-Type:"]);
    }

    #[test]
    fn an_empty_body_is_announced_where_one_is_expected() {
        for (method, announced) in [
            (Method::POST, true),
            (Method::PUT, true),
            (Method::PATCH, true),
            (Method::GET, false),
            (Method::DELETE, false),
        ] {
            let has = |body| lines(&[], &method, body).contains(&"Content-Length: 0".to_owned());
            assert_eq!(has(0), announced, "{method}");
            assert!(!has(1));
        }
    }

    #[test]
    fn headers_go_out_as_they_are_but_for_the_length() {
        let given = [("x-one", "1"), ("content-length", "9"), ("x-empty", ""), ("x-one", "2")];
        let sent = lines(&given, &Method::POST, 9);
        assert_eq!(sent[1..], ["x-one: 1", "x-one: 2", "x-empty;"]);
        let mut odd = HeaderMap::new();
        odd.insert("x-odd", HeaderValue::from_bytes(b"caf\xe9").unwrap());
        let error = header_list(&odd, &Method::POST, 9).unwrap_err();
        assert_eq!((error.kind(), error.nothing_was_sent()), (ErrorKind::Refused, true));
    }

    #[test]
    fn a_head_that_libcurl_could_not_hold_is_refused() {
        let url = "https://127.0.0.1/";
        // The header's line has a name of one byte and four bytes around it.
        let fits = 32_768 - url.len() - 5;
        for (length, taken) in [(fits, true), (fits + 1, false)] {
            let request =
                Request::post(url).header("x", "y".repeat(length)).body(Body::empty()).unwrap();
            let sockets = Arc::new(Sockets::new().unwrap());
            let loaded = load(&mut config().easy(&sockets).unwrap(), request);
            assert_eq!(loaded.is_ok(), taken);
            if let Err(error) = loaded {
                assert_eq!((error.kind(), error.nothing_was_sent()), (ErrorKind::Refused, true));
            }
        }
    }

    #[test]
    fn a_handle_at_rest_is_used_again_up_to_a_number() {
        let handles = Handles::new().unwrap();
        for _ in 0..MOST_AT_REST + 2 {
            handles.rest(config().easy(&handles.sockets).unwrap());
        }
        let count = || handles.at_rest.lock().unwrap().len();
        assert_eq!(count(), MOST_AT_REST);
        let request = Request::post("http://127.0.0.1/").body(Body::from("code=c0de")).unwrap();
        let mut easy = handles.ready(&config(), request).unwrap();
        assert_eq!(count(), MOST_AT_REST - 1);
        let mut body = [0; 16];
        assert_eq!(curl::easy::Handler::read(easy.get_mut(), &mut body).unwrap(), 9);
        assert_eq!(&body[..9], b"code=c0de");
    }

    #[test]
    fn a_dead_connection_is_avoided_for_a_while() {
        let handles = Handles::new().unwrap();
        assert!(handles.connection() == Connection::Any);
        handles.suspect();
        assert!(handles.connection() == Connection::New);
        *handles.suspicion.lock().unwrap() = Instant::now().checked_sub(QUARANTINE);
        assert!(handles.connection() == Connection::Any);
        assert!(handles.suspicion.lock().unwrap().is_none());
    }
}
