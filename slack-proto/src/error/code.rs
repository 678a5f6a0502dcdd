//! Error codes: a method's own, the common ones, and those nobody has seen yet.

use std::fmt;

use crate::{error::CommonError, methods::UntrustedText};

/// The error codes that are specific to a method.
///
/// The macro [`error_codes!`](crate::error_codes) writes such an enum from a table.
pub trait MethodError: Sized + fmt::Debug + Send + Sync + 'static {
    /// Returns the variant of a code in Slack's spelling; `None` if there is none.
    fn from_code(code: &str) -> Option<Self>;

    /// Returns the code in Slack's spelling.
    fn as_str(&self) -> &'static str;

    /// Returns a short explanation of the code.
    fn meaning(&self) -> &'static str;

    /// Returns the class of the error, which decides what a program can do.
    fn class(&self) -> ErrorClass;
}

/// The class of an error code, which decides what a program can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorClass {
    /// The access token has expired; a refresh helps.
    Expired,
    /// The credential, code or grant is no longer valid; a person must authorize again.
    AuthDead,
    /// The app's settings or credentials are wrong; its operator must correct them.
    Config,
    /// The call is wrong; the program must be corrected.
    CallerBug,
    /// Slack has a temporary fault.
    Transient,
    /// Permission is missing; an administrator must grant it.
    Denied,
    /// The requested state exists already.
    Done,
    /// None of these.
    Other,
}

impl ErrorClass {
    /// Returns a stable name in `snake_case`, for logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::AuthDead => "auth_dead",
            Self::Config => "config",
            Self::CallerBug => "caller_bug",
            Self::Transient => "transient",
            Self::Denied => "denied",
            Self::Done => "done",
            Self::Other => "other",
        }
    }
}

/// The methods that have no codes of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "it never has a value")]
pub enum NoError {}

impl MethodError for NoError {
    fn from_code(_: &str) -> Option<Self> {
        None
    }

    fn as_str(&self) -> &'static str {
        match *self {}
    }

    fn meaning(&self) -> &'static str {
        match *self {}
    }

    fn class(&self) -> ErrorClass {
        match *self {}
    }
}

/// The code of an error response. Slack adds codes without notice; an unknown one is kept as text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode<E> {
    /// A code of the method's own.
    Method(E),
    /// A code that nearly every method can answer with.
    Common(CommonError),
    /// Any other text, whole; empty if Slack gave no code.
    Unknown(UntrustedText),
}

impl<E: MethodError> ErrorCode<E> {
    /// Returns the variant for a code in Slack's spelling.
    #[must_use]
    pub fn from_code(code: &str) -> Self {
        if let Some(own) = E::from_code(code) {
            return Self::Method(own);
        }
        CommonError::from_code(code)
            .map_or_else(|| Self::Unknown(UntrustedText::from(code)), Self::Common)
    }

    /// Returns the code in Slack's spelling, byte for byte.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Method(own) => own.as_str(),
            Self::Common(common) => common.as_str(),
            Self::Unknown(text) => text.as_str(),
        }
    }

    /// Returns the class of the error, which decides what a program can do.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Method(own) => own.class(),
            Self::Common(common) => common.class(),
            Self::Unknown(_) => ErrorClass::Other,
        }
    }
}

impl<E: MethodError> fmt::Display for ErrorCode<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Method(own) => write!(f, "{} ({})", own.as_str(), own.meaning()),
            Self::Common(common) => write!(f, "{} ({})", common.as_str(), common.meaning()),
            Self::Unknown(text) if text.as_str().is_empty() => f.write_str("no code"),
            Self::Unknown(text) => write!(f, "{text} (a code this version does not know)"),
        }
    }
}

/// Defines an enum of error codes from a table: docs, variant, Slack's spelling, class.
///
/// The first line of a variant's docs is its meaning in `Display`. A program that depends on `slack-auth` alone calls it
/// `slack_auth::error_codes!`.
///
/// # Examples
///
/// ```
/// slack_proto::error_codes! {
///     /// Why Slack refuses `team.info`.
///     pub enum TeamInfoError {
///         #[doc = "the team was not found"]
///         TeamNotFound = "team_not_found", CallerBug;
///     }
/// }
/// # use slack_proto::error::MethodError;
/// assert_eq!(TeamInfoError::TeamNotFound.meaning(), "the team was not found");
/// ```
#[macro_export]
macro_rules! error_codes {
    ($(#[$docs:meta])* $vis:vis enum $Name:ident { $(#[doc = $meaning:literal] $(#[$more:meta])* $Code:ident = $text:literal, $class:ident;)* }) => {
        $(#[$docs])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        $vis enum $Name {
            $(#[doc = concat!("`", $text, "`: ", $meaning, ".")] $(#[$more])* $Code,)*
        }

        impl $crate::error::MethodError for $Name {
            fn from_code(code: &str) -> Option<Self> {
                Some(match code { $($text => Self::$Code,)* _ => return None })
            }

            fn as_str(&self) -> &'static str {
                match self { $(Self::$Code => $text,)* }
            }

            fn meaning(&self) -> &'static str {
                match self { $(Self::$Code => $meaning.trim_ascii(),)* }
            }

            fn class(&self) -> $crate::error::ErrorClass {
                match self { $(Self::$Code => $crate::error::ErrorClass::$class,)* }
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_without_codes_of_its_own_knows_none() {
        for code in ["", "invalid_auth", "no_error"] {
            assert_eq!(NoError::from_code(code), None, "{code}");
        }
    }
}
