//! Members of an object that is written.

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::unknown::UnknownMembers;

/// The members of an object, to be written into a map that may have others.
pub(super) trait Members {
    fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error>;
}

/// An object of an installation, with the members that were unknown when it was read.
pub(super) struct Object<'a, T> {
    pub(super) name: &'static str,
    pub(super) members: T,
    pub(super) unknown: &'a UnknownMembers,
}

impl<T: Members> Serialize for Object<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.members.write(&mut map)?;
        self.unknown.write(self.name, &mut map)?;
        map.end()
    }
}

/// Writes a member, if there is a value for it: what is absent is left out, and `null` reads the same.
pub(super) fn member<M: SerializeMap>(
    map: &mut M,
    name: &'static str,
    value: Option<impl Serialize>,
) -> Result<(), M::Error> {
    match value {
        Some(value) => map.serialize_entry(name, &value),
        None => Ok(()),
    }
}

/// Writes what every stored object begins with.
pub(super) fn head<M: SerializeMap>(map: &mut M, kind: &'static str) -> Result<(), M::Error> {
    map.serialize_entry("version", &super::VERSION)?;
    map.serialize_entry("kind", kind)
}
