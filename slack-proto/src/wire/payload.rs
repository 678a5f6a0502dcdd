//! What a method gives on success, as the reader sees it.

use std::fmt;

use serde::de::{DeserializeOwned, MapAccess, Visitor, value::MapAccessDeserializer};

use super::envelope::{Envelope, Intercepted};
use crate::Timestamp;

/// A type that a success is read into.
///
/// Every [`DeserializeOwned`] type is one, so that a method of your own needs no more than `#[derive(Deserialize)]`.
/// The crate's own types are read leniently instead: a member of a wrong type is noted, not fatal.
pub trait Payload: Sized {
    /// Whether each value of the type holds a token that exists nowhere else.
    #[doc(hidden)]
    const HOLDS_TOKEN: bool = false;

    /// Reads a whole reply: the envelope's members into `envelope`, the value into `slot`, which stays empty if the
    /// reply is not a success or lacks something mandatory.
    #[doc(hidden)]
    fn read<'de, A: MapAccess<'de>>(
        slot: &mut Option<Self>,
        map: A,
        envelope: &mut Envelope<'de>,
    ) -> Result<(), A::Error>;

    /// Sets the `Date` of the response on each credential that it brought.
    #[doc(hidden)]
    fn set_server_date(&mut self, _: Timestamp) {}
}

impl<T: DeserializeOwned> Payload for T {
    fn read<'de, A: MapAccess<'de>>(
        slot: &mut Option<Self>,
        map: A,
        envelope: &mut Envelope<'de>,
    ) -> Result<(), A::Error> {
        let rest = Intercepted::new(map, envelope);
        *slot = Some(T::deserialize(MapAccessDeserializer::new(rest))?);
        Ok(())
    }
}

/// Reads a whole reply: the envelope into one place, the rest into the payload.
pub(crate) struct ReplyVisitor<'e, 'de, P> {
    pub(crate) envelope: &'e mut Envelope<'de>,
    pub(crate) slot: &'e mut Option<P>,
}

impl<'de, P: Payload> Visitor<'de> for ReplyVisitor<'_, 'de, P> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        P::read(self.slot, map, self.envelope)
    }
}

/// Implements [`Payload`] for a type that is built from a leniently read object.
macro_rules! lenient_payload {
    (
        $T:ty, holds_token: $token:literal, from: $Wire:ty
        $(, credentials: |$value:ident| $credentials:expr)?
    ) => {
        impl $crate::wire::payload::Payload for $T {
            const HOLDS_TOKEN: bool = $token;

            fn read<'de, A: serde::de::MapAccess<'de>>(
                slot: &mut Option<Self>,
                map: A,
                envelope: &mut $crate::wire::envelope::Envelope<'de>,
            ) -> Result<(), A::Error> {
                let mut wire = None::<$Wire>;
                envelope.read_around(&mut wire, map)?;
                if envelope.is_success() {
                    *slot = Self::from_wire(wire.unwrap_or_default(), &mut envelope.notes);
                }
                Ok(())
            }

            $(fn set_server_date(&mut self, date: $crate::Timestamp) {
                let $value = self;
                for credential in $credentials {
                    credential.server_date = Some(date);
                }
            })?
        }
    };
}
pub(crate) use lenient_payload;
