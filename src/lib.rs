//! Keys to a Slack workspace, kept well: install, sign in, rotate and revoke tokens over any transport.
//!
//! The protocol is the crate [`slack_proto`], all of which is re-exported here: values in, `http` requests out, typed
//! results back. A [`Client`] carries them over a transport: reqwest (feature `reqwest`), libcurl (feature `curl`), or
//! your own.
//!
//! ```no_run
//! # #[cfg(feature = "reqwest")]
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use slack_auth::{AccessToken, Client, Endpoint, Limits, methods::AuthTest};
//!
//! let slack = Client::with_reqwest(Endpoint::slack(), Limits::new())?;
//! let token = AccessToken::new(std::env::var("SLACK_BOT_TOKEN")?)?;
//! let reply = slack.call(&AuthTest, &token).await?;
//! println!("{:?} in {:?}", reply.value.user, reply.value.team);
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! None is on by default, and each only adds.
//!
//! | feature | adds | costs |
//! |---|---|---|
//! | `reqwest` | [`Client::with_reqwest`] | reqwest and Tokio; rustls with aws-lc-rs, which needs a C compiler |
//! | `id-token` | `IdTokenKeys`, which fetches Slack's keys and verifies ID tokens; you bring an `Rs256` | futures-util |
//! | `id-token-aws-lc` | `IdTokenKeys::with_aws_lc` | aws-lc-rs, which reqwest's and curl's TLS bring along anyway |
//! | `curl` | [`Client::with_curl`] | libcurl built from source; rustls with aws-lc-rs; needs a C compiler |
//! | `file-store` | `FileInstallationStore`: installations in a folder that processes of one machine share | 15 small crates, no C |
//! | `store-conformance` | `store_conformance`: the suite that every store must pass | one small crate |
//! | `tokio` | `TokioRuntime`: refreshes run as tasks of Tokio | Tokio |
//! | `tracing` | a rotator tells `tracing` what happens, by fingerprints | `tracing` |
//! | `thread-runtime` | `ThreadRuntime`: refreshes run on two threads of the library's own | 12 small crates |
//! | `test-util` | `ManualRuntime`: time passes when a test says so | nothing |
//!
//! For another TLS library, a proxy, certificates or a client of your own, make the transport by its own crate
//! (`slack-transport-reqwest`, `slack-transport-curl`) and give it to [`Client::new`].
//!
//! # Stores
//!
//! An [`InstallationStore`] keeps installations, so that many processes can refresh their tokens and none is lost. There
//! is one in memory and one in a folder; one for a database of your own is a trait of six methods.
//! [`find_installation`] tells which installation is good at a place, and [`remove_place`] and its like remove what is gone.
//!
//! # Rotation
//!
//! A [`TokenRotator`] gives access tokens out of a store. It refreshes them behind the callers' backs before they end, once
//! for all processes, and hands out nothing that is not stored. [`TokenRotator::call`] calls a method with a stored token
//! and survives its expiry. It runs on Tokio (`TokioRuntime`), on threads of the library's own
//! (`ThreadRuntime`), or on any other [`Runtime`]. The rules are
//! those of [`Rotation`], a state machine without I/O that a program may drive by itself.

mod call_error;
mod client;
#[cfg(any(feature = "hyper", feature = "reqwest", feature = "curl"))]
mod client_builder;
pub mod error;
#[cfg(feature = "id-token")]
mod id_token_keys;
pub mod ids;
pub mod lifecycle;
pub mod methods;
pub mod oauth;
pub mod openid;
pub mod pace;
mod random;
pub mod rotation;
mod rotator;
mod runtime;
pub mod tokens;

pub use call_error::{CallError, TransportError};
pub use client::Client;
#[cfg(any(feature = "hyper", feature = "reqwest", feature = "curl"))]
pub use client_builder::{Backend, ClientBuilder};
#[cfg(feature = "id-token")]
pub use id_token_keys::{FetchKeysError, FetchKeysErrorKind, IdTokenKeys, VerifyIdTokenError};
pub use random::random_bytes;
pub use rotator::{
    InvalidRotator, RevokeError, RotatedCallError, RotationObserver, TokenError, TokenRotator,
    TokenRotatorBuilder, ValidConfigurationToken, ValidToken,
};
#[cfg(feature = "test-util")]
pub use runtime::ManualRuntime;
pub use runtime::Runtime;
#[cfg(feature = "thread-runtime")]
pub use runtime::ThreadRuntime;
#[cfg(feature = "tokio")]
pub use runtime::TokioRuntime;
pub use slack_proto::{
    AccessToken, ApiMethod, ClientId, ClientSecret, ConfidentialClient, Endpoint, Installation,
    PublicClient, Recovery, Slot, StoreKey, Timestamp, error_codes,
};
#[cfg(feature = "store-conformance")]
pub use slack_store::conformance as store_conformance;
pub use slack_store::{
    InstallationMatch, InstallationStore, Lease, LeaseHolder, LeaseOutcome,
    MemoryInstallationStore, Precondition, StoreError, StoreErrorKind, Stored, StoredVersion,
    find_credential, find_installation, remove_bot, remove_installation, remove_place, remove_user,
    rewrite_all,
};
#[cfg(feature = "file-store")]
pub use slack_store_file::{FileInstallationStore, SealingKey, SealingKeys};
pub use slack_transport as transport;
pub use slack_transport::{BlockingTransport, Limits, Transport};

/// Compiles the README's program.
#[cfg(all(doctest, feature = "reqwest"))]
#[doc = include_str!("../README.md")]
struct Readme;
