//! Reading a reply: envelope and payload in one pass over the bytes.
//!
//! [`read`](read::read) first tries the hot path: one check of the bytes as UTF-8, one pass of `serde_json`, straight
//! into the result. Members of a wrong type do not stop it; they are noted. Only if that pass refuses the body (broken
//! bytes, a lone surrogate, a number out of range, text after the object) does the cold, [`tolerant`] path read it
//! again, before a token or a code is given up.

#[cfg(any(feature = "id-token", feature = "events"))]
pub(crate) mod document;
pub(crate) mod envelope;
pub(crate) mod fields;
pub(crate) mod key;
pub(crate) mod notes;
pub(crate) mod object;
pub(crate) mod payload;
pub(crate) mod read;
pub(crate) mod text;
pub(crate) mod tolerant;
pub(crate) mod value;
