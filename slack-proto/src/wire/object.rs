//! Objects whose members are read leniently, declared by a table of names.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::de::{IgnoredAny, MapAccess, Visitor};

use super::{
    key::{self, KeySeed},
    notes::Notes,
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
        notes.enter(name, key::address(key));
        if self.seen {
            notes.odd("repeated; the last usable value counts");
        }
        self.seen = true;
        if let Some(value) = map.next_value_seed(Lenient::<T>::new(notes))? {
            self.value = Some(value);
        }
        notes.leave();
        Ok(())
    }

    pub(crate) fn take(self) -> Option<T> {
        self.value
    }

    pub(crate) fn as_ref(&self) -> Option<&T> {
        self.value.as_ref()
    }

    pub(crate) fn as_mut(&mut self) -> Option<&mut T> {
        self.value.as_mut()
    }

    pub(crate) fn was_seen(&self) -> bool {
        self.seen
    }
}

/// An object with known members; unknown ones are passed over.
pub(crate) trait Object<'de>: Default {
    /// Reads the value behind `key` if the object knows it; tells whether it did.
    fn member<A: MapAccess<'de>>(
        &mut self,
        key: &Cow<'de, str>,
        map: &mut A,
        notes: &mut Notes,
    ) -> Result<bool, A::Error>;
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
        }
    };
}
pub(crate) use object;

/// Reads all members of an object.
pub(crate) struct ObjectVisitor<'n, O>(&'n mut Notes, PhantomData<O>);

impl<'n, O> ObjectVisitor<'n, O> {
    pub(crate) fn new(notes: &'n mut Notes) -> Self {
        Self(notes, PhantomData)
    }
}

impl<'de, O: Object<'de>> Visitor<'de> for ObjectVisitor<'_, O> {
    type Value = O;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<O, A::Error> {
        let mut object = O::default();
        while let Some(key) = map.next_key_seed(KeySeed)? {
            if !object.member(&key, &mut map, self.0)? {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(object)
    }
}
