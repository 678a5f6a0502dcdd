//! Slack's side of OAuth as a state machine: a test double for apps that hold Slack tokens.
//!
//! [`FakeSlack::handle`] answers an HTTP request at a given time as Slack does. It has no clock,
//! opens no socket and uses no random numbers: the test sets the time, and every run issues the
//! same tokens. It reads and writes plain HTTP, whatever client library the app uses.
//!
//! # An app's test of its install flow
//!
//! ```
//! use http::{Request, Response};
//! use serde_json::Value;
//! use slack_fake::{App, Consent, FakeSlack, Fault, User, Workspace};
//!
//! // ---- the app: all of its HTTP goes through `send` ----
//!
//! type Send<'a> = &'a mut dyn FnMut(Request<Vec<u8>>) -> Response<Vec<u8>>;
//!
//! /// Basic authentication with the client id `1.2` and the secret `hush`.
//! const BASIC: &str = "Basic MS4yOmh1c2g=";
//!
//! fn token_call(send: Send<'_>, form: String) -> Result<Value, Box<dyn std::error::Error>> {
//!     let request = Request::post("https://slack.com/api/oauth.v2.access")
//!         .header("authorization", BASIC)
//!         .header("content-type", "application/x-www-form-urlencoded")
//!         .body(form.into_bytes())?;
//!     Ok(serde_json::from_slice(send(request).body())?)
//! }
//!
//! fn works(send: Send<'_>, token: &Value) -> Result<bool, Box<dyn std::error::Error>> {
//!     let token = token.as_str().ok_or("no token")?;
//!     let request = Request::post("https://slack.com/api/auth.test")
//!         .header("authorization", format!("Bearer {token}"))
//!         .body(Vec::new())?;
//!     let answer: Value = serde_json::from_slice(send(request).body())?;
//!     Ok(answer["ok"] == true)
//! }
//!
//! // ---- the test ----
//!
//! let mut now = 1_795_219_200;
//! let mut slack = FakeSlack::new()
//!     .workspace(Workspace::new("T0FAKE00001", "Fake Team"))
//!     .user(User::new("U0FAKE00001", "fake.person"))
//!     .app(App::new("1.2", "hush").redirect_url("https://app.example.com/cb").rotate_tokens())
//!     .consent(Consent::Allow);
//!
//! // The person clicks "Add to Slack", and then "Allow".
//! let link = "https://slack.com/oauth/v2/authorize?client_id=1.2&scope=chat%3Awrite&state=s-1";
//! let response = slack.handle(&Request::get(link).body(Vec::new())?, now);
//! assert_eq!(response.status(), 302);
//! let callback = response.headers()["location"].to_str()?;
//! let query = callback.strip_prefix("https://app.example.com/cb?").ok_or("another address")?;
//! let code = query.strip_prefix("code=").and_then(|rest| rest.strip_suffix("&state=s-1"));
//! let code = code.ok_or("no code or another state")?;
//!
//! // The app redeems the code, and its token works until twelve hours have passed.
//! let installed = token_call(&mut |request| slack.handle(&request, now), format!("code={code}"))?;
//! assert!(works(&mut |request| slack.handle(&request, now), &installed["access_token"])?);
//! now += 43_200;
//! assert!(!works(&mut |request| slack.handle(&request, now), &installed["access_token"])?);
//!
//! // The first refresh gets through, but its answer does not: the same refresh token helps.
//! slack.script("oauth.v2.access", Fault::ReplyLost);
//! let token = installed["refresh_token"].as_str().ok_or("no refresh token")?;
//! let refresh = format!("grant_type=refresh_token&refresh_token={token}");
//! assert!(token_call(&mut |request| slack.handle(&request, now), refresh.clone()).is_err());
//! now += 5;
//! let pair = token_call(&mut |request| slack.handle(&request, now), refresh)?;
//! assert!(works(&mut |request| slack.handle(&request, now), &pair["access_token"])?);
//! assert_eq!(slack.credentials(now)[0].refreshes, 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Ways to reach it
//!
//! | feature | adds |
//! |---|---|
//! | none | [`FakeSlack::handle`] and all of its settings |
//! | `transport` | `FakeTransport`: a `Transport` and `BlockingTransport` of `slack-transport`, without a socket |
//! | `server` | `FakeServer`: HTTP on a port of 127.0.0.1, for any client and for a browser |
//! | `openid` | Sign in with Slack: pages, discovery, keys, signed ID tokens (needs a C compiler) |
//!
//! Transport and server share a `SharedFake` and a `Clock` with the test, which can inspect the
//! fake, script faults and move the time while requests arrive.
//!
//! Programs in other languages use the same fake through the command `slack-auth fake`. The example
//! `serve` starts a small server for a browser or curl:
//! `cargo run -p slack-fake --features openid,server --example serve`.
//!
//! # The consent page
//!
//! With [`Consent::Ask`], the default, a person or a headless browser sees an HTML page: a
//! form `consent` with the buttons `allow` and `cancel`, choices `fake_team` and `fake_user`, and a
//! checkbox `decline-SCOPE` for each scope that is optional. The same decisions can be made without
//! it by parameters in the URL: `fake_decision` (`allow` or `deny`), `fake_team` (a workspace
//! or an organization), `fake_user`, `fake_decline` (a comma list of optional scopes). With
//! the other choices of [`Consent`] there is no page. A request that Slack answers with an error page is
//! answered with one, with status 400 and the code in the element `error`.
//!
//! # What is like Slack
//!
//! - Codes: single use, ten minutes, bound to app, page and redirect URI (`invalid_code`,
//!   `oauth_authorization_url_mismatch`, `bad_redirect_uri`, also if it is left out after it was
//!   sent before).
//! - Redirect URIs: equal to a configured one or below it, `https` or, with PKCE and user scopes
//!   alone, `http://localhost` and custom schemes.
//! - Clients: Basic or body (`invalid_client_id`, `bad_client_secret`); PKCE with S256
//!   (`invalid_code_verifier`, `pkce_not_allowed`).
//! - Tokens: prefixes, lengths; bot and user apart; 43,200 seconds with rotation; at most two live
//!   access tokens per credential; refresh tokens single use with a grace time, 30 days for public
//!   clients; a user's refresh answered at the top level; custom schemes and localhost always
//!   rotate.
//! - Installs: scopes accumulate; org-wide ones have no team; Grid workspaces have both; webhooks.
//! - The envelope: `ok`, `warning`, `response_metadata`, slashes and non-ASCII escaped, charset
//!   warnings, the codes for wrong content types, `unknown_method`, `x-slack-req-id`,
//!   `x-oauth-scopes`.
//! - Sign-in: `nonce` always there, five-minute ID tokens, no ID token on refresh, no page for
//!   a person who consented before.
//! - Events: `tokens_revoked`, `app_uninstalled` and `url_verification` as signed requests, see
//!   [`FakeSlack::take_events`].
//!
//! # What is unconfirmed at Slack, and how it is here
//!
//! | question | here | setting |
//! |---|---|---|
//! | length of the grace time | 60 s | [`FakeSlack::refresh_grace`] |
//! | a used refresh token within the grace time | another pair (seen once) | |
//! | which of several pairs stays | the one refreshed first | [`FakeSlack::siblings`] |
//! | 30 days of a public client | begin anew with each refresh | [`FakeSlack::public_refresh_token_life`] |
//! | a secret beside a verifier | `internal_error` (seen at sign-in) | [`App::accept_secret_beside_verifier`] |
//! | a bearer token at a token method | ignored if valid, else `invalid_auth` | |
//! | client id and secret of `oauth.v2.user.access` | Basic or body | [`FakeSlack::user_access_auth`] |
//! | code of the page for a request without scopes | `no_scopes` | |
//! | Basic with an empty secret | `bad_client_secret` | |
//! | Basic at `oauth.v2.exchange` | not read | |
//! | a code after a refused attempt | still good | |
//! | `http://127.0.0.1` redirects | refused | [`App::insecure_loopback_redirects`] |
//! | another query string on a redirect URI | refused | |
//! | spaces between scopes | accepted | |
//! | `state` beside an error | always | |
//! | `scope` or `user_scope` for `/oauth/v2_user/authorize` | whichever is there | |
//! | shape of `oauth.v2.user.access` | the schema's | [`FakeSlack::user_access_shape`] |
//! | error style of `openid.connect.token` | Slack's codes, status 200 | [`FakeSlack::openid_errors`] |
//! | several keys in the key set | while a key is being replaced | `FakeSlack::rotate_signing_key` |
//! | `revoked` of a test call | `false` | |
//! | a token in the address | not read | |
//!
//! # What is not like Slack
//!
//! Nobody has to sign in, and any page may post the consent form. Scopes have no meaning.
//! Other methods than these do not exist until a test adds them with [`FakeSlack::method`].
//! `multipart/form-data` is refused. There are no rate limits but [scripted
//! ones](Fault::RateLimited). Legacy OAuth (`oauth.access`) and `oauth.v2.*ShortTokenRotation` are
//! unknown methods. [`FakeSlack::save`] returns secrets in plain text.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod choices;
#[cfg(any(feature = "server", feature = "transport"))]
mod clock;
mod custom;
mod events;
mod fake;
mod fault;
mod inspect;
mod log;
mod methods;
#[cfg(feature = "openid")]
mod openid;
mod pages;
mod read;
mod routes;
mod save;
#[cfg(feature = "server")]
mod server;
#[cfg(any(feature = "server", feature = "transport"))]
mod shared;
mod state;
#[cfg(feature = "transport")]
mod transport;
mod wire;

pub use self::choices::{
    Consent, CredentialKind, IdTokenFault, OpenIdErrors, Siblings, UserAccessAuth, UserAccessShape,
};
#[cfg(any(feature = "server", feature = "transport"))]
pub use self::clock::Clock;
pub use self::custom::MethodCall;
pub use self::events::EventError;
pub use self::fake::FakeSlack;
pub use self::fault::{Delivery, Fault};
pub use self::inspect::CredentialReport;
pub use self::log::SeenCall;
pub use self::read::{ReadAuthorization, ReadRequest};
pub use self::save::RestoreError;
#[cfg(feature = "server")]
pub use self::server::FakeServer;
#[cfg(any(feature = "server", feature = "transport"))]
pub use self::shared::SharedFake;
pub use self::state::app::App;
pub use self::state::directory::{Organization, User, Workspace};
pub use self::state::event::{EventKind, SlackEvent};
pub use self::state::external::ExternalToken;
#[cfg(feature = "transport")]
pub use self::transport::FakeTransport;
