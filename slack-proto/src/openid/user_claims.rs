//! The claims of Sign in with Slack about a person.

use std::{borrow::Cow, collections::BTreeMap};

use serde::de::MapAccess;

use crate::{
    Timestamp,
    ids::{EnterpriseId, TeamId, UserId},
    methods::UntrustedText,
    wire::{
        fields::RawText,
        notes::{Notes, Place},
        object::{Object, object},
        value::Lenient,
    },
};

/// The claims about a person, by their OpenID Connect names; Slack's own have names such as
/// `https://slack.com/team_id`.
///
/// Which are there depends on the scopes: `openid` gives the ids, `email` the address, `profile` the rest. A name may
/// be an empty text. User ids are unique within a team: file a person under team (or organization) and `sub`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UserClaims {
    /// `sub`: the person.
    pub sub: UserId,
    /// `https://slack.com/user_id`: the person once more.
    pub user_id: Option<UserId>,
    /// `https://slack.com/team_id`: the workspace.
    pub team_id: Option<TeamId>,
    /// `https://slack.com/enterprise_id`: the organization, if there is one.
    pub enterprise_id: Option<EnterpriseId>,
    /// `email`; may be missing in spite of the scope.
    pub email: Option<UntrustedText>,
    /// `email_verified`.
    pub email_verified: Option<bool>,
    /// `date_email_verified`; 0 if never.
    pub date_email_verified: Option<Timestamp>,
    /// `name`.
    pub name: Option<UntrustedText>,
    /// `given_name`.
    pub given_name: Option<UntrustedText>,
    /// `family_name`.
    pub family_name: Option<UntrustedText>,
    /// `picture`: the address of an image.
    pub picture: Option<UntrustedText>,
    /// `locale`, such as `en-US`.
    pub locale: Option<UntrustedText>,
    /// `https://slack.com/team_name`.
    pub team_name: Option<UntrustedText>,
    /// `https://slack.com/team_domain`.
    pub team_domain: Option<UntrustedText>,
    /// `https://slack.com/enterprise_name`.
    pub enterprise_name: Option<UntrustedText>,
    /// `https://slack.com/enterprise_domain`.
    pub enterprise_domain: Option<UntrustedText>,
    /// `https://slack.com/team_image_default`: whether the workspace has no image of its own.
    pub team_image_default: Option<bool>,
    /// `https://slack.com/user_image_original`: the address of the person's image as it was uploaded.
    pub user_image_original: Option<UntrustedText>,
    user_images: [(u16, Option<UntrustedText>); 7],
    team_images: [(u16, Option<UntrustedText>); 7],
    others: BTreeMap<UntrustedText, UntrustedText>,
}

impl UserClaims {
    /// Returns the claim `https://slack.com/user_image_…`: the URL of the person's image with a width of 24, 32, 48,
    /// 72, 192, 512 or 1024 pixels.
    #[must_use]
    pub fn user_image(&self, pixels: u16) -> Option<&UntrustedText> {
        find(&self.user_images, pixels)
    }

    /// Returns the claim `https://slack.com/team_image_…`: the URL of the workspace's image with a width of 34, 44,
    /// 68, 88, 102, 132 or 230 pixels.
    #[must_use]
    pub fn team_image(&self, pixels: u16) -> Option<&UntrustedText> {
        find(&self.team_images, pixels)
    }

    /// Returns an additional claim by name, as JSON text.
    #[must_use]
    pub fn other(&self, name: &str) -> Option<&UntrustedText> {
        self.others.get(&UntrustedText::from(name))
    }

    /// Returns an iterator over the additional claims: name and JSON text.
    pub fn others(&self) -> impl Iterator<Item = (&str, &UntrustedText)> {
        self.others.iter().map(|(name, json)| (name.as_str(), json))
    }

    /// Creates the claims from a document without Slack's envelope.
    #[cfg(feature = "id-token")]
    pub(crate) fn with_oddities(
        wire: ClaimsWire,
        parse_warnings: &mut Vec<crate::methods::ParseWarning>,
    ) -> Option<Self> {
        let mut notes = Notes::default();
        let claims = Self::from_wire(wire, &mut notes);
        parse_warnings.append(&mut notes.take_oddities());
        claims
    }

    pub(crate) fn from_wire(wire: ClaimsWire, notes: &mut Notes) -> Option<Self> {
        let ClaimsWire { known, others } = wire;
        let user_id = known.user_id.take();
        let sub = match (known.sub.take(), &user_id) {
            (Some(sub), Some(user_id)) if sub != *user_id => {
                notes.odd_at("https://slack.com/user_id", "another id than `sub`, which counts");
                sub
            }
            (Some(sub), _) => sub,
            (None, Some(user_id)) => {
                notes.odd_at("sub", "missing; `https://slack.com/user_id` is used");
                user_id.clone()
            }
            (None, None) => {
                notes.missing("sub");
                return None;
            }
        };
        Some(Self {
            sub,
            user_id,
            team_id: known.team_id.take(),
            enterprise_id: known.enterprise_id.take(),
            email: known.email.take(),
            email_verified: known.email_verified.take(),
            date_email_verified: known.date_email_verified.take(),
            name: known.name.take(),
            given_name: known.given_name.take(),
            family_name: known.family_name.take(),
            picture: known.picture.take(),
            locale: known.locale.take(),
            team_name: known.team_name.take(),
            team_domain: known.team_domain.take(),
            enterprise_name: known.enterprise_name.take(),
            enterprise_domain: known.enterprise_domain.take(),
            team_image_default: known.team_image_default.take(),
            user_image_original: known.user_image_original.take(),
            user_images: [
                (24, known.user_image_24.take()),
                (32, known.user_image_32.take()),
                (48, known.user_image_48.take()),
                (72, known.user_image_72.take()),
                (192, known.user_image_192.take()),
                (512, known.user_image_512.take()),
                (1024, known.user_image_1024.take()),
            ],
            team_images: [
                (34, known.team_image_34.take()),
                (44, known.team_image_44.take()),
                (68, known.team_image_68.take()),
                (88, known.team_image_88.take()),
                (102, known.team_image_102.take()),
                (132, known.team_image_132.take()),
                (230, known.team_image_230.take()),
            ],
            others,
        })
    }
}

fn find(images: &[(u16, Option<UntrustedText>)], pixels: u16) -> Option<&UntrustedText> {
    images.iter().find(|(width, _)| *width == pixels)?.1.as_ref()
}

/// The claims on the wire: those with a name known here, and all others.
#[derive(Debug, Default)]
pub(crate) struct ClaimsWire {
    known: KnownClaims,
    others: BTreeMap<UntrustedText, UntrustedText>,
}

#[cfg(feature = "id-token")]
impl ClaimsWire {
    pub(crate) fn has_sub(&self) -> bool {
        self.known.sub.as_ref().is_some()
    }
}

impl<'de> Object<'de> for ClaimsWire {
    fn member<A: MapAccess<'de>>(
        &mut self,
        key: &Cow<'de, str>,
        map: &mut A,
        notes: &mut Notes,
    ) -> Result<bool, A::Error> {
        self.known.member(key, map, notes)
    }

    fn unknown<A: MapAccess<'de>>(
        &mut self,
        key: &Cow<'de, str>,
        map: &mut A,
        notes: &mut Notes,
    ) -> Result<(), A::Error> {
        let seed = Lenient::<RawText<'_>>::new(notes, Place::ELEMENT);
        let Some(RawText(json)) = map.next_value_seed(seed)? else {
            return Ok(());
        };
        let json = UntrustedText::from(json);
        if json.as_str() != "null"
            && self.others.insert(UntrustedText::from(&**key), json).is_some()
        {
            // The name itself comes from outside, so it is not told.
            notes.odd_at("$", "a claim of a name unknown here is repeated; the last value counts");
        }
        Ok(())
    }
}

object! {
    struct KnownClaims {
        sub: UserId = "sub",
        user_id: UserId = "https://slack.com/user_id",
        team_id: TeamId = "https://slack.com/team_id",
        enterprise_id: EnterpriseId = "https://slack.com/enterprise_id",
        email: UntrustedText = "email",
        email_verified: bool = "email_verified",
        date_email_verified: Timestamp = "date_email_verified",
        name: UntrustedText = "name",
        given_name: UntrustedText = "given_name",
        family_name: UntrustedText = "family_name",
        picture: UntrustedText = "picture",
        locale: UntrustedText = "locale",
        team_name: UntrustedText = "https://slack.com/team_name",
        team_domain: UntrustedText = "https://slack.com/team_domain",
        enterprise_name: UntrustedText = "https://slack.com/enterprise_name",
        enterprise_domain: UntrustedText = "https://slack.com/enterprise_domain",
        user_image_24: UntrustedText = "https://slack.com/user_image_24",
        user_image_32: UntrustedText = "https://slack.com/user_image_32",
        user_image_48: UntrustedText = "https://slack.com/user_image_48",
        user_image_72: UntrustedText = "https://slack.com/user_image_72",
        user_image_192: UntrustedText = "https://slack.com/user_image_192",
        user_image_512: UntrustedText = "https://slack.com/user_image_512",
        user_image_1024: UntrustedText = "https://slack.com/user_image_1024",
        user_image_original: UntrustedText = "https://slack.com/user_image_original",
        team_image_34: UntrustedText = "https://slack.com/team_image_34",
        team_image_44: UntrustedText = "https://slack.com/team_image_44",
        team_image_68: UntrustedText = "https://slack.com/team_image_68",
        team_image_88: UntrustedText = "https://slack.com/team_image_88",
        team_image_102: UntrustedText = "https://slack.com/team_image_102",
        team_image_132: UntrustedText = "https://slack.com/team_image_132",
        team_image_230: UntrustedText = "https://slack.com/team_image_230",
        team_image_default: bool = "https://slack.com/team_image_default",
    }
}
