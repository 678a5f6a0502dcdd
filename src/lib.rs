//! Slack's OAuth: installs an app, signs people in, and keeps the tokens alive.
//!
//! A [`Client`] sends requests to Slack over an HTTP client: reqwest, libcurl, or one of your own. A [`TokenRotator`] hands
//! out tokens from a store and refreshes them before they expire. Both work in any async runtime and in none. Every error
//! has a `recovery()`, which says what the program should do next ([`Recovery`]), and no error shows a secret.
//!
//! No feature is on by default. The features that a program needs are named above it; the README lists them all.
//!
//! # Install an app
//!
//! A web server starts the flow, and finishes it when Slack redirects the browser back. [`TokenRotator::install`] stores the
//! first install of a workspace and every later one: no scope, person or pair of tokens that is stored already gets lost
//! (features: `reqwest`).
//!
//! ```
//! use std::{error::Error, time::SystemTime};
//! use slack_auth::{
//!     Client, ConfidentialClient, InstallationKey, TokenRotator,
//!     methods::OauthV2Access,
//!     oauth::{AuthorizationRequest, AuthorizationUrl, Callback, InstallScopes, PendingAuthorization, RedirectUri, random_bytes},
//! };
//!
//! type Pending = PendingAuthorization<OauthV2Access>;
//!
//! /// Returns the URL to redirect the browser to, and what its session must keep until it comes back.
//! fn start(slack: &Client, app: &ConfidentialClient) -> Result<(AuthorizationUrl, Pending), Box<dyn Error>> {
//!     let scopes = InstallScopes::bot("chat:write");
//!     let redirect = RedirectUri::new("https://app.example.com/slack/callback")?;
//!     let request = AuthorizationRequest::new(app.id().clone(), scopes, redirect)?;
//!     Ok(request.begin(slack.endpoint(), &random_bytes()?, SystemTime::now().into()))
//! }
//!
//! /// Finishes the flow: `query` is the query string of the request to the redirect URI.
//! async fn finish(
//!     slack: &Client,
//!     app: &ConfidentialClient,
//!     rotator: &TokenRotator,
//!     pending: Pending,
//!     query: &str,
//! ) -> Result<InstallationKey, Box<dyn Error>> {
//!     let verified = pending.finish(Callback::parse(query)?, SystemTime::now().into())?; // compares `state`
//!     let requested_at = SystemTime::now().into();
//!     let installation = slack.call(&verified.exchange, app).await?.value.into_installation(requested_at);
//!     let place = installation.key().ok_or("Slack named no workspace")?; // where its tokens are found
//!     rotator.install(installation).await?;
//!     Ok(place)
//! }
//! ```
//!
//! The client and the app are created once; the rotator is the one of the section "Keep a token alive":
//!
//! ```no_run
//! use slack_auth::{Client, ClientId, ClientSecret, ConfidentialClient, Endpoint, Limits};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let slack = Client::with_reqwest(Endpoint::slack(), Limits::new())?;
//! let id = ClientId::new(std::env::var("SLACK_CLIENT_ID")?)?;
//! let secret = ClientSecret::new(std::env::var("SLACK_CLIENT_SECRET")?)?;
//! let app = ConfidentialClient::new(id, secret);
//! # Ok(())
//! # }
//! ```
//!
//! A client without a secret, such as a desktop program, is a [`PublicClient`] and uses `OauthV2Access<CodeVerifier>` (PKCE).
//! A server without sessions uses [`SignedStateFlow`](oauth::SignedStateFlow).
//!
//! # Sign a person in
//!
//! Sign in with Slack is the same flow with another request. The ID token says who it is, once it is verified (features:
//! `reqwest`, `id-token-aws-lc`).
//!
//! ```
//! use std::{error::Error, time::SystemTime};
//! use slack_auth::{
//!     Client, ConfidentialClient,
//!     methods::OpenidConnectToken,
//!     oauth::{AuthorizationRequest, Callback, PendingAuthorization, RedirectUri, SignInScopes},
//!     openid::{IdTokenKeys, UserClaims},
//! };
//!
//! type Pending = PendingAuthorization<OpenidConnectToken>;
//!
//! fn request(app: &ConfidentialClient) -> Result<AuthorizationRequest<OpenidConnectToken>, Box<dyn Error>> {
//!     let redirect = RedirectUri::new("https://app.example.com/slack/sign-in")?;
//!     Ok(AuthorizationRequest::new(app.id().clone(), SignInScopes::openid().email(), redirect)?)
//! }
//!
//! /// Finishes the flow. `keys` is an `IdTokenKeys::with_aws_lc(slack.clone())` that is made once.
//! async fn finish(
//!     slack: &Client,
//!     app: &ConfidentialClient,
//!     keys: &IdTokenKeys,
//!     pending: Pending,
//!     query: &str,
//! ) -> Result<UserClaims, Box<dyn Error>> {
//!     let verified = pending.finish(Callback::parse(query)?, SystemTime::now().into())?;
//!     let signed_in = slack.call(&verified.exchange, app).await?.value;
//!     let id_token = signed_in.id_token.ok_or("Slack sent no ID token")?;
//!     let access_token = &signed_in.credential.access_token;
//!     let now = SystemTime::now().into();
//!     let person = keys.verify(&id_token, verified.expected_id_token(), Some(access_token), now).await?;
//!     Ok(person.user) // `person.user.identity()` is the key to file the person under
//! }
//! ```
//!
//! # Keep a token alive
//!
//! A [`TokenRotator`] keeps installations in a store and hands out their tokens. The processes that share a store refresh a
//! token once between them, and nobody gets a token that is not stored (features: `reqwest`, `file-store`,
//! `tokio`; and the crate `tokio` with its feature `rt`).
//!
//! ```no_run
//! use std::error::Error;
//! use slack_auth::{
//!     Client, ConfidentialClient, InstallationKey, InstallationStore, Slot, StoreKey, TokenRotator,
//!     runtime::TokioRuntime, store::FileStore,
//! };
//!
//! /// Creates the rotator, once. Call it inside of Tokio.
//! fn rotator(slack: Client, app: ConfidentialClient) -> Result<TokenRotator, Box<dyn Error>> {
//!     let folder = FileStore::open("/var/lib/example/slack")?;
//!     let store = InstallationStore::new(folder, app.id().clone());
//!     let tokio = TokioRuntime::new(tokio::runtime::Handle::current());
//!     Ok(TokenRotator::builder(slack, app, store).runtime(tokio).build()?)
//! }
//!
//! async fn use_it(rotator: &TokenRotator, team: &str) -> Result<(), Box<dyn Error>> {
//!     let key = StoreKey::from(InstallationKey::Workspace(team.into()));
//!     let token = rotator.access_token(&key, Slot::Bot).await?; // refreshed first, if necessary
//!     println!("{} is valid until {:?}", token.fingerprint(), token.expires_at());
//!     Ok(())
//! }
//! ```
//!
//! A refresh needs somebody who asks for the token. [`TokenRotator::start_sweep`] refreshes what nobody asks for, on one
//! process of many at a time: without it an installation of a public client (PKCE without a secret) ends after 30 idle days.
//! Before a process ends, [`TokenRotator::drain`] waits for the answers that are on their way.
//!
//! ```
//! use std::time::Duration;
//! use slack_auth::{TokenRotator, store::StoreError};
//!
//! async fn serve(rotator: &TokenRotator) -> Result<(), StoreError> {
//!     rotator.start_sweep();
//!     // ... until the process is told to end:
//!     let health = rotator.health_summary(3).await?;
//!     println!("{} installations, {} need a person", health.installations, health.needing_person);
//!     let left = rotator.drain(Duration::from_secs(20)).await;
//!     println!("all stored: {}", left.is_complete());
//!     Ok(())
//! }
//! ```
//!
//! Slack reports uninstalls and revoked tokens by events: module `events`, feature `events`. What `slack_sdk` and
//! `@slack/oauth` have stored moves in by the module `import`, feature `import`.
//!
//! # Call a method
//!
//! With a token at hand, or with the token of an installation. The second way refreshes a token that has expired and repeats
//! the call (features: `reqwest`).
//!
//! ```
//! use std::error::Error;
//! use slack_auth::{AccessToken, Client, Slot, StoreKey, TokenRotator, methods::AuthTest};
//!
//! async fn by_token(slack: &Client, token: &AccessToken) -> Result<(), Box<dyn Error>> {
//!     let reply = slack.call(&AuthTest, token).await?;
//!     println!("{:?} in {:?}", reply.value.user, reply.value.team);
//!     Ok(())
//! }
//!
//! async fn by_installation(rotator: &TokenRotator, key: &StoreKey) -> Result<(), Box<dyn Error>> {
//!     let reply = rotator.call(&AuthTest, key, Slot::Bot).await?;
//!     println!("{:?} in {:?}", reply.value.user, reply.value.team);
//!     Ok(())
//! }
//! ```
//!
//! Without async, [`Client::call_blocking`] does the same. A method that is not built in takes a dozen lines: see [`ApiMethod`].
//!
//! # Test without Slack
//!
//! The crate `slack-fake` plays Slack's side in memory, and time passes when the test says so (features of `slack-fake`:
//! `transport`; of this crate: none).
//!
//! ```
//! use std::{error::Error, sync::Arc};
//! use http::Request;
//! use slack_auth::{
//!     Client, ClientId, ClientSecret, ConfidentialClient, Endpoint, Timestamp,
//!     methods::OauthV2Access,
//!     oauth::{AuthorizationRequest, Callback, InstallScopes, RedirectUri, random_bytes},
//! };
//! use slack_fake::{App, Clock, Consent, FakeSlack, FakeTransport, SharedFake, User, Workspace};
//!
//! # fn main() -> Result<(), Box<dyn Error>> {
//! let fake = FakeSlack::new()
//!     .app(App::new("1.2", "not-a-real-secret").redirect_url("https://app.example.com/slack/callback"))
//!     .workspace(Workspace::new("T0FAKE00001", "Fake Team"))
//!     .user(User::new("U0FAKE00001", "fake.person"))
//!     .consent(Consent::Allow);
//! let fake = SharedFake::new(fake, Clock::manual(1_795_219_200));
//! let slack = Client::new(Endpoint::slack(), Arc::new(FakeTransport::new(fake.clone())));
//! let now = || Timestamp::from_unix(fake.clock().now());
//!
//! let app = ConfidentialClient::new(ClientId::new("1.2")?, ClientSecret::new("not-a-real-secret")?);
//! let redirect = RedirectUri::new("https://app.example.com/slack/callback")?;
//! let request =
//!     AuthorizationRequest::<OauthV2Access>::new(app.id().clone(), InstallScopes::bot("chat:write"), redirect)?;
//! let (url, pending) = request.begin(slack.endpoint(), &random_bytes()?, now());
//! let page = fake.handle(&Request::get(url.expose()).body("")?); // the person presses Allow
//! let callback = Callback::parse(page.headers()["location"].to_str()?)?;
//! let verified = pending.finish(callback, now())?;
//! let installed = pollster::block_on(slack.call(&verified.exchange, &app))?.value;
//! assert_eq!(installed.team.ok_or("no team")?.id.as_str(), "T0FAKE00001");
//! # Ok(())
//! # }
//! ```
//!
//! A rotator runs in such a test on a `ManualRuntime` (feature `test-util`), in which twelve hours pass at once.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod call_error;
mod client;
#[cfg(any(feature = "hyper", feature = "reqwest", feature = "curl"))]
mod client_builder;
pub mod error;
#[cfg(feature = "events")]
pub mod events;
pub mod health;
#[cfg(feature = "id-token")]
mod id_token_keys;
pub mod ids;
#[cfg(feature = "import")]
pub mod import;
pub mod lifecycle;
pub mod methods;
#[cfg(feature = "metrics")]
pub mod metrics;
pub mod oauth;
pub mod openid;
pub mod pace;
mod random;
pub mod rotation;
mod rotator;
pub mod runtime;
pub mod store;
pub mod tokens;
pub mod transport;

pub use client::Client;
pub use rotator::TokenRotator;
pub use slack_proto::{
    AccessToken, ApiMethod, ClientId, ClientSecret, ConfidentialClient, Endpoint, Installation,
    PublicClient, Recovery, Slot, StoreKey, Timestamp, error_codes,
    tokens::{Credential, InstallationKey},
};
pub use slack_store::InstallationStore;
pub use slack_transport::Limits;

/// Compiles the README's program.
#[cfg(all(doctest, feature = "reqwest"))]
#[doc = include_str!("../README.md")]
struct Readme;
