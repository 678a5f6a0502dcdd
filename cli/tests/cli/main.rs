//! The command, driven from outside.

mod fake;
mod openapi;
mod support;
mod tokens;
