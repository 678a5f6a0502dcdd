//! A second opinion on a body: slow, obvious, and without a line of the library's.
//!
//! Members are kept as raw JSON, so that numbers out of range and lone surrogates are no obstacle.

use std::{collections::HashSet, fmt};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members of an object in their order, repeated ones included.
pub struct Members(Vec<(String, String)>);

impl Members {
    /// Reads a body; `None` if it is not one whole JSON object in UTF-8.
    #[must_use]
    pub fn of(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    fn of_raw(raw: &str) -> Option<Self> {
        serde_json::from_str(raw).ok()
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, raw)| raw.as_str())
    }

    /// Gives the raw value of a member that is there once.
    #[must_use]
    pub fn once(&self, name: &str) -> Option<&str> {
        let mut all = self.all(name);
        all.next().filter(|_| all.next().is_none())
    }

    /// Tells whether there is a member of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// Tells whether one of the members of this name is this string.
    #[must_use]
    pub fn has_text(&self, name: &str, text: &str) -> bool {
        self.all(name)
            .any(|raw| serde_json::from_str::<String>(raw).is_ok_and(|value| value == text))
    }

    /// Tells whether a success may come of it: every `ok` is `true`, and there is one.
    #[must_use]
    pub fn may_succeed(&self) -> bool {
        self.all("ok").count() > 0 && self.all("ok").all(|ok| ok == "true")
    }

    /// Gives the non-empty string that is the only member of this name.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.once(name)?).ok().filter(|text: &String| !text.is_empty())
    }

    /// Gives the text of a member in members, such as `authed_user.access_token`, each of which is there once.
    #[must_use]
    pub fn text_at(&self, path: &str) -> Option<String> {
        match path.split_once('.') {
            Some((name, rest)) => self.object(name)?.text_at(rest),
            None => self.text(path),
        }
    }

    /// Gives the object that is the only member of this name.
    #[must_use]
    pub fn object(&self, name: &str) -> Option<Self> {
        Self::of_raw(self.once(name)?)
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some((name, raw)) = map.next_entry::<String, Box<RawValue>>()? {
                    members.push((name, raw.get().to_owned()));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(All)
    }
}

/// Every text that could be meant by a JSON string in the body, whatever surrounds it, as [`readable`] leaves it. What no
/// JSON string may hold comes out as the library promises: broken UTF-8 and lone surrogates are replaced by U+FFFD, control
/// characters stay as they are.
#[must_use]
pub fn strings(body: &[u8]) -> HashSet<String> {
    let text = String::from_utf8_lossy(body);
    let quotes: Vec<usize> = text.match_indices('"').map(|(at, _)| at).collect();
    quotes.iter().filter_map(|&at| string_at(&text[at + 1..])).map(|text| readable(&text)).collect()
}

/// Takes the signs of replacement out: by how many of them a broken character is replaced is nobody's promise.
#[must_use]
pub fn readable(text: &str) -> String {
    text.replace(char::REPLACEMENT_CHARACTER, "")
}

/// Reads from behind a quote to the next one that is not escaped.
fn string_at(text: &str) -> Option<String> {
    let mut units: Vec<u16> = Vec::new();
    let mut chars = text.chars();
    loop {
        match chars.next()? {
            '"' => return Some(String::from_utf16_lossy(&units)),
            '\\' => units.push(match chars.next()? {
                'b' => 8,
                'f' => 12,
                'n' => 10,
                'r' => 13,
                't' => 9,
                'u' => {
                    let hex = chars.as_str().get(..4)?;
                    chars = chars.as_str()[4..].chars();
                    u16::from_str_radix(hex, 16).ok()?
                }
                other => u16::try_from(u32::from(other)).ok()?,
            }),
            other => units.extend(other.encode_utf16(&mut [0; 2]).iter()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_unescaped_and_mended() {
        let found = strings(br#"{"a":"x\u006fx\/\ud800","b":"1\"2"}"#);
        assert!(found.contains("xox/") && found.contains("1\"2"), "{found:?}");
    }

    #[test]
    fn only_a_plain_ok_may_succeed() {
        let may =
            |body: &str| Members::of(body.as_bytes()).is_some_and(|members| members.may_succeed());
        assert!(may(r#"{"ok":true,"n":1e999,"s":"\ud800"}"#));
        assert!(
            !may(r#"{"ok":"true"}"#)
                && !may("{}")
                && !may(r#"{"ok":true,"ok":false}"#)
                && !may("[]")
        );
    }
}
