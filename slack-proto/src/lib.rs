//! Slack's OAuth, OpenID Connect and token rotation as values: `http` requests out, typed results in.
//!
//! The crate does no I/O: it opens no socket, reads no clock, draws no random bytes and spawns no task. It works under
//! any runtime, and each of Slack's responses can be tested without a network. The crate `slack-auth` adds HTTP clients,
//! stores and a rotator around it.
//!
//! # Call a method
//!
//! An [`ApiMethod`] converts itself to an [`http::Request`], for an [`Endpoint`] and a credential. It parses the
//! [`http::Response`] into a [`Reply`](methods::Reply) or a [`ResponseError`](error::ResponseError), whose
//! [`recovery`](error::ResponseError::recovery) says what to do next.
//!
//! ```
//! use slack_proto::{AccessToken, ApiMethod, Endpoint, methods::AuthTest};
//!
//! let token = AccessToken::new("xoxb-not-a-real-token")?;
//! let request = AuthTest.to_request(&Endpoint::slack(), &token);
//! assert_eq!(request.uri(), "https://slack.com/api/auth.test");
//! // Send the request with any HTTP client, and parse what comes back.
//! let response = http::Response::new(r#"{"ok":true,"team_id":"T0FAKE00001"}"#);
//! let reply = AuthTest::parse_response(&response)?;
//! assert_eq!(reply.value.team_id.unwrap().as_str(), "T0FAKE00001");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Install an app
//!
//! An [`AuthorizationRequest`](oauth::AuthorizationRequest) returns the URL for the browser and the
//! [`PendingAuthorization`](oauth::PendingAuthorization) to keep in the session. The latter verifies the callback, and
//! returns the method that exchanges the code.
//!
//! ```
//! use slack_proto::{
//!     ApiMethod, ClientId, ClientSecret, ConfidentialClient, Endpoint, Timestamp,
//!     methods::OauthV2Access,
//!     oauth::{AuthorizationRequest, Callback, InstallScopes, RandomBytes, RedirectUri},
//! };
//!
//! let app = ConfidentialClient::new(ClientId::new("1.2")?, ClientSecret::new("hush")?);
//! let scopes = InstallScopes::bot("chat:write").user("users:read");
//! let redirect = RedirectUri::new("https://app.example.com/callback")?;
//! let request = AuthorizationRequest::<OauthV2Access>::new(app.id().clone(), scopes, redirect)?;
//! # let (bytes, now) = ([7; 96], Timestamp::from_unix(1_795_219_200));
//! // `bytes` are 96 random bytes, `now` is the time: both come from the caller.
//! let (url, pending) = request.begin(&Endpoint::slack(), &RandomBytes::new(bytes), now);
//! assert!(url.expose().starts_with("https://slack.com/oauth/v2/authorize?client_id=1.2"));
//!
//! # let query = format!("code=c0de&state={}", pending.state().expose());
//! let verified = pending.finish(Callback::parse(&query)?, now)?; // compares `state`
//! let request = verified.exchange.to_request(&Endpoint::slack(), &app);
//! // The response becomes an `Installation` by `into_installation`.
//! # assert_eq!(request.uri(), "https://slack.com/api/oauth.v2.access");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where to find what
//!
//! | module | contents |
//! |---|---|
//! | [`oauth`] | authorization requests, callbacks, PKCE, scopes, clients |
//! | [`methods`] | the methods of the Web API, and the trait for your own |
//! | [`tokens`] | tokens, credentials, installations, and how they are stored |
//! | [`openid`] | Sign in with Slack: ID tokens, claims, verification |
//! | [`rotation`] | refreshing a credential, as a state machine |
//! | [`lifecycle`] | merging a second install into a stored one |
//! | `events` | Slack's request signatures and the Events API (feature `events`) |
//! | [`error`] | what a call returns instead of a result |
//! | [`ids`] | ids of apps, workspaces, users and the like |
//!
//! # Guarantees
//!
//! * **No token is lost.** If a response says `ok: true` and has a token in the method's place for it, the token is
//!   returned, whatever else the response holds. Malformed members are reported by
//!   [`ReplyMeta::parse_warnings`](methods::ReplyMeta::parse_warnings).
//! * **No failure passes for a success**, and no error code is lost: [`ErrorCode`](error::ErrorCode) keeps Slack's
//!   spelling.
//! * **No secret is shown** by `Debug`, by `Display` or in an error. `expose()` returns it.
//! * **Wrong calls do not compile**: each method names the type of its credential.
//! * **A person is signed in by a verified token only** (feature `id-token`): `IdTokenVerifier` checks the signature
//!   before it reads a claim.
//! * **A response is parsed in one pass.** Its body is neither kept nor copied, and the memory used beside the result
//!   is a small multiple of its size.
//!
//! # Features
//!
//! | feature | adds |
//! |---|---|
//! | `events` | `events`: the check of Slack's request signatures and the Events API; no crate |
//! | `id-token` | discovery, key sets and `IdTokenVerifier`; no crate, and no cryptography: you bring an `Rs256` |
//! | `id-token-aws-lc` | `AwsLcRs256`, an `Rs256` over aws-lc-rs; needs a C compiler, unless reqwest's or curl's TLS has it built already |

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod error;
#[cfg(feature = "events")]
pub mod events;
mod http_date;
pub mod ids;
pub mod lifecycle;
pub mod methods;
pub mod oauth;
pub mod openid;
pub mod rotation;
mod secret;
mod timestamp;
pub mod tokens;
mod wire;

pub use error::Recovery;
pub use methods::{ApiMethod, Endpoint};
pub use oauth::{ClientId, ConfidentialClient, PublicClient};
pub use secret::ClientSecret;
pub use timestamp::Timestamp;
pub use tokens::{AccessToken, Installation, Slot, StoreKey};

mod sealed {
    #[expect(unnameable_types, reason = "that is what seals a trait")]
    /// Keeps a trait's implementations in this crate.
    pub trait Sealed {}
}

#[cfg(test)]
mod words {
    /// Checks the words of an enum's `as_str`.
    pub(crate) fn are_stable_and_unique<const N: usize>(words: [&'static str; N]) {
        let unique = words.iter().collect::<std::collections::BTreeSet<_>>();
        assert_eq!(unique.len(), N, "{words:?}");
        let is_plain = |word: &&str| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        assert!(words.iter().all(is_plain), "{words:?}");
    }
}
