//! No secret is ever shown: a canary stands in for each, and no `Debug` or `Display` may let it out.

mod browser;
mod events;
mod id_tokens;
mod lifecycle;
mod public_types;
mod replies;
mod requests;
mod rotation;
mod seen;
mod stored;
mod values;
