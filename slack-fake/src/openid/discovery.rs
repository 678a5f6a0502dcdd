//! The discovery document.

use serde_json::{Value, json};

use crate::FakeSlack;
use crate::state::memory::State;
use crate::wire::call::Call;

impl FakeSlack {
    /// Sets the issuer of ID tokens; the default is `https://slack.com`.
    ///
    /// Libraries that derive the issuer from the address of the discovery document need the
    /// server's origin here.
    pub fn set_issuer(&mut self, issuer: impl Into<String>) {
        self.state.rules.issuer = issuer.into();
    }
}

impl State {
    /// The document at `/.well-known/openid-configuration`; its addresses are at the host that was
    /// asked.
    pub(crate) fn discovery(&self, call: &Call<'_>) -> Value {
        let issuer = &self.rules.issuer;
        let origin = call.origin().unwrap_or_else(|| issuer.clone());
        json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{origin}/openid/connect/authorize"),
            "token_endpoint": format!("{origin}/api/openid.connect.token"),
            "userinfo_endpoint": format!("{origin}/api/openid.connect.userInfo"),
            "jwks_uri": format!("{origin}/openid/connect/keys"),
            "scopes_supported": ["openid", "profile", "email"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["form_post"],
            "grant_types_supported": ["authorization_code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "claims_supported": ["sub", "auth_time", "iss"],
            "claims_parameter_supported": false,
            "request_parameter_supported": false,
            "request_uri_parameter_supported": true,
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        })
    }
}
