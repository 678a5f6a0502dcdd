//! The command, driven from outside.

mod authorizations;
mod canaries;
mod desk;
mod fake;
#[cfg(unix)]
mod kills;
mod openapi;
mod stores;
mod support;
mod tokens;
mod transfers;
