//! The claims about a person at sign-in.

use serde_json::{Map, Value, json};

use crate::state::credential::Credential;
use crate::state::memory::State;

impl State {
    /// The claims that ID token and userInfo share, as far as the credential's scopes allow.
    pub(crate) fn claims(&self, credential: &Credential) -> Map<String, Value> {
        let has = |scope: &str| credential.scopes.contains(scope);
        let mut claims = Map::new();
        let place = credential.target.id();
        put(&mut claims, "sub", credential.user_id.as_ref());
        put(&mut claims, "https://slack.com/user_id", credential.user_id.as_ref());
        put(&mut claims, "https://slack.com/team_id", place);
        let organization = credential.target.enterprise.as_deref();
        if let Some(id) = organization {
            put(&mut claims, "https://slack.com/enterprise_id", id);
        }
        let Some(user) = self.user(&credential.user_id) else { return claims };
        if let Some(email) = user.email.as_deref().filter(|_| has("email")) {
            put(&mut claims, "email", email);
            put(&mut claims, "email_verified", true);
            put(&mut claims, "date_email_verified", EMAIL_VERIFIED);
        }
        if !has("profile") {
            return claims;
        }
        let name = format!("{} {}", user.given_name, user.family_name);
        let name = name.trim();
        put(&mut claims, "name", if name.is_empty() { user.name.as_str() } else { name });
        put(&mut claims, "given_name", user.given_name.as_str());
        put(&mut claims, "family_name", user.family_name.as_str());
        put(&mut claims, "locale", "en-US");
        put(&mut claims, "picture", picture(&user.id, "512"));
        for size in ["24", "32", "48", "72", "192", "512", "1024"] {
            put(
                &mut claims,
                &format!("https://slack.com/user_image_{size}"),
                picture(&user.id, size),
            );
        }
        if let Some(workspace) = self.workspace(place) {
            put(&mut claims, "https://slack.com/team_name", workspace.name.as_str());
            put(&mut claims, "https://slack.com/team_domain", workspace.domain.as_str());
        }
        for size in ["34", "44", "68", "88", "102", "132", "230"] {
            put(&mut claims, &format!("https://slack.com/team_image_{size}"), picture(place, size));
        }
        put(&mut claims, "https://slack.com/team_image_default", true);
        if let Some(organization) = organization.and_then(|id| self.organization(id)) {
            put(&mut claims, "https://slack.com/enterprise_name", organization.name.as_str());
            put(&mut claims, "https://slack.com/enterprise_domain", organization.domain.as_str());
        }
        claims
    }
}

fn put(claims: &mut Map<String, Value>, name: &str, value: impl Into<Value>) {
    claims.insert(name.to_owned(), value.into());
}

fn picture(id: &str, size: &str) -> Value {
    json!(format!("https://avatars.example.com/{id}_{size}.png"))
}

/// When the addresses of all people were verified.
const EMAIL_VERIFIED: u64 = 1_622_128_723;
