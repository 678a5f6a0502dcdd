//! The commands that keep tokens.

pub(crate) mod config;
pub(crate) mod list;
pub(crate) mod login;
mod loopback;
mod output;
pub(crate) mod session;
pub(crate) mod store;
pub(crate) mod token;
