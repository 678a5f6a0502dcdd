//! Members that this release does not know: an older program that rewrites an installation keeps what a newer one added.

use std::fmt;

use serde::{
    Deserializer,
    de::{MapAccess, Visitor},
    ser::{Error, SerializeMap},
};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::wire::key::KeySeed;

/// The members of a stored installation, and of the objects in it, that this release does not know, as they were read.
#[derive(Clone, Default)]
pub(crate) struct UnknownMembers(Vec<UnknownMember>);

#[derive(Clone)]
struct UnknownMember {
    /// The member that holds the object; empty for the installation itself.
    object: &'static str,
    name: Zeroizing<String>,
    /// The value as it stood in the text.
    value: Zeroizing<String>,
}

/// The names that an object is known to have, and those of the objects in it.
pub(super) struct Known {
    pub(super) names: &'static [&'static str],
    pub(super) objects: &'static [(&'static str, &'static [&'static str])],
}

impl UnknownMembers {
    /// Collects the unknown members of a text that was read without an error before.
    pub(super) fn collect(text: &str, known: &Known) -> Self {
        let mut unknown = Self::default();
        for (name, value) in members(text) {
            if let Some((object, names)) = known.objects.iter().find(|it| it.0 == name) {
                for (name, value) in members(value) {
                    if !names.contains(&&*name) {
                        unknown.push(object, &name, value);
                    }
                }
            } else if !known.names.contains(&&*name) {
                unknown.push("", &name, value);
            }
        }
        unknown
    }

    /// Returns whether there are any of this object.
    pub(super) fn has(&self, object: &str) -> bool {
        self.0.iter().any(|member| member.object == object)
    }

    /// Writes the members of one object; the empty name means the installation itself.
    pub(super) fn write<M: SerializeMap>(&self, object: &str, map: &mut M) -> Result<(), M::Error> {
        for member in self.0.iter().filter(|member| member.object == object) {
            let value: &RawValue = serde_json::from_str(&member.value)
                .map_err(|_| M::Error::custom("a member that was read is not JSON"))?;
            map.serialize_entry(&*member.name, value)?;
        }
        Ok(())
    }

    fn push(&mut self, object: &'static str, name: &str, value: &str) {
        let name = Zeroizing::new(name.to_owned());
        self.0.push(UnknownMember { object, name, value: Zeroizing::new(value.to_owned()) });
    }
}

/// Shows how many there are: a newer release may keep secrets there.
impl fmt::Debug for UnknownMembers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} not shown]", self.0.len())
    }
}

type Members<'de> = Vec<(std::borrow::Cow<'de, str>, &'de str)>;

/// Returns the members of an object; an empty list if the text is not an object.
fn members(text: &str) -> Members<'_> {
    struct Collect;

    impl<'de> Visitor<'de> for Collect {
        type Value = Members<'de>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some(name) = map.next_key_seed(KeySeed)? {
                members.push((name, map.next_value::<&RawValue>()?.get()));
            }
            Ok(members)
        }
    }

    serde_json::Deserializer::from_str(text).deserialize_map(Collect).unwrap_or_default()
}
