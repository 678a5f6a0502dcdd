//! The URL of the last request, parsed.

use std::sync::{Mutex, PoisonError};

use http::Uri;
use reqwest::Url;
use slack_transport::{Error, ErrorKind};

/// Remembers how the last URL parses: that costs a tenth of an exchange's instructions, and the next one is mostly the same.
///
/// URLs with a query are not kept, since there may be a secret in it.
#[derive(Default)]
pub(crate) struct LastUrl(Mutex<Option<(Uri, Url)>>);

impl LastUrl {
    pub(crate) fn parse(&self, uri: Uri) -> Result<Url, Error> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((known, url)) if *known == uri => return Ok(url.clone()),
            _ => {}
        }
        let url = Url::parse(&uri.to_string()).map_err(|_| {
            Error::unsent(ErrorKind::Refused, "the HTTP client refuses the request's URL")
        })?;
        if uri.query().is_none() {
            *last = Some((uri, url.clone()));
        }
        Ok(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_url_is_its_own_whatever_came_before() {
        let urls = LastUrl::default();
        for text in [
            "https://slack.com/api/a",
            "https://slack.com/api/a",
            "https://slack.com/api/A",
            "https://slack.com/api/a?b=1",
            "https://slack.com/api/a?b=2",
            "https://slack.com/api/a",
            "https://SLACK.com/api/a",
            "https://slack.com:8443/api/a",
            "http://127.0.0.1:80/x/../y",
        ] {
            let url = urls.parse(text.parse().unwrap()).unwrap();
            assert_eq!(url, Url::parse(text).unwrap(), "{text}");
        }
    }

    #[test]
    fn a_query_is_not_kept() {
        let urls = LastUrl::default();
        urls.parse("https://slack.com/api/a?token=hush".parse().unwrap()).unwrap();
        assert!(urls.0.lock().unwrap().is_none());
    }
}
