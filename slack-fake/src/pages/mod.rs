//! The pages that a person sees in a browser.

mod authorize;
pub(crate) mod html;
pub(crate) mod person;
pub(crate) mod redirect;
pub(crate) mod request;
