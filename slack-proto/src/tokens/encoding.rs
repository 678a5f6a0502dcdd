//! The form in which credentials and installations are stored: explicit, versioned, and readable by other programs.

mod credential;
mod installation;
mod members;
mod slot_state;
mod unknown;

use std::{borrow::Cow, error::Error, fmt, io};

use serde::{Serialize, de::DeserializeSeed};
use zeroize::Zeroizing;

use crate::wire::{
    fields::Nested,
    notes::{Notes, Place},
    object::Object,
    value::Lenient,
};

pub(crate) use unknown::UnknownMembers;

/// Secrets as bytes for a store: `Debug` shows their number only, and dropping wipes them.
///
/// They are JSON in UTF-8, which [`Installation::encode_exposing_secrets`](crate::Installation::encode_exposing_secrets)
/// describes. Anyone who reads them can act as the app: write them where nobody else looks, or seal them before.
#[derive(Clone)]
pub struct EncodedSecrets(Zeroizing<Vec<u8>>);

impl EncodedSecrets {
    /// Returns the bytes without a copy. They are no longer wiped.
    #[must_use]
    pub fn into_vec(mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }
}

impl AsRef<[u8]> for EncodedSecrets {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for EncodedSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncodedSecrets([{} bytes redacted])", self.0.len())
    }
}

/// Stored bytes that are not what the library writes; names the member and the rule, never a value.
///
/// # Examples
///
/// ```
/// let refused = slack_proto::tokens::Credential::decode(br#"{"version":1,"kind":"credential","access_token":7}"#);
/// assert_eq!(refused.unwrap_err().to_string(), "access_token: expected a string, found a number");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InvalidEncoding {
    member: Cow<'static, str>,
    rule: Cow<'static, str>,
}

impl InvalidEncoding {
    /// Returns the path of the member, such as `bot.access_token`; `$` is the whole value.
    #[must_use]
    pub fn member(&self) -> &str {
        &self.member
    }

    /// Returns the rule that the stored value broke.
    #[must_use]
    pub fn rule(&self) -> &str {
        &self.rule
    }

    pub(crate) const fn new(member: &'static str, rule: &'static str) -> Self {
        Self { member: Cow::Borrowed(member), rule: Cow::Borrowed(rule) }
    }

    fn missing(member: &'static str) -> Self {
        Self::new(member, "is missing")
    }

    /// Prefixes the name of the object that the member is in.
    fn within(self, object: &'static str) -> Self {
        Self { member: format!("{object}.{}", self.member).into(), ..self }
    }
}

impl fmt::Display for InvalidEncoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.member, self.rule)
    }
}

impl Error for InvalidEncoding {}

/// The version that is written, and the only one there has been.
const VERSION: u64 = 1;

/// An object that says what it is.
trait Record<'de>: Object<'de> {
    const KIND: &'static str;

    /// Returns the members `version` and `kind`.
    fn head(&self) -> (Option<u64>, Option<&str>);
}

/// Reads an object strictly: what a reply may have, such as a number in a string, is an error here. Members of another
/// name are passed over.
fn decode<'de, R: Record<'de>>(bytes: &'de [u8]) -> Result<R, InvalidEncoding> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| InvalidEncoding::new("$", "is not UTF-8: damaged, sealed, or not ours"))?;
    let mut notes = Notes::for_text(text);
    let mut json = serde_json::Deserializer::from_str(text);
    let record = Lenient::<Nested<R>>::new(&mut notes, Place::ELEMENT).deserialize(&mut json);
    let Ok(record) = record.and_then(|record| json.end().map(|()| record)) else {
        return Err(InvalidEncoding::new("$", "is not one whole JSON value: cut off or damaged"));
    };
    // A newer release may have other types for the same names: its version is told first.
    let version = record.as_ref().and_then(|Nested(record)| record.head().0);
    if version.is_some_and(|version| version > VERSION) {
        return Err(InvalidEncoding::new("version", "was written by a newer release: upgrade"));
    }
    if let Some(oddity) = notes.take_oddities().into_iter().next() {
        // After the semicolon follows how the reader of replies treats it.
        let rule = oddity.reason().split(';').next().unwrap_or_default().to_owned();
        return Err(InvalidEncoding { member: oddity.path().to_owned().into(), rule: rule.into() });
    }
    let Some(Nested(record)) = record else {
        return Err(InvalidEncoding::new("$", "expected an object, found null"));
    };
    match record.head() {
        (None, _) => Err(InvalidEncoding::missing("version")),
        (Some(VERSION), Some(kind)) if kind == R::KIND => Ok(record),
        (Some(VERSION), None) => Err(InvalidEncoding::missing("kind")),
        (Some(VERSION), Some(_)) => Err(InvalidEncoding::new("kind", "is another")),
        (Some(_), _) => Err(InvalidEncoding::new("version", "is none that there has been")),
    }
}

/// Writes an object into one allocation of the right size, so that no copy of a secret stays behind.
fn encode(value: &impl Serialize) -> EncodedSecrets {
    let mut length = Length(0);
    write(&mut length, value);
    let mut bytes = Zeroizing::new(Vec::with_capacity(length.0));
    write(&mut *bytes, value);
    EncodedSecrets(bytes)
}

fn write(to: impl io::Write, value: &impl Serialize) {
    serde_json::to_writer(to, value).expect("strings and numbers are JSON, and memory takes them");
}

/// Counts what is written.
struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_out_whole_and_were_never_copied_to_grow() {
        let secrets = encode(&["hush", "\u{e9}\n"]);
        assert_eq!(secrets.as_ref(), "[\"hush\",\"\u{e9}\\n\"]".as_bytes());
        let bytes = secrets.clone().into_vec();
        assert_eq!(bytes, secrets.as_ref());
        let bytes = secrets.into_vec();
        assert_eq!(bytes.capacity(), bytes.len());
    }
}
