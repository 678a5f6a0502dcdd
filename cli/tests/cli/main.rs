//! The command, driven from outside.

mod authorizations;
mod desk;
mod fake;
mod openapi;
mod stores;
mod support;
mod tokens;
mod transfers;
