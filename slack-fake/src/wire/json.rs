//! JSON as Slack writes it: slashes escaped, everything beyond ASCII as `\uXXXX`.

use std::io::Write as _;

use serde_json::{Map, Value};

/// Writes `value` the way Slack's servers do.
pub(crate) fn to_bytes(value: &Value) -> Vec<u8> {
    let mut out = Vec::with_capacity(USUAL);
    write(&mut out, value);
    out
}

/// Writes an object the way Slack's servers do.
pub(crate) fn object_to_bytes(members: &Map<String, Value>) -> Vec<u8> {
    let mut object = Object::new();
    for (name, value) in members {
        object.0.push(b',');
        write_text(&mut object.0, name);
        object.0.push(b':');
        write(&mut object.0, value);
    }
    object.end()
}

/// An object that is written member by member.
///
/// Each begins with a comma; the first one's becomes the brace.
pub(crate) struct Object(Vec<u8>);

/// A name, as it stands before the value of a member: it is added in one go.
macro_rules! member {
    ($name:literal) => {
        $crate::wire::json::Member(concat!(",\"", $name, "\":"))
    };
}
pub(crate) use member;

/// What [`member`] makes, of a name that needs no escapes.
#[derive(Clone, Copy)]
pub(crate) struct Member(pub(crate) &'static str);

impl Object {
    pub(crate) fn new() -> Self {
        Self(Vec::with_capacity(USUAL))
    }

    /// Adds a member, up to its value.
    fn name(&mut self, name: Member) -> &mut Vec<u8> {
        self.0.extend_from_slice(name.0.as_bytes());
        &mut self.0
    }

    /// Adds a text; one that is absent is left out.
    pub(crate) fn text<'a>(&mut self, name: Member, text: impl Into<Option<&'a str>>) {
        if let Some(text) = text.into() {
            write_text(self.name(name), text);
        }
    }

    /// Adds a text between two that are escaped already.
    pub(crate) fn text_between(&mut self, name: Member, [before, text, after]: [&str; 3]) {
        let out = self.name(name);
        out.push(b'"');
        out.extend_from_slice(before.as_bytes());
        write_escaped(out, text);
        out.extend_from_slice(after.as_bytes());
        out.push(b'"');
    }

    /// Adds a boolean.
    pub(crate) fn flag(&mut self, name: Member, flag: bool) {
        self.name(name).extend_from_slice(if flag { b"true" } else { b"false" });
    }

    /// Adds a whole number; one that is absent is left out.
    pub(crate) fn number(&mut self, name: Member, number: Option<u64>) {
        if let Some(number) = number {
            // Writing into memory cannot fail.
            let _ = serde_json::to_writer(self.name(name), &number);
        }
    }

    /// Adds `null`.
    pub(crate) fn null(&mut self, name: Member) {
        self.name(name).extend_from_slice(b"null");
    }

    pub(crate) fn end(mut self) -> Vec<u8> {
        match self.0.first_mut() {
            Some(first) => *first = b'{',
            None => self.0.push(b'{'),
        }
        self.0.push(b'}');
        self.0
    }
}

fn write(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => {
            // Writing into memory cannot fail.
            let _ = write!(out, "{number}");
        }
        Value::String(text) => write_text(out, text),
        Value::Array(values) => {
            out.push(b'[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(out, value);
            }
            out.push(b']');
        }
        Value::Object(members) => out.extend_from_slice(&object_to_bytes(members)),
    }
}

fn write_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    write_escaped(out, text);
    out.push(b'"');
}

fn write_escaped(out: &mut Vec<u8>, text: &str) {
    let mut rest = text;
    // Every byte of a character beyond ASCII is special, so this is where a character begins.
    while let Some(at) = special(rest.as_bytes()) {
        let (plain, special) = rest.split_at(at);
        out.extend_from_slice(plain.as_bytes());
        let mut chars = special.chars();
        if let Some(c) = chars.next() {
            escape(out, c);
        }
        rest = chars.as_str();
    }
    out.extend_from_slice(rest.as_bytes());
}

/// Returns where the first byte stands that must be escaped; eight are looked at in one go, since hardly any is.
fn special(text: &[u8]) -> Option<usize> {
    let is_plain =
        |word: &&[u8]| word.iter().fold(0, |all, it| all | SPECIAL[usize::from(*it)]) == 0;
    let from = 8 * text.chunks_exact(8).take_while(is_plain).count();
    text[from..].iter().position(|byte| SPECIAL[usize::from(*byte)] != 0).map(|at| from + at)
}

/// Not 0 for each byte that must be escaped.
static SPECIAL: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0_u8;
    loop {
        if is_special(byte) {
            table[byte as usize] = 1;
        }
        if byte == u8::MAX {
            break;
        }
        byte += 1;
    }
    table
};

const fn is_special(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | b'/' | 0..=0x1f | 0x7f..)
}

fn escape(out: &mut Vec<u8>, c: char) {
    let short = match c {
        '"' => b'"',
        '\\' => b'\\',
        '/' => b'/',
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        '\u{8}' => b'b',
        '\u{c}' => b'f',
        _ => {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// Room for most answers.
const USUAL: usize = 960;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn slashes_and_non_ascii_are_escaped() {
        let value = json!({"url": "https://x/\u{1f600}", "q": "a\"b\\c\n", "rest": "\u{e9}t/"});
        let bytes = to_bytes(&value);
        assert_eq!(
            String::from_utf8(bytes.clone()).unwrap(),
            r#"{"q":"a\"b\\c\n","rest":"\u00e9t\/","url":"https:\/\/x\/\ud83d\ude00"}"#
        );
        assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), value);
    }

    #[test]
    fn every_kind_of_value_and_every_character_comes_back() {
        let all: String = (0..0x300).filter_map(char::from_u32).collect();
        let value = json!([null, true, false, 0, -1, 1.5, u64::MAX, "", [], {}, [1, [2]], {"a": {"b": all}}]);
        assert_eq!(serde_json::from_slice::<Value>(&to_bytes(&value)).unwrap(), value);
        let start =
            r#"[null,true,false,0,-1,1.5,18446744073709551615,"",[],{},[1,[2]],{"a":{"b":""#;
        assert!(to_bytes(&value).starts_with(start.as_bytes()));
    }

    #[test]
    fn what_is_special_is_found_wherever_it_stands() {
        for length in 1..40 {
            assert_eq!(special("a".repeat(length).as_bytes()), None);
            for at in 0..length {
                let mut text = vec![b'a'; length];
                text[at] = b'/';
                text[length - 1] = b'"';
                assert_eq!(special(&text), Some(at), "{length}");
            }
        }
    }

    #[test]
    fn an_object_leaves_out_what_is_absent() {
        let mut object = Object::new();
        object.text(member!("a"), None::<&str>);
        object.number(member!("n"), Some(1));
        object.text(member!("t"), "\u{7f}");
        object.number(member!("m"), None);
        object.flag(member!("f"), false);
        object.null(member!("u"));
        object.text_between(member!("b"), [r"\/", "/", r"\/"]);
        assert_eq!(
            String::from_utf8(object.end()).unwrap(),
            r#"{"n":1,"t":"\u007f","f":false,"u":null,"b":"\/\/\/"}"#
        );
        assert_eq!(Object::new().end(), b"{}");
    }
}
