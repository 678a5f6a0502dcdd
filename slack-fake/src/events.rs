//! Events as signed requests.

use std::error::Error;
use std::fmt::{self, Write as _};

use hmac::{Hmac, KeyInit as _, Mac as _};
use http::Request;
use serde_json::json;
use sha2::Sha256;

use crate::wire::json;
use crate::{FakeSlack, SlackEvent};

impl FakeSlack {
    /// Returns the events that occurred since the last call, the oldest first.
    ///
    /// Only apps with a [signing secret](crate::App::signing_secret) have events: `tokens_revoked`
    /// and `app_uninstalled`. At most ten thousand are kept.
    ///
    /// ```
    /// use slack_fake::{App, Consent, FakeSlack, User, Workspace};
    ///
    /// let mut fake = FakeSlack::new()
    ///     .workspace(Workspace::new("T0FAKE00001", "Fake Team"))
    ///     .user(User::new("U0FAKE00001", "fake.person"))
    ///     .app(App::new("1.2", "hush").signing_secret("shush").redirect_url("https://a.example/"))
    ///     .consent(Consent::Allow);
    /// let page = "https://slack.com/oauth/v2/authorize?client_id=1.2&scope=chat:write";
    /// let callback = fake.handle(&http::Request::get(page).body("")?, 1_795_219_200);
    /// let callback = callback.headers()["location"].to_str()?;
    /// let code = callback.strip_prefix("https://a.example/?").ok_or("another address")?;
    /// let install = http::Request::post("https://slack.com/api/oauth.v2.access")
    ///     .header("content-type", "application/x-www-form-urlencoded")
    ///     .body(format!("{code}&client_id=1.2&client_secret=hush"))?;
    /// fake.handle(&install, 1_795_219_201);
    ///
    /// fake.uninstall("1.2", "T0FAKE00001");
    /// let events = fake.take_events();
    /// assert_eq!(events[0].kind.name(), "tokens_revoked");
    /// assert_eq!(events[1].kind.name(), "app_uninstalled");
    ///
    /// // Delivered an hour late, for the second time.
    /// let url = "https://app.example.com/slack/events";
    /// let request = fake.event_request(&events[1], url, 1_795_222_801, 1)?;
    /// assert_eq!(request.headers()["x-slack-retry-num"], "1");
    /// assert!(request.headers().contains_key("x-slack-signature"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn take_events(&mut self) -> Vec<SlackEvent> {
        self.state.events.drain(..).collect()
    }

    /// Creates the request that delivers an event to `url` at the time `now`.
    ///
    /// `retry` is 0 for the first delivery. A higher number is announced in `x-slack-retry-num`, as
    /// Slack does when it repeats an event.
    ///
    /// # Errors
    ///
    /// If the app has no signing secret, or `url` is not the address of a request.
    pub fn event_request(
        &self,
        event: &SlackEvent,
        url: &str,
        now: u64,
        retry: u32,
    ) -> Result<Request<Vec<u8>>, EventError> {
        let app = self.state.app(&event.client_id).ok_or(EventError::NoSigningSecret)?;
        let body = json::to_bytes(&event.body(&app.app_id));
        let mut request = self.signed_request(&event.client_id, url, now, body)?;
        if retry > 0 {
            let headers = request.headers_mut();
            headers.insert("x-slack-retry-num", retry.into());
            headers.insert("x-slack-retry-reason", http::HeaderValue::from_static("http_timeout"));
        }
        Ok(request)
    }

    /// Creates the request by which Slack verifies a request URL: the app must answer with
    /// `challenge`.
    ///
    /// # Errors
    ///
    /// If the app has no signing secret, or `url` is not the address of a request.
    pub fn url_verification_request(
        &self,
        client_id: &str,
        url: &str,
        challenge: &str,
        now: u64,
    ) -> Result<Request<Vec<u8>>, EventError> {
        let body = json!({
            "token": "fakeverificationtoken000",
            "challenge": challenge,
            "type": "url_verification",
        });
        self.signed_request(client_id, url, now, json::to_bytes(&body))
    }

    /// Creates a request with any JSON body, signed as Slack signs its requests to the app.
    ///
    /// # Errors
    ///
    /// If the app has no signing secret, or `url` is not the address of a request.
    pub fn signed_request(
        &self,
        client_id: &str,
        url: &str,
        now: u64,
        body: Vec<u8>,
    ) -> Result<Request<Vec<u8>>, EventError> {
        let secret = self.state.app(client_id).and_then(|app| app.signing_secret.as_deref());
        let secret = secret.ok_or(EventError::NoSigningSecret)?;
        Request::post(url)
            .header("content-type", "application/json")
            .header("user-agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
            .header("x-slack-request-timestamp", now)
            .header("x-slack-signature", sign(secret, now, &body))
            .body(body)
            .map_err(|_| EventError::BadUrl)
    }
}

/// Why an event cannot be delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventError {
    /// The app is unknown or has no signing secret.
    NoSigningSecret,
    /// The URL cannot be the address of a request.
    BadUrl,
}

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSigningSecret => {
                "no app with this client id has a signing secret: set one with App::signing_secret"
            }
            Self::BadUrl => "the request URL is not a URL: give an absolute http or https URL",
        })
    }
}

impl Error for EventError {}

/// Returns the value of `x-slack-signature`, version `v0`.
fn sign(secret: &str, timestamp: u64, body: &[u8]) -> String {
    let mut text = "v0=".to_owned();
    // HMAC takes keys of any length.
    if let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) {
        let mac = mac.chain_update(format!("v0:{timestamp}:")).chain_update(body);
        for byte in mac.finalize().into_bytes() {
            let _ = write!(text, "{byte:02x}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_slacks() {
        let documented = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow\
             &channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner\
             &command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com\
             %2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN\
             &trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
        for (secret, timestamp, body, signature) in [
            (
                "8f742231b10e8888abcd99yyyzzz85a5",
                1_531_420_618,
                documented,
                "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
            ),
            (
                "fake-signing-secret-0001",
                1_763_740_800,
                "",
                "v0=342d8e4b126412a0c365f1748dc0ef341064dbf045f9ffc1d5768b8ab9f57958",
            ),
            (
                "fake-signing-secret-0001",
                1_763_740_800,
                r#"{"type":"event_callback","text":"Zażółć 👋"}"#,
                "v0=3ed50cad6962df3d70df41e788ba69e152749e3b864eb4ef3575baee6657d9f3",
            ),
        ] {
            assert_eq!(sign(secret, timestamp, body.as_bytes()), signature);
        }
    }
}
