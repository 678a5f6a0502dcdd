//! A body in, envelope and payload out.

use std::cell::Cell;

use serde::Deserializer;

use super::{
    envelope::{Envelope, NoPayload, OkState},
    payload::{Payload, ReplyVisitor},
    text::text_of,
    tolerant::RawObject,
};
use crate::{
    error::{ErrorCode, Fault, MethodError},
    methods::reply::Details,
};

/// All that a body told beside its payload.
pub(crate) struct Read<E> {
    pub(crate) ok: OkState,
    pub(crate) code: Option<ErrorCode<E>>,
    pub(crate) details: Option<Box<Details>>,
    /// Why there is no payload, if there is none, and where.
    pub(crate) fault: Fault,
    pub(crate) position: Option<(usize, usize)>,
}

/// Reads a body, its payload into `slot`: by the hot path, and, only if that one refuses it, by the cold one.
pub(crate) fn read<P: Payload, E: MethodError>(body: &[u8], slot: &mut Option<P>) -> Read<E> {
    let Ok(text) = std::str::from_utf8(body) else { return cold(body, slot, None) };
    if let Some(fault) = no_object(text) {
        return nothing(fault, None);
    }
    let mut envelope = Envelope::for_text(text);
    let mut json = serde_json::Deserializer::from_str(without_space_behind(text));
    let read = json.deserialize_map(ReplyVisitor { envelope: &mut envelope, slot: &mut *slot });
    match read.and_then(|()| json.end()) {
        Ok(()) => finish(text, &mut envelope),
        Err(error) => {
            *slot = None;
            cold(body, slot, Some((error.line(), error.column())))
        }
    }
}

/// Returns a text up to its last brace, if all behind it is white space: `serde_json` spends some twelve instructions on
/// each byte of that.
fn without_space_behind(text: &str) -> &str {
    let end = memchr::memrchr(b'}', text.as_bytes()).map_or(0, |brace| brace + 1);
    // Without a way out in the middle the compiler looks at many bytes at a time.
    let is_space =
        text.as_bytes()[end..].iter().fold(true, |all, byte| all & byte.is_ascii_whitespace());
    if is_space { &text[..end] } else { text }
}

/// Returns what a text is that does not begin with an object; `None` if it does.
fn no_object(text: &str) -> Option<Fault> {
    match text.trim_ascii_start().bytes().next() {
        Some(b'{') => None,
        None => Some(Fault::Empty),
        Some(b'<') => Some(Fault::Html),
        Some(b'[' | b'"' | b'0'..=b'9' | b'-' | b't' | b'f' | b'n') => Some(Fault::NotAnObject),
        // A byte order mark is not part of JSON, but it must not cost a token.
        Some(0xef) if text.trim_ascii_start().starts_with(BYTE_ORDER_MARK) => None,
        Some(_) => Some(Fault::Syntax),
    }
}

/// Reads a body that the hot path refused, at `refused_at` if it was text.
#[cold]
fn cold<P: Payload, E: MethodError>(
    body: &[u8],
    slot: &mut Option<P>,
    refused_at: Option<(usize, usize)>,
) -> Read<E> {
    let (text, escaped) = text_of(body);
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
    // The payload is read apart from the envelope, so that its refusal cannot hide an error code.
    let mut envelope = Envelope::for_text(&text);
    let verdict = ReplyVisitor { envelope: &mut envelope, slot: &mut None::<NoPayload> };
    if members.visit(verdict, &replaced).is_err() {
        return nothing(Fault::Syntax, refused_at);
    }
    let mut again = Envelope::for_text(&text);
    let refused = match RawObject::split(object) {
        Ok((members, _)) => {
            let payload = ReplyVisitor { envelope: &mut again, slot: &mut *slot };
            members.visit(payload, &replaced).is_err()
        }
        Err(_) => true,
    };
    if refused {
        *slot = None;
    } else {
        // The second reading noted what the first one did, and the payload's parse warnings as well.
        envelope.notes = again.notes;
    }
    let notes = &mut envelope.notes;
    if std::str::from_utf8(body).is_err() {
        notes.odd_at("$", "not valid UTF-8; broken bytes were replaced");
    }
    if escaped {
        notes.odd_at("$", "control characters stood unescaped in a string");
    }
    if text[..text.len() - object.len()].contains(BYTE_ORDER_MARK) {
        notes.odd_at("$", "a byte order mark before the object was passed over");
    }
    if !object[length..].trim_ascii().is_empty() {
        notes.odd_at("$", "text after the object was passed over");
    }
    if replaced.get() || odd_name {
        notes.odd_at("$", "a string that is not valid Unicode was mended");
    }
    let read = finish(&text, &mut envelope);
    if refused { Read { position: refused_at, fault: Fault::Shape, ..read } } else { read }
}

/// Draws the verdict of a body that is an object. Of a success that has its payload the fault tells nothing.
fn finish<E: MethodError>(text: &str, envelope: &mut Envelope<'_>) -> Read<E> {
    let ok = envelope.ok;
    let mut position = None;
    let fault = match ok {
        OkState::Missing => Fault::OkMissing,
        OkState::NotBoolean => Fault::OkNotBoolean,
        OkState::Conflicting => Fault::OkConflicts,
        OkState::False => Fault::Shape,
        OkState::True => match envelope.notes.what_was_missing() {
            Some((member, offset)) => {
                position = offset.map(|offset| position_of(text, offset));
                Fault::Missing(member)
            }
            None => Fault::Shape,
        },
    };
    let code = envelope.error.as_ref().map(|code| ErrorCode::from_code(code));
    Read { ok, code, details: envelope.take_details(), fault, position }
}

fn nothing<E>(fault: Fault, position: Option<(usize, usize)>) -> Read<E> {
    Read { ok: OkState::Missing, code: None, details: None, fault, position }
}

/// Returns line and column of a byte offset, counted from 1.
fn position_of(text: &str, offset: usize) -> (usize, usize) {
    // Slack writes its answers in one line.
    let before = text.get(..offset).unwrap_or_default();
    let line_start = memchr::memrchr(b'\n', before.as_bytes()).map_or(0, |newline| newline + 1);
    let newlines = memchr::memchr_iter(b'\n', &before.as_bytes()[..line_start]).count();
    (newlines + 1, offset - line_start + 1)
}

const BYTE_ORDER_MARK: char = '\u{feff}';

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::error::NoError;

    /// A payload as users derive theirs: it refuses what does not fit.
    #[derive(Debug, Deserialize, PartialEq)]
    struct Derived {
        n: Option<i64>,
        list: Option<serde_json::Value>,
    }

    fn read_body(body: &[u8]) -> (Option<Derived>, Read<NoError>) {
        let mut slot = None;
        let read = read(body, &mut slot);
        (slot, read)
    }

    /// What was odd in a body that is read all the same.
    fn odd(body: &[u8]) -> Vec<String> {
        let (payload, read) = read_body(body);
        assert_eq!(payload, Some(Derived { n: Some(-5), list: None }));
        let details = read.details.map(|details| details.parse_warnings).unwrap_or_default();
        details.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_mending_is_told_by_itself() {
        const MARK: &str = "$: a byte order mark before the object was passed over";
        const MENDED: &str = "$: a string that is not valid Unicode was mended";
        assert!(odd(br#"{"ok":true,"n":-5,"list":null}"#).is_empty());
        for body in
            ["\u{feff}{\"ok\":true,\"n\":-5}", " \u{feff}\n{\"ok\":true,\"n\":-5,\"list\":null}"]
        {
            assert_eq!(odd(body.as_bytes()), [MARK], "{body}");
        }
        assert_eq!(odd(br#" {"ok":true,"n":-5,"\ud800":1}"#), [MENDED], "a name");
        assert_eq!(odd(br#"{"ok":true,"n":-5,"warning":"\ud800"}"#), [MENDED], "a value");
        assert_eq!(odd(br#"{"ok":true,"n":-5}]"#), ["$: text after the object was passed over"]);
        assert_eq!(
            odd(b"{\"ok\":true,\"n\":-5,\"x\":\"\t\"}"),
            ["$: control characters stood unescaped in a string"]
        );
        assert_eq!(
            odd(b"{\"ok\":true,\"n\":-5,\"x\":\"\xff\"}"),
            ["$: not valid UTF-8; broken bytes were replaced"]
        );
    }

    #[test]
    fn a_payload_that_does_not_fit_is_refused_where_it_does_not() {
        for body in [r#"{"ok":true,"n":"x"}"#, r#"{"bad":true,"n":"x"}"#] {
            let (payload, read) = read_body(body.as_bytes());
            assert_eq!(payload, None);
            let column = body.find('x').unwrap() + 2;
            assert_eq!((read.fault, read.position), (Fault::Shape, Some((1, column))), "{body}");
        }
    }

    #[test]
    fn white_space_behind_is_passed_over_and_nothing_else() {
        for (text, read) in [
            ("{}", "{}"),
            ("{} \r\n\t", "{}"),
            ("{\"a\":{} ", "{\"a\":{}"),
            ("{} x", "{} x"),
            ("{} } ", "{} }"),
            ("{}\u{a0}", "{}\u{a0}"),
            ("{} é", "{} é"),
            ("  ", ""),
            ("{", "{"),
        ] {
            assert_eq!(without_space_behind(text), read, "{text:?}");
        }
    }

    #[test]
    fn what_begins_otherwise_is_no_json() {
        // Its first byte is that of a byte order mark.
        let (_, read) = read_body("\u{f000}{\"ok\":true}".as_bytes());
        assert_eq!((read.fault, read.position), (Fault::Syntax, None));
    }

    #[test]
    fn lists_are_followed_a_hundred_deep() {
        let deep = |depth| {
            let (open, close) = ("[".repeat(depth), "]".repeat(depth));
            // The mark leads to the reader that follows by itself.
            let body = format!("\u{feff}{{\"ok\":true,\"list\":{open}{close}}}");
            read_body(body.as_bytes()).0.is_some()
        };
        assert!(deep(100));
        assert!(!deep(101));
    }
}
