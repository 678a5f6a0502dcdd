//! How a test sees a request as the fake reads it.

use std::fmt;

use http::Request;

use crate::FakeSlack;
use crate::routes::json_of;
use crate::wire::call::{Authorization, Call, Json};

/// A request as the fake reads it: its client or token, and its arguments.
///
/// For tests of code that writes requests. It holds secrets; `Debug` shows none of them.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadRequest {
    /// What the `Authorization` header says.
    pub authorization: ReadAuthorization,
    /// The names and values of the query, then of the body, in their order.
    ///
    /// A token in the query is left out: Slack does not accept one there.
    pub arguments: Vec<(String, String)>,
    /// The warnings in Slack's answer, such as `superfluous_charset`.
    pub warnings: Vec<&'static str>,
}

/// What an `Authorization` header says. It holds secrets; `Debug` shows none of them.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadAuthorization {
    /// There is none.
    Missing,
    /// A token.
    Bearer(String),
    /// A client, read as RFC 6749 section 2.3.1 has it.
    #[non_exhaustive]
    Basic {
        /// The client id.
        id: String,
        /// The client secret.
        secret: String,
    },
    /// One that cannot be read, or of another scheme.
    Unreadable,
}

impl FakeSlack {
    /// Parses a request to a method or a page as [`handle`](Self::handle) does, without answering it.
    ///
    /// ```
    /// use http::Request;
    /// use slack_fake::{FakeSlack, ReadAuthorization};
    ///
    /// let request = Request::post("https://slack.com/api/oauth.v2.access")
    ///     .header("authorization", "Basic MS4yOmh1c2g=")
    ///     .header("content-type", "application/x-www-form-urlencoded")
    ///     .body("code=a+b")?;
    /// let read = FakeSlack::read(&request)?;
    /// assert!(matches!(read.authorization, ReadAuthorization::Basic { id, .. } if id == "1.2"));
    /// assert_eq!(read.arguments, [("code".to_owned(), "a b".to_owned())]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Slack's code for a content type or a body that it does not accept.
    pub fn read<B: AsRef<[u8]>>(request: &Request<B>) -> Result<ReadRequest, &'static str> {
        let call = Call::read(request);
        let json = call.path.strip_prefix("/api/").map_or(Json::Ignored, json_of);
        let read = call.arguments(json)?;
        let arguments = read.arguments.iter().map(|(name, value)| (name.into(), value.into()));
        Ok(ReadRequest {
            arguments: arguments.collect(),
            authorization: call.authorization.into(),
            warnings: read.warnings,
        })
    }
}

impl From<Authorization<'_>> for ReadAuthorization {
    fn from(read: Authorization<'_>) -> Self {
        match read {
            Authorization::None => Self::Missing,
            Authorization::Bearer(token) => Self::Bearer(token.to_owned()),
            Authorization::Basic(Some((id, secret))) => Self::Basic { id, secret },
            Authorization::Basic(None) | Authorization::Other => Self::Unreadable,
        }
    }
}

impl fmt::Debug for ReadRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadRequest")
            .field("authorization", &self.authorization)
            .field("arguments", &self.arguments.len())
            .field("warnings", &self.warnings)
            .finish()
    }
}

impl fmt::Debug for ReadAuthorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "Missing",
            Self::Bearer(_) => "Bearer([redacted])",
            Self::Basic { .. } => "Basic([redacted])",
            Self::Unreadable => "Unreadable",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_and_not_shown() {
        let request = Request::post("https://slack.com/api/auth.test?a=1&token=xoxb-QUERY")
            .header("authorization", "Bearer xoxb-FAKE")
            .header("content-type", "application/x-www-form-urlencoded")
            .body("b=2&a=3")
            .unwrap();
        let read = FakeSlack::read(&request).unwrap();
        assert!(read.authorization == ReadAuthorization::Bearer("xoxb-FAKE".into()));
        let pairs = [("a", "1"), ("b", "2"), ("a", "3")];
        assert_eq!(read.arguments, pairs.map(|(name, value)| (name.into(), value.into())));
        let shown = "ReadRequest { authorization: Bearer([redacted]), arguments: 3, warnings: [] }";
        assert_eq!(format!("{read:?}"), shown);
    }

    #[test]
    fn what_slack_does_not_take_is_told_by_its_code() {
        let request = Request::post("https://slack.com/api/auth.test").body("a=1").unwrap();
        assert_eq!(FakeSlack::read(&request).unwrap_err(), "missing_post_type");
        let request = Request::get("https://slack.com/oauth/v2/authorize?scope=a")
            .header("authorization", "Digest x")
            .body("")
            .unwrap();
        let read = FakeSlack::read(&request).unwrap();
        assert!(read.authorization == ReadAuthorization::Unreadable);
    }
}
