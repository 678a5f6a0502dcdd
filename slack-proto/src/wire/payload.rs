//! What a method gives on success, as the reader sees it.

use serde::{Deserializer, de::DeserializeOwned};

use super::notes::Notes;

/// A type that a success is read into.
///
/// Every [`DeserializeOwned`] type is one, so that a method of your own needs no more than `#[derive(Deserialize)]`.
/// The crate's own types are read leniently instead: a member of a wrong type is noted, not fatal.
pub trait Payload: Sized {
    /// Whether each value of the type holds a token that exists nowhere else.
    #[doc(hidden)]
    const HOLDS_TOKEN: bool = false;

    /// Reads the value; `None` if something mandatory is missing, which is then in `notes`.
    #[doc(hidden)]
    fn read<'de, D: Deserializer<'de>>(
        deserializer: D,
        notes: &mut Notes,
    ) -> Result<Option<Self>, D::Error>;
}

impl<T: DeserializeOwned> Payload for T {
    fn read<'de, D: Deserializer<'de>>(
        deserializer: D,
        _: &mut Notes,
    ) -> Result<Option<Self>, D::Error> {
        T::deserialize(deserializer).map(Some)
    }
}

/// Makes a type a payload by way of an object read leniently.
macro_rules! lenient_payload {
    ($T:ty, holds_token: $token:literal, from: $Wire:ty) => {
        impl $crate::wire::payload::Payload for $T {
            const HOLDS_TOKEN: bool = $token;

            fn read<'de, D: serde::Deserializer<'de>>(
                deserializer: D,
                notes: &mut $crate::wire::notes::Notes,
            ) -> Result<Option<Self>, D::Error> {
                let visitor = $crate::wire::object::ObjectVisitor::<$Wire>::new(notes);
                let wire = deserializer.deserialize_map(visitor)?;
                Ok(Self::from_wire(wire, notes))
            }
        }
    };
}
pub(crate) use lenient_payload;
