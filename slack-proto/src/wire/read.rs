//! A body in, envelope and payload out.

use std::cell::Cell;

use serde::Deserializer;

use super::{
    envelope::{Envelope, NoPayload, Ok as OkState, ReplyVisitor},
    notes::Notes,
    payload::Payload,
    tolerant::{RawObject, text_of},
};
use crate::{ErrorCode, MethodError, error::Fault, reply::Details};

/// All that a body told.
pub(crate) struct Read<P, E> {
    pub(crate) ok: OkState,
    pub(crate) code: Option<ErrorCode<E>>,
    pub(crate) payload: Option<P>,
    pub(crate) details: Option<Box<Details>>,
    /// Why there is no payload, and where.
    pub(crate) fault: Fault,
    pub(crate) position: Option<(usize, usize)>,
}

/// Reads a body: the hot path, and, only if that one refuses it, the cold one.
pub(crate) fn read<P: Payload, E: MethodError>(body: &[u8]) -> Read<P, E> {
    let Ok(text) = std::str::from_utf8(body) else { return cold(body, None) };
    if let Some(fault) = no_object(text) {
        return nothing(fault, None);
    }
    let mut envelope = Envelope::for_text(text);
    let mut notes = Notes::for_text(text);
    let mut json = serde_json::Deserializer::from_str(text);
    let payload = json.deserialize_map(ReplyVisitor::<P>::new(&mut envelope, &mut notes));
    match payload.and_then(|payload| json.end().map(|()| payload)) {
        Ok(payload) => finish(text, envelope, notes, payload),
        Err(error) => cold(body, Some((error.line(), error.column()))),
    }
}

/// Tells what a text is that does not begin as an object.
fn no_object(text: &str) -> Option<Fault> {
    match text.trim_ascii_start().bytes().next() {
        Some(b'{') => None,
        None => Some(Fault::Empty),
        Some(b'<') => Some(Fault::Html),
        Some(b'[' | b'"' | b'0'..=b'9' | b'-' | b't' | b'f' | b'n') => Some(Fault::NotAnObject),
        // A byte order mark is not part of JSON, but it is no reason to lose a token.
        Some(0xef) if text.trim_ascii_start().starts_with(BYTE_ORDER_MARK) => None,
        Some(_) => Some(Fault::Syntax),
    }
}

/// Reads a body that the hot path refused, at `refused_at` if it was text.
#[cold]
fn cold<P: Payload, E: MethodError>(body: &[u8], refused_at: Option<(usize, usize)>) -> Read<P, E> {
    let text = text_of(body);
    let object = text.trim_start_matches(|c: char| c == BYTE_ORDER_MARK || c.is_ascii_whitespace());
    if let Some(fault) = no_object(object) {
        return nothing(fault, refused_at);
    }
    let (members, length) = match RawObject::split(object) {
        Ok(split) => split,
        Err(error) => {
            return nothing(Fault::Syntax, refused_at.or(Some((error.line(), error.column()))));
        }
    };
    let odd_name = members.odd_name;
    let replaced = Cell::new(false);
    let mut envelope = Envelope::for_text(&text);
    let verdict = members
        .visit(ReplyVisitor::<NoPayload>::new(&mut envelope, &mut Notes::default()), &replaced);
    if verdict.is_err() {
        return nothing(Fault::Syntax, refused_at);
    }
    if std::str::from_utf8(body).is_err() {
        envelope.notes.odd_at("$", "not valid UTF-8; broken bytes were replaced");
    }
    if text[..text.len() - object.len()].contains(BYTE_ORDER_MARK) {
        envelope.notes.odd_at("$", "a byte order mark before the object was passed over");
    }
    if !object[length..].trim_ascii().is_empty() {
        envelope.notes.odd_at("$", "text after the object was passed over");
    }
    // The payload is read apart, so that its refusal cannot hide an error code.
    let mut notes = Notes::for_text(&text);
    let again = RawObject::split(object).ok().map(|(members, _)| {
        members.visit(ReplyVisitor::<P>::new(&mut Envelope::for_text(&text), &mut notes), &replaced)
    });
    if replaced.get() || odd_name {
        envelope.notes.odd_at("$", "a string that is not valid Unicode was mended");
    }
    match again {
        Some(Ok(payload)) => finish(&text, envelope, notes, payload),
        _ => Read {
            position: refused_at,
            fault: Fault::Shape,
            ..finish(&text, envelope, notes, None)
        },
    }
}

/// Draws the verdict of a body that is an object.
fn finish<P, E: MethodError>(
    text: &str,
    envelope: Envelope<'_>,
    notes: Notes,
    payload: Option<P>,
) -> Read<P, E> {
    let ok = envelope.ok;
    let mut position = None;
    let fault = match ok {
        OkState::Missing => Fault::OkMissing,
        OkState::NotBoolean => Fault::OkNotBoolean,
        OkState::Conflicting => Fault::OkConflicts,
        OkState::True | OkState::False => match notes.what_was_missing() {
            Some((member, offset)) => {
                position = offset.map(|offset| position_of(text, offset));
                Fault::Missing(member)
            }
            None => Fault::Shape,
        },
    };
    let code = envelope.members.error.as_ref().map(|code| ErrorCode::from_code(code));
    // What the payload of a refusal lacks is not odd.
    let notes = if ok == OkState::True { notes } else { Notes::default() };
    Read { ok, code, payload, details: envelope.into_details(notes), fault, position }
}

fn nothing<P, E>(fault: Fault, position: Option<(usize, usize)>) -> Read<P, E> {
    Read { ok: OkState::Missing, code: None, payload: None, details: None, fault, position }
}

/// Gives line and column, counted from 1, of a byte offset.
fn position_of(text: &str, offset: usize) -> (usize, usize) {
    let before = text.as_bytes().get(..offset).unwrap_or_default();
    let line_start =
        before.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
    let line = before.split(|&byte| byte == b'\n').count();
    (line, offset - line_start + 1)
}

const BYTE_ORDER_MARK: char = '\u{feff}';
