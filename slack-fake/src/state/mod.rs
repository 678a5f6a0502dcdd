//! What the fake remembers, and the rules by which tokens are issued and end.
//!
//! [`memory`] holds the whole state. The files that change it ([`issue`], [`rotation`],
//! [`installation`]) extend it; the records know nothing of it.

pub(crate) mod app;
pub(crate) mod code;
pub(crate) mod credential;
pub(crate) mod directory;
pub(crate) mod event;
pub(crate) mod external;
pub(crate) mod installation;
pub(crate) mod issue;
pub(crate) mod key;
pub(crate) mod memory;
pub(crate) mod mint;
pub(crate) mod rotation;
pub(crate) mod table;
