//! The command, driven from outside.

mod authorizations;
#[cfg(unix)]
mod browser;
mod canaries;
mod desk;
mod fake;
#[cfg(unix)]
mod kills;
mod misuse;
mod openapi;
mod stores;
mod support;
mod tokens;
mod transfers;
