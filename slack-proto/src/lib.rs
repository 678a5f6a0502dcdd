//! Slack's OAuth, OpenID Connect and token rotation as values: `http` requests out, typed results in.
//!
//! The crate opens no socket, reads no clock, draws no randomness and spawns nothing: it runs under any runtime, and
//! every answer of Slack's can be tested without a network. A [`ApiMethod`] value turns itself into an
//! [`http::Request`], given where Slack is (an [`Endpoint`]) and who is calling (its [`Auth`]), and turns the
//! [`http::Response`] into a [`Reply`] or a [`ResponseError`].
//!
//! ```
//! use slack_proto::{AccessToken, ApiMethod, Endpoint, methods::AuthTest};
//!
//! let token = AccessToken::new("xoxb-not-a-real-token")?;
//! let request = AuthTest.to_request(&Endpoint::slack(), &token);
//! assert_eq!(request.uri(), "https://slack.com/api/auth.test");
//! // Send it by whatever means, and hand over what comes back.
//! let response = http::Response::new(r#"{"ok":true,"team_id":"T0FAKE00001"}"#);
//! let reply = AuthTest::parse_response(&response)?;
//! assert_eq!(reply.value.team_id.unwrap().as_str(), "T0FAKE00001");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What it promises
//!
//! * **A token is never lost.** If a reply says `ok: true` and holds a token where the method's token belongs, the
//!   token comes out, whatever else stands there. What was odd is told in [`ReplyMeta::parse_warnings`].
//! * **A failure is never a success**, and an error code is never lost: [`ErrorCode`] keeps Slack's spelling.
//! * **A secret is never shown**: not by `Debug`, not by `Display`, not in an error. `expose()` shows one on purpose.
//! * **Wrong calls do not compile**: each method names the credential it takes.
//! * **A person is signed in by a verified token only** (feature `id-token`): `IdTokenVerifier` checks the signature
//!   before it believes a claim.
//! * **A reply is read in one pass.** The body is neither kept nor copied; what is held beside the result is a small
//!   multiple of its size.
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
