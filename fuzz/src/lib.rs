//! What the fuzz targets share: how an input is read, what must hold, and a second opinion on what a body says.
//!
//! `fuzz/run SECONDS` builds and runs every target.

#![forbid(unsafe_code)]

pub mod callback;
pub mod id_token;
pub mod input;
pub mod oracle;
pub mod origins;
pub mod pending;
pub mod reply;
pub mod rotation;
pub mod secrets;
pub mod stateless;
pub mod stored;
