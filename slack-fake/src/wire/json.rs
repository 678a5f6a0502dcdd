//! JSON as Slack writes it: slashes escaped, everything beyond ASCII as `\uXXXX`.

use std::io;

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};

/// Writes `value` the way Slack's servers do.
pub(crate) fn to_bytes(value: &Value) -> Vec<u8> {
    let mut out = Vec::with_capacity(USUAL);
    // Writing a `Value` into memory cannot fail; should it ever, an empty body is what a client
    // must survive anyway.
    let _ = value.serialize(&mut Serializer::with_formatter(&mut out, SlackFormatter));
    out
}

struct SlackFormatter;

impl Formatter for SlackFormatter {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(|c| c == '/' || !(' '..='~').contains(&c)) {
            let (plain, special) = rest.split_at(at);
            writer.write_all(plain.as_bytes())?;
            let mut chars = special.chars();
            match chars.next() {
                Some('/') => writer.write_all(b"\\/")?,
                Some(c) => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        write!(writer, "\\u{unit:04x}")?;
                    }
                }
                None => {}
            }
            rest = chars.as_str();
        }
        writer.write_all(rest.as_bytes())
    }
}

/// Room for most answers.
const USUAL: usize = 1024;

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
}
