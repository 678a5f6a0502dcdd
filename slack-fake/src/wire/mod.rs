//! How requests are read and answers written.

pub(crate) mod call;
pub(crate) mod json;
pub(crate) mod reply;
