//! A body as text: mended where it is none, and wiped then, since tokens stand in it.

use std::ops::Deref;

use zeroize::Zeroizing;

/// The text of a body.
pub(crate) enum Text<'a> {
    AsItCame(&'a str),
    Mended(Zeroizing<String>),
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::AsItCame(text) => text,
            Self::Mended(text) => text,
        }
    }
}

/// Converts bytes to text. Broken UTF-8 is replaced, and control characters inside of strings, which RFC 8259 section
/// 7 forbids, are escaped. Returns as well whether any control character was escaped.
pub(crate) fn text_of(body: &[u8]) -> (Text<'_>, bool) {
    let text = with_replacements(body);
    let controls = text.chars().filter(char::is_ascii_control).count();
    if controls == 0 {
        return (text, false);
    }
    // An escape is five bytes longer. Where a string grows, its old block is freed with the bytes in it.
    let mut clean = Zeroizing::new(String::with_capacity(text.len() + 5 * controls));
    let (mut in_string, mut escaped) = (false, false);
    for c in text.chars() {
        // Behind a backslash it would be an escape that there is not: that stays broken.
        if in_string && !escaped && c < ' ' {
            clean.push_str("\\u00");
            clean.extend(
                [u32::from(c) >> 4, u32::from(c) & 15]
                    .map(|digit| char::from_digit(digit, 16).unwrap_or('0')),
            );
        } else {
            clean.push(c);
        }
        in_string ^= c == '"' && !escaped;
        escaped = in_string && c == '\\' && !escaped;
    }
    if **clean == *text { (text, false) } else { (Text::Mended(clean), true) }
}

/// Does as `String::from_utf8_lossy`, in one block.
fn with_replacements(body: &[u8]) -> Text<'_> {
    if let Ok(text) = std::str::from_utf8(body) {
        return Text::AsItCame(text);
    }
    let replacement = |invalid: &[u8]| if invalid.is_empty() { "" } else { "\u{fffd}" };
    let length =
        |chunk: std::str::Utf8Chunk<'_>| chunk.valid().len() + replacement(chunk.invalid()).len();
    let length = body.utf8_chunks().map(length).sum();
    let mut text = Zeroizing::new(String::with_capacity(length));
    for chunk in body.utf8_chunks() {
        text.push_str(chunk.valid());
        text.push_str(replacement(chunk.invalid()));
    }
    Text::Mended(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(body: &[u8]) -> (String, bool) {
        let (text, escaped) = text_of(body);
        ((*text).to_owned(), escaped)
    }

    #[test]
    fn control_characters_are_escaped_inside_of_strings_alone() {
        for (body, text) in [
            ("{\"a\":\"x\ty z\"}", "{\"a\":\"x\\u0009y z\"}"),
            ("{\"a\":\"\u{1f}\"}", "{\"a\":\"\\u001f\"}"),
            ("{\"a\":\"\u{10}\"\n}", "{\"a\":\"\\u0010\"\n}"),
            // A quote behind a backslash does not end the string; behind two it does.
            ("{\"\\\"\t\":1}", "{\"\\\"\\u0009\":1}"),
            ("{\"\\\\\"\t:\"\n\"}", "{\"\\\\\"\t:\"\\u000a\"}"),
        ] {
            assert_eq!(mended(body.as_bytes()), (text.to_owned(), true), "{body:?}");
        }
        for body in [
            "",
            "{\"a b\":1}",
            "{\n\t\"a b\": \"c d\"\r\n}",
            // An escape that there is not stays broken.
            "{\"a\\\t\":1}",
            "{\"a\\\\\":\n1}",
        ] {
            assert_eq!(mended(body.as_bytes()), (body.to_owned(), false), "{body:?}");
        }
    }

    #[test]
    fn broken_bytes_are_replaced_as_the_standard_library_does() {
        for body in [
            &b"a\xffb"[..],
            b"\xff",
            b"\xe2\x82",
            b"a\xe2\x82\xff\xfe\xc3\xa9\xc3",
            b"\xed\xa0\x80",
        ] {
            assert_eq!(
                mended(body),
                (String::from_utf8_lossy(body).into_owned(), false),
                "{body:?}"
            );
        }
    }

    #[test]
    fn what_is_mended_never_moves() {
        let body = [b"{\"a\":\"\x01\t\xff\"}".as_slice(), &[b'\n'; 9]].concat();
        for (text, _) in [text_of(&body), (with_replacements(&body), false)] {
            let Text::Mended(text) = text else { panic!("nothing was mended") };
            assert!(text.capacity() <= body.len() + 2 + 5 * 11, "{}", text.capacity());
        }
    }
}
