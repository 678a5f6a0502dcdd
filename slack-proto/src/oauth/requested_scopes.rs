//! The scopes that an authorize page is asked for, and which of them were not granted.

use std::fmt;

use crate::{error::InvalidValue, oauth::Scopes, sealed::Sealed};

/// The scopes that one kind of authorization request has: [`InstallScopes`], [`SignInScopes`], or [`Scopes`] for a
/// user alone.
pub trait RequestedScopes: Sealed + Clone + fmt::Debug + Send + Sync + 'static {
    /// The separator of scopes in the URL.
    #[doc(hidden)]
    const SEPARATOR: &'static str = ",";

    /// Returns the bot scopes; `None` if the flow has no bot.
    #[doc(hidden)]
    fn for_bot(&self) -> Option<&Scopes>;

    /// Returns the user scopes.
    #[doc(hidden)]
    fn for_person(&self) -> &Scopes;

    /// Puts together again what an encoding kept.
    #[doc(hidden)]
    fn from_lists(bot: Scopes, person: Scopes) -> Option<Self>;
}

/// The scopes that an installation requests: of the bot, of the user, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct InstallScopes {
    /// The requested bot scopes.
    pub bot: Scopes,
    /// The requested user scopes.
    pub user: Scopes,
}

impl InstallScopes {
    /// Creates a request for bot scopes.
    #[must_use]
    pub fn bot(scopes: impl Into<Scopes>) -> Self {
        Self { bot: scopes.into(), user: Scopes::default() }
    }

    /// Creates a request for user scopes only. For bot and user scopes, begin with [`bot`](Self::bot).
    #[must_use]
    pub fn user_only(scopes: impl Into<Scopes>) -> Self {
        Self { bot: Scopes::default(), user: scopes.into() }
    }

    /// Sets the user scopes.
    #[must_use]
    pub fn user(self, scopes: impl Into<Scopes>) -> Self {
        Self { user: scopes.into(), ..self }
    }
}

impl Sealed for InstallScopes {}

impl RequestedScopes for InstallScopes {
    fn for_bot(&self) -> Option<&Scopes> {
        Some(&self.bot)
    }

    fn for_person(&self) -> &Scopes {
        &self.user
    }

    fn from_lists(bot: Scopes, user: Scopes) -> Option<Self> {
        Some(Self { bot, user })
    }
}

impl Sealed for Scopes {}

impl RequestedScopes for Scopes {
    fn for_bot(&self) -> Option<&Scopes> {
        None
    }

    fn for_person(&self) -> &Scopes {
        self
    }

    fn from_lists(bot: Scopes, person: Scopes) -> Option<Self> {
        bot.is_empty().then_some(person)
    }
}

/// The scopes of a sign-in: `openid`, and beside it `email` and `profile`.
///
/// # Examples
///
/// ```
/// use slack_proto::oauth::SignInScopes;
///
/// assert_eq!(SignInScopes::openid().email().as_scopes().to_string(), "openid,email");
/// assert!(SignInScopes::new("openid,chat:write").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInScopes(Scopes);

impl SignInScopes {
    /// Creates a request for the person's identity (`openid`).
    #[must_use]
    pub fn openid() -> Self {
        Self(Scopes::from("openid"))
    }

    /// Creates the scopes from a list.
    ///
    /// # Errors
    ///
    /// When `openid` is not in it, or when another scope than `openid`, `email` and `profile` is.
    pub fn new(scopes: impl Into<Scopes>) -> Result<Self, InvalidValue> {
        let scopes = scopes.into();
        let refused = |rule| Err(InvalidValue::new("sign-in scopes", rule));
        if !scopes.contains("openid") {
            return refused("must hold `openid`, which every sign-in needs");
        }
        if !scopes.iter().all(is_identity) {
            return refused(
                "must be openid, email and profile only: Slack accepts no others with them",
            );
        }
        Ok(Self(scopes))
    }

    /// Adds the e-mail address (`email`). Not every person has one.
    #[must_use]
    pub fn email(self) -> Self {
        self.and("email")
    }

    /// Adds name and pictures (`profile`).
    #[must_use]
    pub fn profile(self) -> Self {
        self.and("profile")
    }

    /// Returns the list of scopes.
    #[must_use]
    pub fn as_scopes(&self) -> &Scopes {
        &self.0
    }

    fn and(self, scope: &str) -> Self {
        if self.0.contains(scope) {
            return self;
        }
        Self(self.0.iter().chain([scope]).collect())
    }
}

impl Sealed for SignInScopes {}

impl RequestedScopes for SignInScopes {
    const SEPARATOR: &'static str = " ";

    fn for_bot(&self) -> Option<&Scopes> {
        None
    }

    fn for_person(&self) -> &Scopes {
        &self.0
    }

    fn from_lists(bot: Scopes, person: Scopes) -> Option<Self> {
        bot.is_empty().then(|| Self::new(person).ok()).flatten()
    }
}

/// The scopes that were asked for and not granted: the person declined those that are optional, or an admin withheld
/// them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MissingScopes {
    /// The missing bot scopes.
    pub bot: Scopes,
    /// The missing user scopes.
    pub user: Scopes,
}

impl MissingScopes {
    /// Returns whether no requested scope is missing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bot.is_empty() && self.user.is_empty()
    }

    /// Compares what was asked for with what the bot's and the person's credential may do; `None` means no credential.
    pub(super) fn of(
        asked: &impl RequestedScopes,
        bot: Option<&Scopes>,
        user: Option<&Scopes>,
    ) -> Self {
        let missing = |asked: &Scopes, granted: Option<&Scopes>| match granted {
            // An answer that leaves them out grants what was asked for (RFC 6749 section 5.1).
            Some(granted) if granted.is_empty() => Scopes::default(),
            Some(granted) => asked.missing_from(granted),
            None => asked.clone(),
        };
        Self {
            bot: asked.for_bot().map(|asked| missing(asked, bot)).unwrap_or_default(),
            user: missing(asked.for_person(), user),
        }
    }
}

/// Refuses scopes that cannot be requested together.
pub(super) fn check(asked: &impl RequestedScopes) -> Result<(), &'static str> {
    let all =
        || asked.for_bot().into_iter().flat_map(Scopes::iter).chain(asked.for_person().iter());
    if all().next().is_none() {
        return Err("must ask for at least one scope");
    }
    if !all().all(is_in_alphabet) {
        return Err(
            "must ask for scopes of lowercase letters, digits and . _ : - only, such as chat:write",
        );
    }
    if all().any(is_identity) && !all().all(is_identity) {
        return Err(
            "must not mix openid, email or profile with other scopes: Slack grants them in a separate request only",
        );
    }
    if asked.for_bot().is_some_and(|bot| bot.iter().any(is_identity)) {
        return Err(
            "must request openid, email and profile as user scopes: a bot cannot have them",
        );
    }
    Ok(())
}

/// Every scope that Slack lists is of these characters.
fn is_in_alphabet(scope: &str) -> bool {
    scope.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b':' | b'-'))
}

fn is_identity(scope: &str) -> bool {
    matches!(scope, "openid" | "email" | "profile")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_scopes_stand_alone() {
        let mixed = "must not mix openid, email or profile with other scopes: Slack grants them in a separate request only";
        for asked in [
            InstallScopes::user_only("openid,chat:write"),
            InstallScopes::bot("chat:write").user("email"),
            InstallScopes::bot("profile").user("chat:write"),
        ] {
            assert_eq!(check(&asked), Err(mixed), "{asked:?}");
        }
        assert_eq!(check(&Scopes::from("search:read,profile")), Err(mixed));
        assert!(check(&InstallScopes::bot("openid")).unwrap_err().contains("a bot cannot"));
        assert_eq!(check(&Scopes::from("openid,email")), Ok(()));
        assert_eq!(check(&InstallScopes::user_only("openid")), Ok(()));
        // A name that only looks alike is another scope.
        assert_eq!(check(&Scopes::from("users.profile:read,users:read.email")), Ok(()));
    }

    #[test]
    fn scopes_outside_slacks_alphabet_are_refused() {
        for scope in
            ["Chat:Write", "chat:write;users:read", "chat/write", "chat:write\u{e9}", "chat:*"]
        {
            let refused = check(&InstallScopes::bot(scope)).unwrap_err();
            assert!(refused.contains("lowercase letters, digits and . _ : - only"), "{scope}");
            assert!(check(&Scopes::from(scope)).is_err());
            assert!(check(&InstallScopes::bot("commands").user(scope)).is_err());
        }
        let known = "chat:write.customize,incoming-webhook,managed_apps:install,search:read.public,identity.basic";
        assert_eq!(check(&InstallScopes::bot(known)), Ok(()));
    }

    #[test]
    fn something_is_asked_for() {
        assert_eq!(check(&InstallScopes::bot(" , ")), Err("must ask for at least one scope"));
        assert_eq!(check(&Scopes::default()), Err("must ask for at least one scope"));
    }

    #[test]
    fn a_sign_in_needs_openid_and_takes_two_more() {
        let all = SignInScopes::openid().email().profile();
        assert_eq!(all, SignInScopes::new("profile email openid").unwrap());
        assert_eq!(all.clone().email(), all);
        assert_eq!(all.as_scopes().to_string(), "openid,email,profile");
        let refused = |text: &str| SignInScopes::new(text).unwrap_err().to_string();
        let expected = "sign-in scopes must hold `openid`, which every sign-in needs";
        assert_eq!(refused("email,profile"), expected);
        assert_eq!(refused(""), expected);
        assert_eq!(
            refused("openid,chat:write"),
            "sign-in scopes must be openid, email and profile only: Slack accepts no others with them"
        );
    }

    #[test]
    fn what_is_missing_is_told_for_each_credential() {
        let asked = InstallScopes::bot("a,b").user("c,d");
        let (bot, user) = (Scopes::from("b,x"), Scopes::from("c,d"));
        let missing = MissingScopes::of(&asked, Some(&bot), Some(&user));
        assert_eq!(missing, MissingScopes { bot: "a".into(), user: "".into() });
        assert!(!missing.is_empty());
        let missing = MissingScopes::of(&asked, None, Some(&user));
        assert_eq!(missing, MissingScopes { bot: "a,b".into(), user: "".into() });
        let silent = Scopes::default();
        assert!(MissingScopes::of(&asked, Some(&silent), Some(&silent)).is_empty());
    }

    #[test]
    fn a_sign_in_lists_what_it_asks_for() {
        let asked = SignInScopes::openid().email().profile().email();
        assert_eq!(asked.as_scopes().to_string(), "openid,email,profile");
    }
}
