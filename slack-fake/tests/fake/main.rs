//! Whole flows against the fake, over plain HTTP values, over the in-memory transport, and over TCP.

mod authorize;
mod calls;
mod code_grant;
mod faults;
mod neighbours;
mod no_panic;
mod refresh_grant;
mod rotation_model;
mod saved;
mod secrets;
mod support;

#[cfg(feature = "openid")]
mod sign_in;

#[cfg(feature = "server")]
mod over_tcp;
#[cfg(feature = "transport")]
mod over_transport;
