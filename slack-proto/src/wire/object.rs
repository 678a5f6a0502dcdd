//! Objects whose members are read leniently, declared by a table of names.

use std::borrow::Cow;

use serde::de::{IgnoredAny, MapAccess};

use super::{
    key::KeySeed,
    notes::{Notes, Place},
    value::{Lenient, Value},
};

/// A member of an object: what was read, and whether its name was seen at all.
#[derive(Clone, Debug)]
pub(crate) struct Member<T> {
    value: Option<T>,
    seen: bool,
}

impl<T> Default for Member<T> {
    fn default() -> Self {
        Self { value: None, seen: false }
    }
}

impl<T> Member<T> {
    /// Reads the value of the member `name`. Of a repeated member the last usable value wins.
    #[inline]
    pub(crate) fn read<'de, A: MapAccess<'de>>(
        &mut self,
        name: &'static str,
        key: &Cow<'de, str>,
        map: &mut A,
        notes: &mut Notes,
    ) -> Result<(), A::Error>
    where
        T: Value<'de>,
    {
        let place = Place::member(name, key);
        if self.seen {
            notes.at(place);
            notes.odd_here("repeated; the last usable value counts");
        }
        self.seen = true;
        if let Some(value) = map.next_value_seed(Lenient::<T>::new(notes, place))? {
            self.value = Some(match self.value.take() {
                None => value,
                Some(older) => value.after(older),
            });
        }
        Ok(())
    }

    pub(crate) fn take(self) -> Option<T> {
        self.value
    }

    /// Keeps what was read before, if nothing usable was read since.
    pub(crate) fn absorb(&mut self, older: Self) {
        if self.value.is_none() {
            self.value = older.value;
        }
    }

    pub(crate) fn as_ref(&self) -> Option<&T> {
        self.value.as_ref()
    }

    pub(crate) fn as_mut(&mut self) -> Option<&mut T> {
        self.value.as_mut()
    }
}

/// An object with known members; unknown ones are passed over.
pub(crate) trait Object<'de>: Default {
    /// The names of all known members.
    const NAMES: &'static [&'static str] = &[];

    /// Reads the value behind `key` if the object knows it; tells whether it did.
    fn member<A: MapAccess<'de>>(
        &mut self,
        key: &Cow<'de, str>,
        map: &mut A,
        notes: &mut Notes,
    ) -> Result<bool, A::Error>;

    /// Keeps of an earlier reading what this one lacks; only an object inside of another can be read twice.
    fn absorb(&mut self, _: Self) {}

    /// Reads the value behind a `key` that neither the object nor the envelope knows.
    fn unknown<A: MapAccess<'de>>(
        &mut self,
        _: &Cow<'de, str>,
        map: &mut A,
        _: &mut Notes,
    ) -> Result<(), A::Error> {
        map.next_value::<IgnoredAny>().map(|_| ())
    }
}

/// An object of which nothing is wanted.
impl<'de> Object<'de> for () {
    fn member<A: MapAccess<'de>>(
        &mut self,
        _: &Cow<'de, str>,
        _: &mut A,
        _: &mut Notes,
    ) -> Result<bool, A::Error> {
        Ok(false)
    }
}

/// Defines an object by its members: field, type, name on the wire.
macro_rules! object {
    ($(#[$docs:meta])* $vis:vis struct $Name:ident { $($field:ident: $T:ty = $wire:literal,)* }) => {
        $(#[$docs])*
        #[derive(Debug, Default)]
        $vis struct $Name {
            $($vis $field: $crate::wire::object::Member<$T>,)*
        }

        impl<'de> $crate::wire::object::Object<'de> for $Name {
            const NAMES: &'static [&'static str] = &[$($wire,)*];

            fn member<A: serde::de::MapAccess<'de>>(
                &mut self,
                key: &std::borrow::Cow<'de, str>,
                map: &mut A,
                notes: &mut $crate::wire::notes::Notes,
            ) -> Result<bool, A::Error> {
                match &**key {
                    $($wire => self.$field.read($wire, key, map, notes)?,)*
                    _ => return Ok(false),
                }
                Ok(true)
            }

            fn absorb(&mut self, older: Self) {
                $(self.$field.absorb(older.$field);)*
            }
        }
    };
}
pub(crate) use object;

/// Reads all members of an object.
pub(crate) fn read_object<'de, O: Object<'de>, A: MapAccess<'de>>(
    mut map: A,
    notes: &mut Notes,
) -> Result<O, A::Error> {
    let mut object = O::default();
    while let Some(key) = map.next_key_seed(KeySeed)? {
        if !object.member(&key, &mut map, notes)? {
            object.unknown(&key, &mut map, notes)?;
        }
    }
    Ok(object)
}
