//! Who the app is: client id, and for a confidential client its secret.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::HeaderValue;
use zeroize::Zeroizing;

use crate::{
    ClientSecret,
    error::InvalidValue,
    methods::{FormFields, UntrustedText, auth::Auth},
    sealed::Sealed,
    secret::without_blanks_around,
};

/// The client id of an app, such as `1000000001.2000000002`.
///
/// `Debug` and `Display` leave it out if it looks like a token, which was then given in its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientId(UntrustedText);

impl ClientId {
    /// Creates a client id, as the app's settings page shows it.
    ///
    /// # Errors
    ///
    /// When it is empty, or has blanks or line ends around it.
    pub fn new(id: impl Into<Box<str>>) -> Result<Self, InvalidValue> {
        let id = id.into();
        without_blanks_around("client id", &id)?;
        Ok(Self(id.into()))
    }

    /// Returns the id as text, unchanged.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A confidential client (RFC 6749 section 2.1): an app that can keep a secret, such as a server.
///
/// By default each method sends id and secret in the way that Slack is known to take there: by HTTP Basic, which Slack's
/// pages prefer (RFC 6749 section 2.3.1), and for `oauth.v2.user.access` by two fields of the form, since a live report
/// says that this method reads no Basic header. [`in_body`](Self::in_body) and [`in_header`](Self::in_header) decide it
/// for all methods.
#[derive(Clone, Debug)]
pub struct ConfidentialClient {
    id: ClientId,
    secret: ClientSecret,
    /// Prepared once, since it never changes; `None` once the body was chosen.
    basic: Option<HeaderValue>,
    /// Whether the header was chosen for all methods.
    always_header: bool,
}

impl ConfidentialClient {
    /// Creates a client from its id and secret.
    #[must_use]
    pub fn new(id: ClientId, secret: ClientSecret) -> Self {
        let basic = Some(basic(&id, &secret));
        Self { id, secret, basic, always_header: false }
    }

    /// Sends id and secret as form fields for every method: for a proxy that drops the header, or if a method refuses a
    /// right secret with `bad_client_secret`.
    #[must_use]
    pub fn in_body(self) -> Self {
        Self { basic: None, always_header: false, ..self }
    }

    /// Sends id and secret by HTTP Basic for every method that takes it.
    #[must_use]
    pub fn in_header(self) -> Self {
        Self { basic: Some(basic(&self.id, &self.secret)), always_header: true, ..self }
    }

    /// Returns the same client with another secret, for instance after the old one was revoked.
    #[must_use]
    pub fn with_secret(&self, secret: ClientSecret) -> Self {
        let id = self.id.clone();
        let basic = self.basic.as_ref().map(|_| basic(&id, &secret));
        Self { id, secret, basic, always_header: self.always_header }
    }

    /// Returns the client id.
    #[must_use]
    pub fn id(&self) -> &ClientId {
        &self.id
    }

    /// Sends id and secret in the form whatever was chosen, for the methods that take nothing else.
    pub(crate) fn apply_in_body(&self, form: &mut FormFields) {
        form.field("client_id", self.id.as_str());
        form.field("client_secret", self.secret.expose());
    }
}

/// A public client (RFC 6749 section 2.1): an app that cannot keep a secret, such as one on a desktop. It uses PKCE
/// (RFC 7636).
#[derive(Clone, Debug)]
pub struct PublicClient {
    id: ClientId,
}

impl PublicClient {
    /// Creates a client from its id. It has no secret.
    #[must_use]
    pub fn new(id: ClientId) -> Self {
        Self { id }
    }

    /// Returns the client id.
    #[must_use]
    pub fn id(&self) -> &ClientId {
        &self.id
    }
}

/// A client of either kind, where the kind is known at run time only.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ClientCredentials {
    /// A client with a secret.
    Confidential(ConfidentialClient),
    /// A client without one.
    Public(PublicClient),
}

impl ClientCredentials {
    /// Returns the client id.
    #[must_use]
    pub fn id(&self) -> &ClientId {
        match self {
            Self::Confidential(client) => client.id(),
            Self::Public(client) => client.id(),
        }
    }
}

impl From<ConfidentialClient> for ClientCredentials {
    fn from(client: ConfidentialClient) -> Self {
        Self::Confidential(client)
    }
}

impl From<PublicClient> for ClientCredentials {
    fn from(client: PublicClient) -> Self {
        Self::Public(client)
    }
}

impl Auth for ConfidentialClient {
    fn apply(&self, form: &mut FormFields) {
        match &self.basic {
            Some(basic) => form.authorization(basic.clone()),
            None => self.apply_in_body(form),
        }
    }

    fn apply_preferring_body(&self, form: &mut FormFields) {
        if self.always_header { self.apply(form) } else { self.apply_in_body(form) }
    }
}

impl Auth for PublicClient {
    fn apply(&self, form: &mut FormFields) {
        form.field("client_id", self.id.as_str());
    }
}

impl Auth for ClientCredentials {
    fn apply(&self, form: &mut FormFields) {
        match self {
            Self::Confidential(client) => client.apply(form),
            Self::Public(client) => client.apply(form),
        }
    }

    fn apply_preferring_body(&self, form: &mut FormFields) {
        match self {
            Self::Confidential(client) => client.apply_preferring_body(form),
            Self::Public(client) => client.apply(form),
        }
    }
}

/// A kind of client that a refresh token method accepts: [`ConfidentialClient`], [`PublicClient`], or
/// [`ClientCredentials`] where the kind is known at run time only.
///
/// The trait is sealed.
pub trait OauthClient: Auth + Sealed {}

impl Sealed for ConfidentialClient {}
impl OauthClient for ConfidentialClient {}
impl Sealed for PublicClient {}
impl OauthClient for PublicClient {}
impl Sealed for ClientCredentials {}
impl OauthClient for ClientCredentials {}

/// Writes the Basic credentials of RFC 6749 section 2.3.1: both parts form-encoded, joined by a colon, in base64.
fn basic(id: &ClientId, secret: &ClientSecret) -> HeaderValue {
    let mut pair =
        Zeroizing::new(String::with_capacity(3 * (id.as_str().len() + secret.expose().len()) + 1));
    pair.extend(form_urlencoded::byte_serialize(id.as_str().as_bytes()));
    pair.push(':');
    pair.extend(form_urlencoded::byte_serialize(secret.expose().as_bytes()));
    let mut text = String::with_capacity("Basic ".len() + pair.len().div_ceil(3) * 4);
    text.push_str("Basic ");
    BASE64_STANDARD.encode_string(&*pair, &mut text);
    let mut value = HeaderValue::try_from(text).expect("base64 is visible ASCII");
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confidential(id: &str, secret: &str) -> ConfidentialClient {
        ConfidentialClient::new(ClientId::new(id).unwrap(), ClientSecret::new(secret).unwrap())
    }

    fn applied(auth: &impl Auth) -> (String, Option<HeaderValue>) {
        let mut form = FormFields::new();
        auth.apply(&mut form);
        let (body, authorization) = form.finish();
        (String::from_utf8(body.into_vec()).unwrap(), authorization)
    }

    #[test]
    fn both_parts_are_form_encoded_before_base64() {
        let client = confidential("id with space", "s3cr:et/+%\u{e9}");
        let (body, authorization) = applied(&client);
        assert_eq!(body, "");
        let authorization = authorization.unwrap();
        assert_eq!(authorization, "Basic aWQrd2l0aCtzcGFjZTpzM2NyJTNBZXQlMkYlMkIlMjUlQzMlQTk=");
        assert!(authorization.is_sensitive());
    }

    #[test]
    fn the_body_takes_both_instead() {
        let (body, authorization) = applied(&confidential("1.2", "hush").in_body());
        assert_eq!(body, "client_id=1.2&client_secret=hush");
        assert!(authorization.is_none());
    }

    #[test]
    fn a_method_that_prefers_the_body_gets_it_unless_the_client_decides() {
        let sent = |client: ConfidentialClient| {
            let mut forms = [FormFields::new(), FormFields::new()];
            client.apply_preferring_body(&mut forms[0]);
            ClientCredentials::from(client).apply_preferring_body(&mut forms[1]);
            forms.map(|form| {
                let (body, authorization) = form.finish();
                assert_eq!(body.as_ref().is_empty(), authorization.is_some());
                authorization.is_some()
            })
        };
        assert_eq!(sent(confidential("1.2", "hush")), [false, false]);
        assert_eq!(sent(confidential("1.2", "hush").in_header()), [true, true]);
        assert_eq!(sent(confidential("1.2", "hush").in_header().in_body()), [false, false]);
        assert_eq!(sent(confidential("1.2", "hush").in_body().in_header()), [true, true]);
        let (_, authorization) = applied(&confidential("1.2", "hush").in_body().in_header());
        assert_eq!(authorization.unwrap(), "Basic MS4yOmh1c2g=");
    }

    #[test]
    fn a_public_client_sends_its_id_alone() {
        let client = ClientCredentials::from(PublicClient::new(ClientId::new("1.2").unwrap()));
        assert_eq!(client.id().as_str(), "1.2");
        assert_eq!(applied(&client), ("client_id=1.2".into(), None));
    }

    #[test]
    fn an_empty_id_is_refused() {
        assert_eq!(ClientId::new("").unwrap_err().to_string(), "client id must not be empty");
    }

    #[test]
    fn either_kind_of_client_tells_its_id() {
        let client = confidential("1.2", "hush");
        assert_eq!(client.id().as_str(), "1.2");
        let either = ClientCredentials::from(client);
        assert_eq!(either.id().as_str(), "1.2");
        let (body, authorization) = applied(&either);
        assert_eq!(
            (body.as_str(), authorization.unwrap()),
            ("", "Basic MS4yOmh1c2g=".parse().unwrap())
        );
    }

    #[test]
    fn an_id_is_shown_unless_a_token_was_given_in_its_place() {
        assert_eq!(ClientId::new("1.2").unwrap().to_string(), "1.2");
        assert_eq!(ClientId::new("xoxb-1").unwrap().to_string(), "[6 bytes not shown]");
    }
}
