//! A person's browser without a screen: it keeps cookies, and goes where it is sent.

use std::collections::BTreeMap;

use reqwest::{
    Client, Method, Url,
    header::{COOKIE, HeaderMap, LOCATION, SET_COOKIE},
    redirect::Policy,
};

/// A browser with a jar of cookies: by host, since a port does not count (RFC 6265 section 8.5).
pub(crate) struct Visitor {
    http: Client,
    jar: BTreeMap<String, BTreeMap<String, String>>,
}

/// What the browser shows in the end.
#[derive(Debug)]
pub(crate) struct Page {
    /// The address, after all redirects.
    pub(crate) url: Url,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) html: String,
}

impl Visitor {
    pub(crate) fn new() -> Self {
        let http = Client::builder().redirect(Policy::none()).build().unwrap();
        Self { http, jar: BTreeMap::new() }
    }

    /// Opens an address and follows redirects.
    pub(crate) async fn open(&mut self, url: &str) -> Page {
        self.follow(url, |_| false).await
    }

    /// Opens an address, follows redirects, and stops before an address that has `mark` in it.
    pub(crate) async fn stop_before(&mut self, url: &str, mark: &str) -> Url {
        let page = self.follow(url, |url| url.as_str().contains(mark)).await;
        page.url
    }

    /// Sends an empty form, and follows redirects.
    pub(crate) async fn submit(&mut self, url: &str) -> Page {
        let page = self.visit(Method::POST, Url::parse(url).unwrap()).await;
        match page.location() {
            Some(next) => self.open(next.as_str()).await,
            None => page,
        }
    }

    /// Asks without following a redirect.
    pub(crate) async fn ask(&mut self, url: &str) -> Page {
        self.visit(Method::GET, Url::parse(url).unwrap()).await
    }

    async fn follow(&mut self, url: &str, stops: impl Fn(&Url) -> bool) -> Page {
        let mut url = Url::parse(url).unwrap();
        for _ in 0..10 {
            let page = self.visit(Method::GET, url).await;
            match page.location() {
                Some(next) if stops(&next) => return Page { url: next, ..page },
                Some(next) => url = next,
                None => return page,
            }
        }
        panic!("too many redirects");
    }

    async fn visit(&mut self, method: Method, url: Url) -> Page {
        let host = url.host_str().unwrap().to_owned();
        let mut request = self.http.request(method, url.clone());
        let jar = self.jar.entry(host).or_default();
        if !jar.is_empty() {
            let pairs: Vec<_> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(COOKIE, pairs.join("; "));
        }
        let response = request.send().await.unwrap();
        for cookie in response.headers().get_all(SET_COOKIE) {
            let (pair, attributes) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0;") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Page { url, status, headers, html: response.text().await.unwrap() }
    }
}

impl Page {
    fn location(&self) -> Option<Url> {
        let location = self.headers.get(LOCATION)?.to_str().unwrap();
        Some(self.url.join(location).unwrap())
    }

    /// Returns the text of the first heading.
    #[track_caller]
    pub(crate) fn heading(&self) -> &str {
        let (_, rest) = self.html.split_once("<h1>").expect("a heading");
        rest.split("</h1>").next().unwrap()
    }

    /// Asserts that the page is a human one: it says what to do, and shows nothing secret.
    #[track_caller]
    pub(crate) fn is_human(&self, status: u16, heading: &str, advice: &str) {
        assert_eq!((self.status, self.heading()), (status, heading), "{}", self.html);
        assert!(self.html.contains(advice), "{}", self.html);
        for secret in ["xox", "code=", "state=", "0123456789abcdef", "eyJ"] {
            assert!(!self.html.contains(secret), "the page shows {secret}: {}", self.html);
        }
    }
}
