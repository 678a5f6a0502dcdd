//! `auth.teams.list`: the workspaces that an org-wide app was approved for.
//!
//! Source: <https://docs.slack.dev/reference/methods/auth.teams.list>.

use crate::{
    AccessToken, ApiMethod,
    error::InvalidValue,
    ids::TeamId,
    methods::{FormFields, ReplyMeta, UntrustedText},
    wire::{
        fields::Nested,
        notes::Notes,
        object::{Member, object},
        payload::lenient_payload,
    },
};

/// Lists workspaces, a page at a time: [`next_page`](Self::next_page) gives the call for the page that follows.
///
/// # Examples
///
/// ```
/// use slack_proto::{ApiMethod, methods::AuthTeamsList};
///
/// # let answers = [
/// #     r#"{"ok":true,"teams":[{"id":"T1"}],"response_metadata":{"next_cursor":"cGFnZTI="}}"#,
/// #     r#"{"ok":true,"teams":[{"id":"T2"}],"response_metadata":{"next_cursor":""}}"#,
/// # ].map(http::Response::new);
/// # let mut answers = answers.into_iter();
/// # let mut send = |_: &AuthTeamsList| answers.next().unwrap();
/// let mut teams = Vec::new();
/// let mut page = Some(AuthTeamsList::new().limit(200)?);
/// while let Some(call) = page {
///     let reply = AuthTeamsList::parse_response(&send(&call))?;
///     page = call.next_page(&reply.meta);
///     teams.extend(reply.value.teams);
/// }
/// assert_eq!(teams.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "a method does nothing until its request is sent"]
pub struct AuthTeamsList {
    cursor: Option<UntrustedText>,
    limit: Option<u16>,
    icons: Icons,
}

#[derive(Clone, Copy, Debug, Default)]
enum Icons {
    #[default]
    Without,
    With,
}

impl AuthTeamsList {
    /// Creates the call for the first page, of at most 100 workspaces.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the size of a page.
    ///
    /// # Errors
    ///
    /// When it is not within 1 to 1000.
    pub fn limit(self, limit: u16) -> Result<Self, InvalidValue> {
        if !(1..=1000).contains(&limit) {
            return Err(InvalidValue::new("limit", "must be 1 to 1000"));
        }
        Ok(Self { limit: Some(limit), ..self })
    }

    /// Asks for the workspaces' icons as well.
    pub fn include_icon(self) -> Self {
        Self { icons: Icons::With, ..self }
    }

    /// Goes on at a [`ReplyMeta::next_cursor`] that was kept.
    pub fn cursor(self, cursor: UntrustedText) -> Self {
        Self { cursor: Some(cursor), ..self }
    }

    /// Returns the call for the page after the one that `meta` came with; `None` after the last page. It is `None`
    /// too if Slack repeated the cursor that was sent, since that would never end.
    #[must_use]
    pub fn next_page(self, meta: &ReplyMeta) -> Option<Self> {
        let next = meta.next_cursor()?;
        if self.cursor.as_ref() == Some(next) {
            return None;
        }
        Some(Self { cursor: Some(next.clone()), ..self })
    }
}

impl ApiMethod for AuthTeamsList {
    const NAME: &'static str = "auth.teams.list";
    type Auth = AccessToken;
    type Response = AuthTeamsListResponse;
    type Error = AuthTeamsListError;

    fn params(&self, form: &mut FormFields) {
        form.optional_field("cursor", self.cursor.as_ref().map(UntrustedText::as_str));
        form.optional_field("limit", self.limit.map(|limit| limit.to_string()).as_deref());
        if let Icons::With = self.icons {
            form.field("include_icon", "true");
        }
    }
}

/// One page of [`AuthTeamsList`].
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct AuthTeamsListResponse {
    /// The workspaces.
    pub teams: Vec<ListedTeam>,
}

/// A workspace that the app was approved for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ListedTeam {
    /// Its id.
    pub id: TeamId,
    /// Its name, which may change.
    pub name: Option<UntrustedText>,
    /// Its icon, if it was asked for.
    pub icon: Option<TeamIcon>,
}

/// Addresses of a workspace's icon.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TeamIcon {
    /// Whether the workspace has no icon of its own.
    pub is_default: Option<bool>,
    images: [(u16, Option<UntrustedText>); 7],
}

impl TeamIcon {
    /// Returns the URL of the icon with this width: 34, 44, 68, 88, 102, 132 or 230 pixels.
    #[must_use]
    pub fn image(&self, pixels: u16) -> Option<&UntrustedText> {
        self.images.iter().find(|(width, _)| *width == pixels)?.1.as_ref()
    }
}

impl AuthTeamsListResponse {
    fn from_wire(wire: TeamsWire, notes: &mut Notes) -> Option<Self> {
        let Some(list) = wire.teams.take() else {
            notes.missing("teams");
            return None;
        };
        let listed = list.len();
        let teams: Vec<_> = list.into_iter().filter_map(|Nested(team)| team.finish()).collect();
        if teams.len() < listed {
            notes.odd_at("teams", "a workspace without an id; passed over");
        }
        Some(Self { teams })
    }
}

object! {
    struct TeamsWire {
        teams: Vec<Nested<ListedTeamWire>> = "teams",
    }
}

object! {
    struct ListedTeamWire {
        id: TeamId = "id",
        name: UntrustedText = "name",
        icon: Nested<TeamIconWire> = "icon",
    }
}

object! {
    struct TeamIconWire {
        pixels_34: UntrustedText = "image_34",
        pixels_44: UntrustedText = "image_44",
        pixels_68: UntrustedText = "image_68",
        pixels_88: UntrustedText = "image_88",
        pixels_102: UntrustedText = "image_102",
        pixels_132: UntrustedText = "image_132",
        pixels_230: UntrustedText = "image_230",
        is_default: bool = "image_default",
    }
}

impl ListedTeamWire {
    fn finish(self) -> Option<ListedTeam> {
        Some(ListedTeam {
            id: self.id.take()?,
            name: self.name.take(),
            icon: Member::take(self.icon).map(|Nested(icon)| icon.finish()),
        })
    }
}

impl TeamIconWire {
    fn finish(self) -> TeamIcon {
        TeamIcon {
            is_default: self.is_default.take(),
            images: [
                (34, self.pixels_34.take()),
                (44, self.pixels_44.take()),
                (68, self.pixels_68.take()),
                (88, self.pixels_88.take()),
                (102, self.pixels_102.take()),
                (132, self.pixels_132.take()),
                (230, self.pixels_230.take()),
            ],
        }
    }
}

lenient_payload!(AuthTeamsListResponse, holds_token: false, from: TeamsWire);

crate::error_codes! {
    /// Why Slack refuses `auth.teams.list`, beside the common reasons.
    pub enum AuthTeamsListError {
        /// the cursor is not one that Slack gave out
        InvalidCursor = "invalid_cursor", CallerBug;
        /// the limit is not within 1 to 1000
        InvalidLimit = "invalid_limit", CallerBug;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(list: &AuthTeamsList) -> Vec<u8> {
        let mut form = FormFields::new();
        list.params(&mut form);
        form.finish().0.into_vec()
    }

    fn page(body: &'static str) -> crate::methods::Reply<AuthTeamsListResponse> {
        AuthTeamsList::parse_response(&http::Response::new(body)).unwrap()
    }

    #[test]
    fn a_cursor_is_sent_back_escaped() {
        let reply = page(r#"{"ok":true,"teams":[],"response_metadata":{"next_cursor":"a/b+c=="}}"#);
        let next = AuthTeamsList::new().limit(5).unwrap().include_icon().next_page(&reply.meta);
        let next = next.unwrap();
        assert_eq!(body(&next), b"cursor=a%2Fb%2Bc%3D%3D&limit=5&include_icon=true");
        assert!(next.next_page(&reply.meta).is_none(), "a cursor that repeats ends the list");
    }

    #[test]
    fn a_limit_outside_of_its_range_is_refused() {
        for limit in [0, 1001] {
            let refused = AuthTeamsList::new().limit(limit).unwrap_err();
            assert_eq!(refused.to_string(), "limit must be 1 to 1000");
        }
        assert_eq!(body(&AuthTeamsList::new().limit(1000).unwrap()), b"limit=1000");
    }

    #[test]
    fn a_cursor_that_was_kept_goes_on_there() {
        let list = AuthTeamsList::new().limit(5).unwrap().cursor("kept".into());
        assert_eq!(body(&list), b"cursor=kept&limit=5");
    }

    #[test]
    fn an_odd_workspace_does_not_hide_the_others() {
        let reply = page(r#"{"ok":true,"teams":[7,{"name":"x"},{"id":"T1","icon":[]}]}"#);
        assert_eq!(reply.value.teams.len(), 1);
        let odd: Vec<_> = reply.meta.parse_warnings().iter().map(ToString::to_string).collect();
        assert_eq!(
            odd,
            [
                "teams[0]: expected an object, found a number",
                "teams[2].icon: expected an object, found a list",
                "teams: a workspace without an id; passed over",
            ]
        );
        let without = AuthTeamsList::parse_response(&http::Response::new(r#"{"ok":true}"#));
        let without = without.unwrap_err().to_string();
        assert!(without.contains("a success without a usable `teams`"), "{without}");
    }
}
