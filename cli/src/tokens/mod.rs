//! The commands that keep tokens.

mod authorize;
pub(crate) mod config;
mod import;
pub(crate) mod install;
pub(crate) mod list;
pub(crate) mod login;
mod loopback;
mod mark;
mod newer;
mod output;
mod place;
mod progress;
#[cfg(feature = "redis")]
mod redis;
mod sealing;
pub(crate) mod session;
pub(crate) mod store;
pub(crate) mod token;
mod transfer;
