//! Requests, and the methods that make them.

use slack_proto::{error::*, methods::*, oauth::*, tokens::*};

use crate::seen::{CANARY, code, confidential, debug, public, token, verifier};

/// A method of a user's own, which may look at the form.
struct Peek;

impl ApiMethod for Peek {
    const NAME: &'static str = "peek";
    type Auth = ();
    type Response = AuthTestResponse;
    type Error = NoError;
    fn params(&self, form: &mut FormFields) {
        form.field("token", CANARY);
        form.bearer(&token());
        debug("FormFields", form);
    }
}

#[test]
fn requests() {
    let endpoint = Endpoint::slack();
    let uri = RedirectUri::new("https://app.example.com/cb").unwrap();
    let exchange = OauthV2Access::new(code()).redirect_uri(uri);
    debug("OauthV2Access", &exchange);
    debug("a request with Basic", &exchange.to_request(&endpoint, &confidential()));
    debug(
        "a request with the secret in its body",
        &exchange.to_request(&endpoint, &confidential().in_body()),
    );
    let exchange = OauthV2Access::pkce(code(), verifier());
    debug("OauthV2Access with a verifier", &exchange);
    debug("a request with a verifier", &exchange.to_request(&endpoint, &public()));
    let refresh = <OauthV2Refresh>::new(RefreshToken::new(CANARY).unwrap());
    debug("OauthV2Refresh", &refresh);
    debug("a refresh", &refresh.to_request(&endpoint, &confidential().into()));
    let request = AuthTest.to_request(&endpoint, &token());
    debug("a request with a bearer", &request);
    debug("its headers", request.headers());
    debug("AuthTest", &AuthTest);
    debug("OpenidConnectUserInfo", &OpenidConnectUserInfo.to_request(&endpoint, &token()));
    debug(
        "a revocation",
        &AuthRevoke::refresh_token().to_request(&endpoint, &RefreshToken::new(CANARY).unwrap()),
    );
    let app = confidential();
    debug("OauthV2Exchange", &OauthV2Exchange::new(token()));
    debug("an exchange", &OauthV2Exchange::new(token()).to_request(&endpoint, &app));
    debug("AppsUninstall", &AppsUninstall::new(token()));
    debug("an uninstallation", &AppsUninstall::new(token()).to_request(&endpoint, &app));
    let rotate = ToolingTokensRotate::new(RefreshToken::new(CANARY).unwrap());
    debug("ToolingTokensRotate", &rotate);
    debug("a rotation", &rotate.to_request(&endpoint, &()));
    debug("OauthV2UserRefresh", &<OauthV2UserRefresh>::new(RefreshToken::new(CANARY).unwrap()));
    debug("OpenidConnectRefresh", &<OpenidConnectRefresh>::new(RefreshToken::new(CANARY).unwrap()));
    debug("OauthV2UserAccess", &OauthV2UserAccess::pkce(code(), verifier()));
    debug("OpenidConnectToken", &OpenidConnectToken::pkce(code(), verifier()));
    debug("AppsAuthExternalGet", &AppsAuthExternalGet::new(CANARY).unwrap());
    debug("AppsAuthExternalDelete", &AppsAuthExternalDelete::by_token(CANARY).unwrap());
    debug("AuthTeamsList", &AuthTeamsList::new().cursor(CANARY.into()));
    debug("a request of a user's method", &Peek.to_request(&endpoint, &()));
}
