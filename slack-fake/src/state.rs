//! Everything the fake remembers.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::app::{AppRecord, Setting};
use crate::credential::{AccessRecord, Credential, RefreshRecord};
use crate::directory::{Organisation, User, Workspace};
use crate::external::ExternalRecord;
use crate::{Consent, IdTokenFault, OpenIdErrors, Siblings, UserAccessShape};

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) seed: u64,
    pub(crate) counter: u64,
    pub(crate) rules: Rules,
    pub(crate) consent: Consent,
    pub(crate) signed_in: Option<String>,
    pub(crate) signing: Signing,
    pub(crate) id_token_faults: VecDeque<IdTokenFault>,
    pub(crate) apps: Vec<AppRecord>,
    pub(crate) workspaces: Vec<Workspace>,
    pub(crate) organisations: Vec<Organisation>,
    pub(crate) users: Vec<User>,
    pub(crate) external_tokens: Vec<ExternalRecord>,
    pub(crate) codes: BTreeMap<String, CodeRecord>,
    pub(crate) credentials: Vec<Credential>,
    pub(crate) access_tokens: BTreeMap<String, AccessRecord>,
    pub(crate) refresh_tokens: BTreeMap<String, RefreshRecord>,
}

/// Slack's times in seconds, and the choices where Slack's own are not known.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Rules {
    pub(crate) access_token_life: u64,
    pub(crate) refresh_grace: u64,
    pub(crate) public_refresh_token_life: u64,
    pub(crate) code_life: u64,
    pub(crate) siblings: Siblings,
    pub(crate) user_access_shape: UserAccessShape,
    pub(crate) issuer: String,
    pub(crate) openid_errors: OpenIdErrors,
}

/// Which of the keys signs ID tokens.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Signing {
    pub(crate) current: usize,
    /// Whether the key before is still published.
    pub(crate) old_is_published: bool,
}

/// An authorization code and what it stands for.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct CodeRecord {
    pub(crate) flow: Flow,
    pub(crate) client_id: String,
    pub(crate) user_id: String,
    pub(crate) target: Target,
    pub(crate) bot_scopes: Vec<String>,
    pub(crate) user_scopes: Vec<String>,
    pub(crate) redirect_uri: String,
    /// Whether the authorize request named it; if not, it is the app's first one.
    pub(crate) redirect_was_named: bool,
    /// Whether the redirect leads to a program on the person's own machine.
    pub(crate) desktop: bool,
    pub(crate) challenge: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) issued_at: u64,
    pub(crate) spent: bool,
}

/// The authorize page that a code came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Flow {
    /// `/oauth/v2/authorize`, finished at `oauth.v2.access`.
    Install,
    /// `/oauth/v2_user/authorize`, finished at `oauth.v2.user.access`.
    UserInstall,
    /// `/openid/connect/authorize`, finished at `openid.connect.token`.
    SignIn,
}

/// Where an app is installed: in a workspace, or in a whole organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Target {
    pub(crate) team: Option<String>,
    pub(crate) enterprise: Option<String>,
}

impl Target {
    pub(crate) fn is_org_wide(&self) -> bool {
        self.team.is_none()
    }

    /// The id of the workspace, or of the organisation for an org-wide install.
    pub(crate) fn id(&self) -> &str {
        self.team.as_deref().or(self.enterprise.as_deref()).unwrap_or_default()
    }
}

impl State {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            counter: 0,
            rules: Rules {
                access_token_life: 43_200,
                refresh_grace: 60,
                public_refresh_token_life: 30 * 86_400,
                code_life: 600,
                siblings: Siblings::FirstUsedWins,
                user_access_shape: UserAccessShape::Schema,
                issuer: "https://slack.com".into(),
                openid_errors: OpenIdErrors::Slack,
            },
            consent: Consent::Ask,
            signed_in: None,
            signing: Signing::default(),
            id_token_faults: VecDeque::new(),
            apps: Vec::new(),
            workspaces: Vec::new(),
            organisations: Vec::new(),
            users: Vec::new(),
            external_tokens: Vec::new(),
            codes: BTreeMap::new(),
            credentials: Vec::new(),
            access_tokens: BTreeMap::new(),
            refresh_tokens: BTreeMap::new(),
        }
    }

    pub(crate) fn app(&self, client_id: &str) -> Option<&AppRecord> {
        self.apps.iter().find(|app| app.client_id == client_id)
    }

    pub(crate) fn workspace(&self, id: &str) -> Option<&Workspace> {
        self.workspaces.iter().find(|workspace| workspace.id == id)
    }

    pub(crate) fn organisation(&self, id: &str) -> Option<&Organisation> {
        self.organisations.iter().find(|organisation| organisation.id == id)
    }

    pub(crate) fn user(&self, id: &str) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    pub(crate) fn app_has(&self, client_id: &str, setting: Setting) -> bool {
        self.app(client_id).is_some_and(|app| app.has(setting))
    }
}

/// How many keys take turns in signing ID tokens.
pub(crate) const SIGNING_KEYS: usize = 3;

/// Puts `item` in place of the one with the same key, or at the end.
pub(crate) fn upsert<T>(items: &mut Vec<T>, item: T, same: impl Fn(&T, &T) -> bool) {
    match items.iter_mut().find(|old| same(old, &item)) {
        Some(old) => *old = item,
        None => items.push(item),
    }
}
