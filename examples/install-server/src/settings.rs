//! Settings from the environment.

use std::{
    error::Error,
    fmt,
    net::{Ipv4Addr, SocketAddr},
};

use slack_auth::{
    ClientId, ClientSecret, ConfidentialClient,
    events::SigningSecret,
    oauth::{RedirectUri, StateSigningKey},
};

use crate::Place;

/// The settings, each an environment variable.
///
/// | variable | what it is |
/// |---|---|
/// | `SLACK_CLIENT_ID`, `SLACK_CLIENT_SECRET` | the app's, from its page "Basic Information" at Slack |
/// | `PUBLIC_URL` | the server's origin as browsers see it, such as `https://app.example.com` |
/// | `SLACK_SIGNING_SECRET` | from the same page; without it no events are received at `/slack/events` |
/// | `STATE_KEY` | 64 hex digits, random and secret, the same on every server; drawn at each start if missing |
/// | `LISTEN` | address and port to listen at, plain http; `127.0.0.1:3000` by default |
/// | `STORE` | what holds the installations: `file:FOLDER`, `sqlite:FILE`, or for several hosts `postgres://USER:PASSWORD@HOST/DATABASE`, or (feature `redis`) `rediss://USER:PASSWORD@HOST/0` |
/// | `DATABASE` | the same as `STORE=sqlite:FILE`; `slack-install-server.sqlite` by default |
///
/// The first three belong together. Without them the server starts a fake Slack.
#[derive(Debug)]
#[non_exhaustive]
pub struct Settings {
    /// The app at Slack; `None` for the fake Slack.
    pub app: Option<SlackApp>,
    /// The key that signs states.
    pub state_key: Option<StateSigningKey>,
    /// The address to listen on.
    pub listen: SocketAddr,
    /// What holds the installations.
    pub store: Place,
}

/// An app at Slack, and where its server is.
#[derive(Debug)]
#[non_exhaustive]
pub struct SlackApp {
    /// Client id and secret.
    pub client: ConfidentialClient,
    /// What Slack signs its requests with, if events are to be received.
    pub signing_secret: Option<SigningSecret>,
    /// The server's origin.
    pub public_url: String,
}

impl Settings {
    /// Reads the settings; `variable` returns the value of an environment variable. An empty one counts as missing.
    ///
    /// # Errors
    ///
    /// When one is malformed, or when only some of those are set that belong together.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, InvalidSetting> {
        let variable = |name| variable(name).filter(|value| !value.is_empty());
        let listen = match variable("LISTEN") {
            Some(text) => text.parse().map_err(|_| {
                InvalidSetting("LISTEN must be an IP address and a port, such as 127.0.0.1:3000")
            })?,
            None => SocketAddr::from((Ipv4Addr::LOCALHOST, 3000)),
        };
        let parts = ["SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "PUBLIC_URL"].map(variable);
        let app = match parts {
            [None, None, None] => None,
            [Some(id), Some(secret), Some(public_url)] => {
                Some(SlackApp::new(id, &secret, variable("SLACK_SIGNING_SECRET"), &public_url)?)
            }
            _ => {
                return Err(InvalidSetting(
                    "SLACK_CLIENT_ID, SLACK_CLIENT_SECRET and PUBLIC_URL stand together: set all three for slack.com, \
                     or none to try the server with a fake Slack",
                ));
            }
        };
        let state_key = variable("STATE_KEY").map(|text| state_key(&text)).transpose()?;
        let store = match (variable("STORE"), variable("DATABASE")) {
            (Some(_), Some(_)) => {
                return Err(InvalidSetting(
                    "STORE and DATABASE both say what holds the installations: set one",
                ));
            }
            (Some(store), None) => Place::parse(&store)?,
            (None, file) => {
                Place::Sqlite(file.unwrap_or_else(|| "slack-install-server.sqlite".into()).into())
            }
        };
        Ok(Self { app, state_key, listen, store })
    }
}

impl SlackApp {
    fn new(
        id: String,
        secret: &str,
        signing_secret: Option<String>,
        public_url: &str,
    ) -> Result<Self, InvalidSetting> {
        let id = ClientId::new(id)
            .ok()
            .filter(|id| id.as_str().bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))
            .ok_or(InvalidSetting(
                "SLACK_CLIENT_ID must be two numbers with a dot between, as on the app's page \"Basic Information\"",
            ))?;
        let secret = ClientSecret::new(secret.trim()).map_err(|_| {
            InvalidSetting(
                "SLACK_CLIENT_SECRET is blank: copy it from the app's page \"Basic Information\"",
            )
        })?;
        let signing_secret = signing_secret.map(|secret| SigningSecret::new(secret.trim()));
        let signing_secret = signing_secret.transpose().map_err(|_| {
            InvalidSetting("SLACK_SIGNING_SECRET is malformed: copy it from the app's page \"Basic Information\"")
        })?;
        let client = ConfidentialClient::new(id, secret);
        Ok(Self { client, signing_secret, public_url: origin(public_url)? })
    }
}

/// Parses an https origin; Slack redirects no browser to plain http.
fn origin(url: &str) -> Result<String, InvalidSetting> {
    let refused = InvalidSetting(
        "PUBLIC_URL must be the https origin of this server, such as https://app.example.com, without a path",
    );
    let origin = url.strip_suffix('/').unwrap_or(url);
    let host = origin.strip_prefix("https://").ok_or(refused)?;
    if host.contains(['/', '?', '#']) || RedirectUri::new(origin).is_err() {
        return Err(refused);
    }
    Ok(origin.to_owned())
}

fn state_key(text: &str) -> Result<StateSigningKey, InvalidSetting> {
    let refused =
        InvalidSetting("STATE_KEY must be 64 hex digits, random: `openssl rand -hex 32` makes one");
    let digits = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !digits {
        return Err(refused);
    }
    // The key is any secret text of enough randomness: 64 hex digits hold 32 random bytes.
    StateSigningKey::new(text).map_err(|_| refused)
}

/// A setting is malformed; the text says which, and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidSetting(pub(crate) &'static str);

impl fmt::Display for InvalidSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for InvalidSetting {}

#[cfg(test)]
mod tests {
    use super::*;

    const REAL: [(&str, &str); 3] = [
        ("SLACK_CLIENT_ID", "1000000001.2000000002"),
        ("SLACK_CLIENT_SECRET", "hush"),
        ("PUBLIC_URL", "https://app.example.com/"),
    ];

    fn read(variables: &[(&str, &str)]) -> Result<Settings, String> {
        let find = |name: &str| variables.iter().rev().find(|(found, _)| *found == name);
        Settings::read(|name| find(name).map(|(_, value)| (*value).to_owned()))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_is_the_fake_slack_on_loopback() {
        for variables in [&[][..], &[("PUBLIC_URL", "")]] {
            let settings = read(variables).unwrap();
            assert!(settings.app.is_none() && settings.state_key.is_none());
            assert_eq!(settings.listen.to_string(), "127.0.0.1:3000");
        }
    }

    #[test]
    fn all_three_are_the_real_slack() {
        let app = read(&REAL).unwrap().app.unwrap();
        assert_eq!(app.public_url, "https://app.example.com");
        assert_eq!(app.client.id().as_str(), "1000000001.2000000002");
        assert!(!format!("{app:?}").contains("hush"));
    }

    #[test]
    fn the_store_is_read_and_shows_no_password() {
        let store = |variables: &[(&str, &str)]| format!("{:?}", read(variables).unwrap().store);
        for (text, shown) in [
            ("file:/srv/slack", "Folder(\"/srv/slack\")"),
            ("sqlite:a.db", "Sqlite(\"a.db\")"),
            ("postgres://app:hush@db/app", "Postgres(..)"),
        ] {
            assert_eq!(store(&[("STORE", text)]), shown);
        }
        assert_eq!(store(&[("DATABASE", "a.db")]), "Sqlite(\"a.db\")");
        assert_eq!(store(&[]), "Sqlite(\"slack-install-server.sqlite\")");
        for text in ["/srv/slack", "file:", "mysql://hush@h"] {
            let error = read(&[("STORE", text)]).unwrap_err();
            assert!(error.starts_with("STORE must") && !error.contains("hush"), "{error}");
        }
        let redis =
            read(&[("STORE", "redis://:hush@localhost")]).map(|it| format!("{:?}", it.store));
        if cfg!(feature = "redis") {
            assert_eq!(redis.unwrap(), "Redis(..)");
        } else {
            assert!(redis.unwrap_err().contains("--features redis"));
        }
        assert!(read(&[("STORE", "file:a"), ("DATABASE", "b")]).unwrap_err().contains("set one"));
    }

    #[test]
    fn a_wrong_setting_is_named() {
        let with = |name, value| read(&[&REAL[..], &[(name, value)]].concat()).unwrap_err();
        for (name, _) in REAL {
            assert!(with(name, "").contains("stand together"));
        }
        assert!(with("SLACK_CLIENT_ID", "A0123").starts_with("SLACK_CLIENT_ID must"));
        assert!(with("SLACK_CLIENT_SECRET", " \n").starts_with("SLACK_CLIENT_SECRET is blank"));
        for url in [
            "http://app.example.com",
            "app.example.com",
            "https://app.example.com/x",
            "https://a@b",
            "https://",
        ] {
            assert!(
                with("PUBLIC_URL", url).starts_with("PUBLIC_URL must be the https origin"),
                "{url}"
            );
        }
        assert!(with("LISTEN", "3000").starts_with("LISTEN must"));
        for key in ["12", &"g".repeat(64)] {
            assert!(with("STATE_KEY", key).starts_with("STATE_KEY must"));
        }
        assert!(read(&[("STATE_KEY", &"0f".repeat(32))]).unwrap().state_key.is_some());
    }
}
