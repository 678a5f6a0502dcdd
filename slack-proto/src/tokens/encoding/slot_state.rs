//! What is stored beside a credential.

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{
    InvalidEncoding,
    credential::{ConfigurationWire, CredentialWire, StoredConfiguration, StoredCredential},
    members::{Members, member},
};
use crate::{
    Timestamp,
    methods::UntrustedText,
    rotation::AnyCredential,
    tokens::{Fingerprint, NeedsAuthorization, installation::SlotState},
    wire::{
        fields::Nested,
        object::{Member, object},
    },
};

pub(super) struct StoredState<'a>(&'a SlotState);

impl<'a> StoredState<'a> {
    /// Returns what is to be written: nothing without a credential, and nothing if nothing is known.
    pub(super) fn of(is_held: bool, state: &'a SlotState, has_unknown: bool) -> Option<Self> {
        let SlotState { fallbacks, needs_authorization } = state;
        let is_empty = fallbacks.is_empty() && needs_authorization.is_none() && !has_unknown;
        (is_held && !is_empty).then_some(Self(state))
    }
}

impl Members for StoredState<'_> {
    fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let SlotState { fallbacks, needs_authorization } = self.0;
        let fallbacks: Vec<_> = fallbacks.iter().map(StoredPair).collect();
        member(map, "fallbacks", Some(fallbacks).filter(|it| !it.is_empty()))?;
        member(map, "needs_authorization", needs_authorization.as_ref().map(StoredNote))
    }
}

struct StoredPair<'a>(&'a AnyCredential);

impl Serialize for StoredPair<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self.0 {
            AnyCredential::Credential(it) => StoredCredential(it).write(&mut map)?,
            AnyCredential::Configuration(it) => StoredConfiguration(it).write(&mut map)?,
        }
        map.end()
    }
}

struct StoredNote<'a>(&'a NeedsAuthorization);

impl Serialize for StoredNote<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let NeedsAuthorization { since, reason, code, refused } = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("since", &since.as_unix())?;
        map.serialize_entry("reason", reason.as_str())?;
        member(&mut map, "code", code.as_ref().map(UntrustedText::as_str))?;
        map.serialize_entry("refused", &refused.to_string())?;
        map.end()
    }
}

object! {
    pub(super) struct CredentialStateWire {
        fallbacks: Vec<Nested<CredentialWire>> = "fallbacks",
        needs_authorization: Nested<NoteWire> = "needs_authorization",
    }
}

object! {
    pub(super) struct ConfigurationStateWire {
        fallbacks: Vec<Nested<ConfigurationWire>> = "fallbacks",
        needs_authorization: Nested<NoteWire> = "needs_authorization",
    }
}

object! {
    pub(super) struct NoteWire {
        since: Timestamp = "since",
        reason: UntrustedText = "reason",
        code: UntrustedText = "code",
        refused: UntrustedText = "refused",
    }
}

impl CredentialStateWire {
    pub(super) fn finish(self) -> Result<SlotState, InvalidEncoding> {
        finish(
            self.fallbacks,
            |wire| wire.finish().map(AnyCredential::from),
            self.needs_authorization,
        )
    }
}

impl ConfigurationStateWire {
    pub(super) fn finish(self) -> Result<SlotState, InvalidEncoding> {
        finish(
            self.fallbacks,
            |wire| wire.finish().map(AnyCredential::from),
            self.needs_authorization,
        )
    }
}

fn finish<W>(
    fallbacks: Member<Vec<Nested<W>>>,
    pair: fn(W) -> Result<AnyCredential, InvalidEncoding>,
    note: Member<Nested<NoteWire>>,
) -> Result<SlotState, InvalidEncoding> {
    let fallbacks = fallbacks.take().unwrap_or_default();
    let fallbacks = fallbacks.into_iter().map(|Nested(wire)| pair(wire)).collect::<Result<_, _>>();
    let note = note.take().map(|Nested(wire)| wire.finish()).transpose();
    Ok(SlotState {
        fallbacks: fallbacks.map_err(|error| error.within("fallbacks"))?,
        needs_authorization: note.map_err(|error| error.within("needs_authorization"))?,
    })
}

impl NoteWire {
    fn finish(self) -> Result<NeedsAuthorization, InvalidEncoding> {
        let refused = self.refused.take().ok_or(InvalidEncoding::missing("refused"))?;
        Ok(NeedsAuthorization {
            since: self.since.take().ok_or(InvalidEncoding::missing("since"))?,
            reason: self.reason.take().ok_or(InvalidEncoding::missing("reason"))?,
            code: self.code.take(),
            refused: Fingerprint::from_text(refused.as_str())
                .ok_or(InvalidEncoding::new("refused", "is not a fingerprint"))?,
        })
    }
}
