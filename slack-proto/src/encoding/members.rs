//! Members of an object that is written.

use serde::{Serialize, ser::SerializeMap};

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
