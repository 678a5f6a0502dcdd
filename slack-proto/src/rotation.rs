//! Rotation: one credential kept alive, as a state machine without a clock and without I/O.
//!
//! A [`Rotation`] takes the time and what happened (an [`Input`]), and returns what to do next (an [`Action`]). It sends
//! nothing, stores nothing and waits for nothing: its driver does, one action at a time, and reports each outcome by
//! one event. So every order of events can be tried in a test, crashes included.
//!
//! | what goes wrong | what happens |
//! |---|---|
//! | two processes refresh at once | the lease lets one of them send; the other reads what was stored |
//! | both have sent all the same | the pair that was stored first stays, and is refreshed at once: whichever of two pairs Slack means to keep, the one that was used and is newest is safe |
//! | a process dies between the answer and the write | the next one sends the same refresh token within the grace time |
//! | a reply is lost | the same refresh token is sent again after 0.5, 1, 2, 4, 8, 15 s, then every 15 s: each request may be the one that spent it. After ten minutes of silence two tries, 15 s apart, follow each pause of up to five minutes |
//! | the store fails | the new pair stays in the machine, which writes until it is stored; nobody gets it before |
//! | `invalid_refresh_token` | the store is read again at once, after 1 s and after 5 s more; only if it holds nothing newer, and no other pair to fall back on, must a person act |
//! | a store that was set back | the newer pair is written over the one that is known to be spent |
//! | rate limits | the refresh token was not spent; the machine waits as long as Slack says |
//! | a wrong client secret, and the like | the operator is notified, the tokens stay, and it is tried again later |
//! | Slack rejects a token as soon as it has issued it | it is not refreshed again within a minute, then two, and so on up to an hour |

mod action;
mod any_credential;
mod event;
mod input;
mod machine;
mod policy;
mod refresh_failure;
mod refresh_request;

pub use action::{Action, Fact, Note, Write};
pub use any_credential::AnyCredential;
pub use event::{Problem, ReauthorizationReason, RotationEvent};
pub use input::{Input, Rejection};
pub use machine::Rotation;
pub use policy::RotationPolicy;
pub use refresh_failure::RefreshFailure;
pub use refresh_request::{Issued, RefreshRequest};
