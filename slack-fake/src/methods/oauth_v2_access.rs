//! `oauth.v2.access`: installs an app, and refreshes the tokens of its bot and its people.

use serde_json::{Map, Value, json};

use crate::CredentialKind;
use crate::methods::token_method::{ClientKind, TokenMethod};
use crate::state::code::{CodeRecord, Flow};
use crate::state::credential::Target;
use crate::state::memory::State;
use crate::state::mint::Mint;
use crate::wire::call::{Arguments, Call};
use crate::wire::reply::{Answer, Failure};

const METHOD: TokenMethod = TokenMethod {
    flow: Flow::Install,
    kinds: &[CredentialKind::Bot, CredentialKind::User],
    grant: State::install,
    refreshed: State::one_credential,
};

impl State {
    pub(crate) fn oauth_v2_access(
        &mut self,
        call: &Call<'_>,
        arguments: &Arguments,
        now: u64,
    ) -> Result<Answer, Failure> {
        self.token_method(&METHOD, call, arguments, now)
    }

    /// Creates the installation that a code stands for, and writes the answer.
    fn install(&mut self, code: &CodeRecord, client: ClientKind, now: u64) -> Map<String, Value> {
        let mut body = Map::new();
        if !code.bot_scopes.is_empty() {
            let (index, issued) = self.issue_for(code, CredentialKind::Bot, client, now);
            body.extend(self.token_members(index, &issued));
            body.insert("bot_user_id".into(), self.credentials[index].user_id.as_ref().into());
        }
        let mut authed_user = Map::new();
        if !code.user_scopes.is_empty() {
            let (index, issued) = self.issue_for(code, CredentialKind::User, client, now);
            authed_user = self.token_members(index, &issued);
        }
        authed_user.insert("id".into(), code.user_id.as_ref().into());
        body.insert("authed_user".into(), authed_user.into());
        body.extend(self.place_members(&code.client_id, &code.target));
        if code.bot_scopes.iter().any(|scope| scope == "incoming-webhook") {
            body.insert("incoming_webhook".into(), self.webhook(&code.target));
        }
        body
    }

    fn webhook(&mut self, target: &Target) -> Value {
        let (channel, service) = (self.mint(|mint| mint.id('C')), self.mint(|mint| mint.id('B')));
        let place = target.id();
        let domain = self.workspace(place).map_or("fake", |workspace| &workspace.domain).to_owned();
        let secret = self.mint(Mint::webhook_path);
        json!({
            "channel": "#general",
            "channel_id": channel,
            "configuration_url": format!("https://{domain}.slack.com/services/{service}"),
            "url": format!("https://hooks.slack.com/services/{place}/{service}/{secret}"),
        })
    }
}
