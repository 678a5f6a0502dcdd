//! The whole state of the fake.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::app::{AppRecord, Setting};
use super::code::CodeRecord;
use super::credential::{AccessRecord, Credential, RefreshRecord};
use super::directory::{Organization, User, Workspace};
use super::event::SlackEvent;
use super::external::ExternalRecord;
use super::installation::Indexes;
use super::key::Key;
use super::mint::Mint;
use super::table::Table;
use crate::{Consent, IdTokenFault, OpenIdErrors, Siblings, UserAccessAuth, UserAccessShape};

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) seed: u64,
    pub(crate) counter: u64,
    pub(crate) rules: Rules,
    pub(crate) consent: Consent,
    pub(crate) signed_in: Option<String>,
    pub(crate) signing: Signing,
    pub(crate) id_token_faults: VecDeque<IdTokenFault>,
    pub(crate) apps: Table<AppRecord>,
    pub(crate) workspaces: Table<Workspace>,
    pub(crate) organizations: Table<Organization>,
    pub(crate) users: Table<User>,
    pub(crate) external_tokens: Table<ExternalRecord>,
    pub(crate) codes: BTreeMap<Key, CodeRecord>,
    pub(crate) credentials: Vec<Credential>,
    pub(crate) access_tokens: BTreeMap<Key, AccessRecord>,
    pub(crate) refresh_tokens: BTreeMap<Key, RefreshRecord>,
    #[serde(skip)]
    pub(crate) indexes: Indexes,
    /// The events that were not collected yet, the oldest first.
    #[serde(skip)]
    pub(crate) events: VecDeque<SlackEvent>,
    /// The time of the latest request.
    #[serde(skip)]
    pub(crate) latest: u64,
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
    #[serde(default)]
    pub(crate) user_access_auth: UserAccessAuth,
}

/// Which of the keys signs ID tokens.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Signing {
    pub(crate) current: usize,
    /// Whether the key before is still published.
    pub(crate) old_is_published: bool,
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
                user_access_auth: UserAccessAuth::BasicOrBody,
            },
            consent: Consent::Ask,
            signed_in: None,
            signing: Signing::default(),
            id_token_faults: VecDeque::new(),
            apps: Table::new(),
            workspaces: Table::new(),
            organizations: Table::new(),
            users: Table::new(),
            external_tokens: Table::new(),
            codes: BTreeMap::new(),
            credentials: Vec::new(),
            access_tokens: BTreeMap::new(),
            refresh_tokens: BTreeMap::new(),
            indexes: Indexes::default(),
            events: VecDeque::new(),
            latest: 0,
        }
    }

    pub(crate) fn app(&self, client_id: &str) -> Option<&AppRecord> {
        self.apps.get(client_id)
    }

    pub(crate) fn workspace(&self, id: &str) -> Option<&Workspace> {
        self.workspaces.get(id)
    }

    pub(crate) fn organization(&self, id: &str) -> Option<&Organization> {
        self.organizations.get(id)
    }

    pub(crate) fn user(&self, id: &str) -> Option<&User> {
        self.users.get(id)
    }

    /// Returns a new token, code or id.
    pub(crate) fn mint<T>(&mut self, text: impl FnOnce(&mut Mint) -> T) -> T {
        let mut mint = Mint { seed: self.seed, counter: self.counter };
        let text = text(&mut mint);
        self.counter = mint.counter;
        text
    }

    pub(crate) fn app_has(&self, client_id: &str, setting: Setting) -> bool {
        self.app(client_id).is_some_and(|app| app.has(setting))
    }
}

/// How many keys take turns in signing ID tokens.
pub(crate) const SIGNING_KEYS: usize = 3;
