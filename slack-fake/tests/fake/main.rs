//! Whole flows against the fake, over plain HTTP values, over the in-memory transport, and over TCP.

mod authorize;
mod calls;
mod clients;
mod code_grant;
mod events;
mod faults;
mod growth;
mod neighbours;
mod no_panic;
mod own_methods;
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
