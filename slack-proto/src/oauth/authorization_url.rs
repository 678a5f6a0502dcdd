//! The address of an authorize page.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

use crate::{Endpoint, oauth::Scopes};

/// The URL to redirect a browser to. It contains the state, so it is for one browser only.
#[derive(Clone)]
pub struct AuthorizationUrl(Zeroizing<String>);

impl AuthorizationUrl {
    /// Returns the URL, for the `Location` of a redirect or the `href` of a link.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AuthorizationUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let page = self.0.split('?').next().unwrap_or_default();
        write!(f, "AuthorizationUrl({page}?[redacted])")
    }
}

/// A URL whose query grows. Values are percent-encoded but for RFC 3986's unreserved characters; a space is `%20`.
pub(super) struct Query(Zeroizing<String>);

impl Query {
    pub(super) fn new(endpoint: &Endpoint, path_and_name: &str) -> Self {
        let mut url = String::with_capacity(640);
        endpoint.write_origin(&mut url);
        url.push_str(path_and_name);
        Self(Zeroizing::new(url))
    }

    pub(super) fn push(&mut self, value: &str) {
        const ESCAPED: &AsciiSet =
            &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
        self.0.extend(utf8_percent_encode(value, ESCAPED));
    }

    pub(super) fn maybe(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.0.push_str(name);
            self.push(value);
        }
    }

    pub(super) fn scopes(&mut self, name: &str, scopes: &Scopes, separator: &str) {
        self.0.push_str(name);
        for (index, scope) in scopes.iter().enumerate() {
            if index > 0 {
                self.push(separator);
            }
            self.push(scope);
        }
    }

    pub(super) fn finish(self) -> AuthorizationUrl {
        AuthorizationUrl(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_page_alone() {
        let mut query = Query::new(&Endpoint::slack(), "/oauth/v2/authorize?client_id=");
        query.push("1.2");
        query.maybe("&state=", Some("st 4te"));
        let url = query.finish();
        assert_eq!(
            url.expose(),
            "https://slack.com/oauth/v2/authorize?client_id=1.2&state=st%204te"
        );
        assert_eq!(
            format!("{url:?}"),
            "AuthorizationUrl(https://slack.com/oauth/v2/authorize?[redacted])"
        );
    }
}
