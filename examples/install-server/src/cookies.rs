//! The two cookies of a browser.

use axum::http::{HeaderMap, HeaderValue, header::COOKIE};
use slack_auth::oauth::SessionBinding;

/// How the cookies are named and guarded: on https so that no other host and no plain connection can set or read them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cookies {
    Https,
    Loopback,
}

/// What a cookie is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cookie {
    /// Ties an authorization to the browser that began it; lives as long as an authorization.
    Browser,
    /// Names a session on this server.
    Session,
}

impl Cookies {
    pub(crate) fn for_origin(public_url: &str) -> Self {
        if public_url.starts_with("https://") { Self::Https } else { Self::Loopback }
    }

    /// Reads a cookie; one that is too short to be ours is none.
    pub(crate) fn read(self, cookie: Cookie, headers: &HeaderMap) -> Option<SessionBinding> {
        let name = self.name(cookie);
        headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|header| header.to_str().ok())
            .flat_map(|header| header.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find_map(|(found, value)| (found == name).then(|| SessionBinding::new(value).ok())?)
    }

    /// Writes `Set-Cookie`. Scripts cannot read it (`HttpOnly`); another site's page sends it along only when the
    /// person goes from there to us, as on the way back from Slack (`SameSite=Lax`).
    pub(crate) fn set(self, cookie: Cookie, value: &SessionBinding) -> Option<HeaderValue> {
        self.header(cookie, value.expose(), cookie.life())
    }

    pub(crate) fn remove(self, cookie: Cookie) -> Option<HeaderValue> {
        self.header(cookie, "", 0)
    }

    fn header(self, cookie: Cookie, value: &str, life: u64) -> Option<HeaderValue> {
        let secure = match self {
            Self::Https => "; Secure",
            Self::Loopback => "",
        };
        let name = self.name(cookie);
        let text =
            format!("{name}={value}; Path=/; Max-Age={life}; HttpOnly; SameSite=Lax{secure}");
        let mut header = HeaderValue::try_from(text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }

    /// A browser takes `__Host-` only with `Secure`, `Path=/` and no `Domain` (RFC 6265bis section 4.1.3.2).
    fn name(self, cookie: Cookie) -> &'static str {
        match (self, cookie) {
            (Self::Https, Cookie::Browser) => "__Host-slack-browser",
            (Self::Https, Cookie::Session) => "__Host-session",
            (Self::Loopback, Cookie::Browser) => "slack-browser",
            (Self::Loopback, Cookie::Session) => "session",
        }
    }
}

impl Cookie {
    /// In seconds.
    const fn life(self) -> u64 {
        match self {
            Self::Browser => 600,
            Self::Session => crate::sessions::LIFE.as_secs(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value() -> SessionBinding {
        SessionBinding::new("0123456789abcdef").unwrap()
    }

    #[test]
    fn on_https_no_other_host_can_set_it() {
        let header = Cookies::for_origin("https://app.example.com").set(Cookie::Browser, &value());
        assert_eq!(
            header.unwrap(),
            "__Host-slack-browser=0123456789abcdef; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure"
        );
        let header = Cookies::Loopback.remove(Cookie::Session).unwrap();
        assert_eq!(header, "session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
        assert!(header.is_sensitive());
    }

    #[test]
    fn it_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(
            COOKIE,
            HeaderValue::from_static("a=b; session=short;x-session=0123456789abcdefX"),
        );
        headers.append(COOKIE, HeaderValue::from_static("slack-browser=0123456789abcdef"));
        let read = |cookie| Cookies::Loopback.read(cookie, &headers);
        assert_eq!(read(Cookie::Browser).unwrap().expose(), value().expose());
        assert!(read(Cookie::Session).is_none());
        assert!(Cookies::Https.read(Cookie::Browser, &headers).is_none());
    }
}
