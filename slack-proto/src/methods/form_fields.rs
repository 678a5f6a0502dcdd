//! The form of a request, and the credential beside it.

use std::fmt;

use http::HeaderValue;
use zeroize::Zeroizing;

use crate::{AccessToken, methods::RequestBody, secret::is_visible_ascii};

/// The form of a request (`application/x-www-form-urlencoded`), and its credential.
///
/// [`ApiMethod::params`](crate::ApiMethod::params) writes into it; each name and value is escaped as it is written, so no
/// value can add a field or a header. `Debug` shows the length only.
pub struct FormFields {
    text: Zeroizing<String>,
    authorization: Option<HeaderValue>,
}

impl FormFields {
    pub(crate) fn new() -> Self {
        // Room for a code exchange or a refresh, so that one allocation is the rule.
        Self { text: Zeroizing::new(String::with_capacity(512)), authorization: None }
    }

    /// Adds a field.
    pub fn field(&mut self, name: &str, value: &str) {
        self.reserve(room(name, value));
        form_urlencoded::Serializer::for_suffix(&mut *self.text, 0).append_pair(name, value);
    }

    /// Adds a field if `value` is `Some`.
    pub fn optional_field(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.field(name, value);
        }
    }

    /// Sets an access token as the credential: in the header `Authorization: Bearer` (RFC 6750 section 2.1), or in
    /// the field `token` if the token came from a response and a header cannot hold it.
    pub fn bearer(&mut self, token: &AccessToken) {
        self.bearer_text(token.expose());
    }

    /// Presents a token of any kind.
    pub(crate) fn bearer_text(&mut self, token: &str) {
        if !is_visible_ascii(token) {
            return self.field("token", token);
        }
        let mut text = String::with_capacity("Bearer ".len() + token.len());
        text.push_str("Bearer ");
        text.push_str(token);
        match HeaderValue::try_from(text) {
            Ok(value) => self.authorization(value),
            Err(_) => self.field("token", token),
        }
    }

    /// Sets the header `Authorization` and marks it as sensitive.
    pub(crate) fn authorization(&mut self, mut value: HeaderValue) {
        value.set_sensitive(true);
        self.authorization = Some(value);
    }

    pub(crate) fn finish(mut self) -> (RequestBody, Option<HeaderValue>) {
        (RequestBody::from(std::mem::take(&mut *self.text)), self.authorization)
    }

    /// Grows by hand: the buffer that `String` would leave behind still held secrets.
    fn reserve(&mut self, more: usize) {
        let needed = self.text.len() + more;
        if self.text.capacity() < needed {
            let mut larger = Zeroizing::new(String::with_capacity(needed.next_power_of_two()));
            larger.push_str(&self.text);
            self.text = larger;
        }
    }
}

/// How much a field takes at most, when every byte of it is escaped.
fn room(name: &str, value: &str) -> usize {
    2 + 3 * (name.len() + value.len())
}

impl fmt::Debug for FormFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FormFields([{} bytes redacted])", self.text.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(fields: &[(String, String)]) -> Vec<u8> {
        let mut form = FormFields::new();
        for (name, value) in fields {
            form.field(name, value);
        }
        form.finish().0.into_vec()
    }

    #[test]
    fn fields_keep_their_order_and_are_escaped() {
        let fields =
            [("b", "1 &=+"), ("a", "caf\u{e9}\r\n"), ("", "")].map(|(n, v)| (n.into(), v.into()));
        assert_eq!(text(&fields), b"b=1+%26%3D%2B&a=caf%C3%A9%0D%0A&=");
    }

    #[test]
    fn a_token_that_fits_no_header_travels_in_the_form() {
        let mut form = FormFields::new();
        form.bearer(&AccessToken::from_reply("xoxb \u{e9}".into()));
        let (body, authorization) = form.finish();
        assert!(authorization.is_none());
        assert_eq!(body.as_ref(), b"token=xoxb+%C3%A9");
    }

    #[test]
    fn a_bearer_is_sensitive() {
        let mut form = FormFields::new();
        form.bearer(&AccessToken::new("xoxb-1").unwrap());
        let (body, authorization) = form.finish();
        assert!(body.as_ref().is_empty());
        let authorization = authorization.unwrap();
        assert_eq!(authorization, "Bearer xoxb-1");
        assert!(authorization.is_sensitive());
    }

    #[test]
    fn there_is_room_before_a_secret_is_written() {
        let (name, value) = ("&", "&&&&&&&");
        let mut form = FormFields::new();
        form.field(name, value);
        // The first field has no ampersand before it.
        assert_eq!(form.text.len() + 1, room(name, value));

        let mut form = FormFields::new();
        let fits = form.text.as_ptr();
        form.reserve(512);
        assert_eq!((form.text.capacity(), form.text.as_ptr()), (512, fits));
        form.reserve(513);
        assert_eq!(form.text.capacity(), 1024);
        form.field("a", "b");
        form.reserve(1021);
        assert_eq!(form.text.capacity(), 1024, "it fits to the byte");
        form.reserve(1022);
        assert_eq!((form.text.capacity(), form.text.as_str()), (2048, "a=b"));
    }

    #[test]
    fn debug_shows_the_length_alone() {
        let mut form = FormFields::new();
        form.field("code", "hush");
        assert_eq!(format!("{form:?}"), "FormFields([9 bytes redacted])");
    }

    proptest! {
        #[test]
        fn any_fields_come_back(fields in proptest::collection::vec((".{0,40}", ".{0,200}"), 0..12)) {
            let fields: Vec<(String, String)> = fields;
            let body = text(&fields);
            let back: Vec<_> = form_urlencoded::parse(&body).into_owned().collect();
            prop_assert_eq!(back, fields);
            prop_assert!(body.is_ascii());
        }
    }
}
