//! The seed file: what the fake knows at first.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use slack_fake::{
    App, Consent, FakeSlack, OpenIdErrors, Organization, Siblings, User, UserAccessAuth,
    UserAccessShape, Workspace,
};

/// What the fake knows at first, and how it behaves.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Seed {
    /// The number that tokens, codes and ids are made from.
    #[serde(rename = "seed")]
    number: u64,
    /// The time at the start, in Unix seconds; none is the machine's time.
    pub(super) time: Option<u64>,
    /// How many seconds pass in one second of the machine's clock.
    pub(super) rate: u32,
    consent: Consent,
    /// The issuer of ID tokens; none is the origin.
    issuer: Option<String>,
    access_token_life: Option<u64>,
    refresh_grace: Option<u64>,
    public_refresh_token_life: Option<u64>,
    code_life: Option<u64>,
    siblings: Option<Siblings>,
    user_access_shape: Option<UserAccessShape>,
    user_access_auth: Option<UserAccessAuth>,
    openid_errors: Option<OpenIdErrors>,
    pub(super) apps: Vec<AppSeed>,
    workspaces: Vec<WorkspaceSeed>,
    organizations: Vec<OrganizationSeed>,
    users: Vec<UserSeed>,
    methods: Vec<MethodSeed>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "an app's settings page is a list of switches")]
pub(super) struct AppSeed {
    pub(super) client_id: String,
    pub(super) client_secret: String,
    #[serde(default = "default_app_id")]
    pub(super) app_id: String,
    pub(super) signing_secret: Option<String>,
    name: Option<String>,
    bot_name: Option<String>,
    #[serde(default)]
    redirect_urls: Vec<String>,
    bot_scopes: Option<Vec<String>>,
    user_scopes: Option<Vec<String>>,
    #[serde(default)]
    optional_scopes: Vec<String>,
    home_workspace: Option<String>,
    #[serde(default)]
    rotation: bool,
    #[serde(default)]
    pkce: bool,
    #[serde(default)]
    distributed: bool,
    #[serde(default)]
    org_ready: bool,
    #[serde(default)]
    secret_beside_verifier: bool,
    #[serde(default)]
    insecure_loopback_redirects: bool,
    #[serde(default)]
    any_loopback_port: bool,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct WorkspaceSeed {
    id: String,
    name: String,
    domain: Option<String>,
    organization: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct OrganizationSeed {
    id: String,
    name: String,
    domain: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct UserSeed {
    id: String,
    name: String,
    email: Option<String>,
    #[serde(default)]
    given_name: String,
    #[serde(default)]
    family_name: String,
    #[serde(default)]
    member_of: Vec<String>,
}

/// A method with a canned answer.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MethodSeed {
    name: String,
    /// The scope that the token needs.
    scope: Option<String>,
    /// The members beside `ok`.
    #[serde(default)]
    answer: BTreeMap<String, Value>,
    /// The error code, if the method fails.
    error: Option<String>,
}

fn default_app_id() -> String {
    "A0FAKE00001".into()
}

impl Default for Seed {
    /// One app that rotates its tokens, one workspace, one person.
    fn default() -> Self {
        let empty = Self {
            number: 0,
            time: None,
            rate: 1,
            consent: Consent::Allow,
            issuer: None,
            access_token_life: None,
            refresh_grace: None,
            public_refresh_token_life: None,
            code_life: None,
            siblings: None,
            user_access_shape: None,
            user_access_auth: None,
            openid_errors: None,
            apps: Vec::new(),
            workspaces: Vec::new(),
            organizations: Vec::new(),
            users: Vec::new(),
            methods: Vec::new(),
        };
        // The text is part of the program and is read by a test.
        toml::from_str::<Lists>(DEFAULT).map_or(empty.clone(), |lists| Self {
            apps: lists.apps,
            workspaces: lists.workspaces,
            users: lists.users,
            ..empty
        })
    }
}

/// The lists of the default seed.
#[derive(Deserialize)]
struct Lists {
    apps: Vec<AppSeed>,
    workspaces: Vec<WorkspaceSeed>,
    users: Vec<UserSeed>,
}

const DEFAULT: &str = include_str!("default.toml");

impl Seed {
    /// Reads a file: JSON if its name ends so, else TOML. A list that the file leaves out is the
    /// default's.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let shown = path.display();
        let text = fs::read_to_string(path)
            .map_err(|error| format!("cannot read the seed file {shown}: {error}"))?;
        let is_json = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("json"));
        // The parsers' messages quote the text, which may be a secret: only the place is shown.
        if is_json {
            serde_json::from_str(&text).map_err(|error| {
                let (line, column) = (error.line(), error.column());
                format!("the seed file {shown} is wrong at line {line}, column {column}")
            })
        } else {
            toml::from_str(&text).map_err(|error: toml::de::Error| {
                let start = error.span().map_or(0, |span| span.start);
                let line = text.bytes().take(start).filter(|b| *b == b'\n').count() + 1;
                let what = first_words(error.message());
                format!("the seed file {shown} is wrong at line {line}: {what}")
            })
        }
    }

    /// Creates the fake that the seed describes, served at `origin`.
    pub(super) fn fake(&self, origin: &str) -> FakeSlack {
        let mut fake = FakeSlack::new().seed(self.number).consent(self.consent.clone());
        fake = self.rules(fake);
        for workspace in &self.workspaces {
            let mut made = Workspace::new(&workspace.id, &workspace.name);
            if let Some(domain) = &workspace.domain {
                made = made.domain(domain);
            }
            if let Some(organization) = &workspace.organization {
                made = made.organization(organization);
            }
            fake = fake.workspace(made);
        }
        for organization in &self.organizations {
            let mut made = Organization::new(&organization.id, &organization.name);
            if let Some(domain) = &organization.domain {
                made = made.domain(domain);
            }
            fake = fake.organization(made);
        }
        for user in &self.users {
            let mut made =
                User::new(&user.id, &user.name).full_name(&user.given_name, &user.family_name);
            if let Some(email) = &user.email {
                made = made.email(email);
            }
            for team in &user.member_of {
                made = made.member_of(team);
            }
            fake = fake.user(made);
        }
        fake = self.apps.iter().fold(fake, |fake, app| fake.app(app.app()));
        fake.set_issuer(self.issuer.as_deref().unwrap_or(origin));
        self.add_methods(fake)
    }

    /// Adds the methods, which a saved state does not hold.
    pub(super) fn add_methods(&self, fake: FakeSlack) -> FakeSlack {
        self.methods.iter().fold(fake, |fake, method| method.add_to(fake))
    }

    fn rules(&self, mut fake: FakeSlack) -> FakeSlack {
        if let Some(seconds) = self.access_token_life {
            fake = fake.access_token_life(seconds);
        }
        if let Some(seconds) = self.refresh_grace {
            fake = fake.refresh_grace(seconds);
        }
        if let Some(seconds) = self.public_refresh_token_life {
            fake = fake.public_refresh_token_life(seconds);
        }
        if let Some(seconds) = self.code_life {
            fake = fake.code_life(seconds);
        }
        if let Some(siblings) = self.siblings {
            fake = fake.siblings(siblings);
        }
        if let Some(shape) = self.user_access_shape {
            fake = fake.user_access_shape(shape);
        }
        if let Some(auth) = self.user_access_auth {
            fake = fake.user_access_auth(auth);
        }
        if let Some(style) = self.openid_errors {
            fake = fake.openid_errors(style);
        }
        fake
    }
}

/// The part of a parser's message before it quotes anything.
fn first_words(message: &str) -> String {
    let plain = message.lines().next().unwrap_or_default();
    let quotes: &[char] =
        if plain.starts_with("unknown field") { &['"', '\''] } else { &['"', '\'', '`'] };
    let end = plain.find(quotes).unwrap_or(plain.len());
    plain[..end].trim_end_matches([' ', ':', ',']).to_owned()
}

impl AppSeed {
    pub(super) fn app(&self) -> App {
        let mut app = App::new(&self.client_id, &self.client_secret).app_id(&self.app_id);
        app = self.redirect_urls.iter().fold(app, App::redirect_url);
        if let Some(secret) = &self.signing_secret {
            app = app.signing_secret(secret);
        }
        if let Some(name) = &self.name {
            app = app.name(name);
        }
        if let Some(name) = &self.bot_name {
            app = app.bot_name(name);
        }
        if let Some(scopes) = &self.bot_scopes {
            app = app.bot_scopes(scopes);
        }
        if let Some(scopes) = &self.user_scopes {
            app = app.user_scopes(scopes);
        }
        if let Some(team) = &self.home_workspace {
            app = app.home_workspace(team);
        }
        app = app.optional_scopes(&self.optional_scopes);
        let switch = |app: App, on: bool, set: fn(App) -> App| if on { set(app) } else { app };
        app = switch(app, self.rotation, App::rotate_tokens);
        app = switch(app, self.pkce, App::enable_pkce);
        app = switch(app, self.distributed, App::distribute);
        app = switch(app, self.org_ready, App::org_ready);
        app = switch(app, self.secret_beside_verifier, App::accept_secret_beside_verifier);
        app = switch(app, self.insecure_loopback_redirects, App::insecure_loopback_redirects);
        switch(app, self.any_loopback_port, App::any_loopback_port)
    }
}

impl MethodSeed {
    pub(super) fn add_to(&self, fake: FakeSlack) -> FakeSlack {
        let method = self.clone();
        fake.method(&self.name, move |call| {
            if let Some(scope) = &method.scope {
                call.require_scope(scope)?;
            }
            match &method.error {
                Some(code) => Err(code.clone()),
                None => Ok(method.answer.clone().into_iter().collect()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_as_written_in_its_file() {
        assert_eq!(Seed::default().apps.len(), 1);
        assert!(!Seed::default().workspaces.is_empty() && !Seed::default().users.is_empty());
    }
}
