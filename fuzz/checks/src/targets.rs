//! The table of all targets: a name, what it is fed, and what checks it.
//!
//! `fuzz/fuzz_targets` has a program for each, and `tests/replay.rs` runs each over the inputs that are kept.

use serde::de::IgnoredAny;
use slack_proto::{
    AccessToken, ApiMethod,
    error::NoError,
    methods::{
        AppsAuthExternalDelete, AppsAuthExternalGet, AppsUninstall, AuthRevoke, AuthTeamsList,
        AuthTest, FormFields, OauthV2Access, OauthV2Exchange, OauthV2Refresh, OauthV2UserAccess,
        OauthV2UserRefresh, OpenidConnectRefresh, OpenidConnectToken, OpenidConnectUserInfo,
        ToolingTokensRotate,
    },
    oauth::SecretAuthentication,
};

use crate::{
    authorization, callback, calls, events, headers, id_token, import, origins, pending,
    reply::{self, Places, check_error_body, check_hiding, texts},
    rotation, stateless, stored,
};

/// Makes a function of each row, and the table of all.
macro_rules! targets {
    ($($(#[$docs:meta])* $name:ident, $check:expr;)*) => {
        $(
            $(#[$docs])*
            pub fn $name(input: &[u8]) {
                let check: fn(&[u8]) = $check;
                check(input);
            }
        )*

        /// All targets by their names.
        pub const ALL: &[(&str, fn(&[u8]))] = &[$((stringify!($name), $name)),*];
    };
}

targets! {
    /// Replies of `apps.auth.external.delete`.
    apps_auth_external_delete, |input| ignore(check_hiding::<AppsAuthExternalDelete>(input));
    /// Replies of `apps.auth.external.get`.
    apps_auth_external_get, |input| {
        reply::check_tokens::<AppsAuthExternalGet>(input, &EXTERNAL, |got| {
            vec![got.external_token.expose().to_owned()]
        });
    };
    /// Replies of `apps.uninstall`.
    apps_uninstall, |input| ignore(check_hiding::<AppsUninstall>(input));
    /// Replies of `auth.revoke`.
    auth_revoke, |input| ignore(check_hiding::<AuthRevoke>(input));
    /// Replies of `auth.teams.list`.
    auth_teams_list, |input| ignore(check_hiding::<AuthTeamsList>(input));
    /// Replies of `auth.test`.
    auth_test, |input| ignore(check_hiding::<AuthTest>(input));
    /// Authorizations, made by `arbitrary`: what the URL says, and the way back.
    authorization, authorization::check;
    /// What a browser brings back to the redirect URI.
    callback, callback::check;
    /// Discovery documents.
    discovery, id_token::check_discovery;
    /// The envelope of any reply, around a payload that nobody looks at.
    envelope, |input| ignore(reply::check::<Anything>(input));
    /// Bodies at every status that decides something, read for a call, a refresh and a revocation.
    error_body, |input| {
        check_error_body::<Anything>(input);
        check_error_body::<OauthV2Refresh>(input);
        check_error_body::<AuthRevoke>(input);
    };
    /// Requests of the Events API: timestamp and signature on a line each, then the body.
    events, events::check;
    /// `Retry-After`, the headers that list scopes, and the request id, on a line each.
    headers, headers::check;
    /// ID tokens: header, claims and signature on a line each, or a whole token.
    id_token, id_token::check;
    /// Exported rows of other libraries.
    import, import::check;
    /// An installation or a credential as a store reads it.
    installation_encoding, stored::check_encoding;
    /// Key sets.
    jwks, id_token::check_jwks;
    /// Replies of `oauth.v2.access` to a code.
    oauth_v2_access, |input| {
        reply::check_tokens::<OauthV2Access<SecretAuthentication>>(input, &BOTH, |grant| {
            let found = [&grant.bot, &grant.user, &grant.unplaced].into_iter().flatten();
            texts(found, &grant.spare_refresh_tokens)
        });
    };
    /// Replies of `oauth.v2.exchange`.
    oauth_v2_exchange, |input| {
        reply::check_tokens::<OauthV2Exchange>(input, &BOTH, |grant| {
            let found = [&grant.credential].into_iter().chain(&grant.unplaced);
            texts(found, &grant.spare_refresh_tokens)
        });
    };
    /// Replies of `oauth.v2.access` to a refresh token.
    oauth_v2_refresh, |input| {
        reply::check_tokens::<OauthV2Refresh>(input, &BOTH, |grant| {
            let found = [&grant.credential].into_iter().chain(&grant.unplaced);
            texts(found, &grant.spare_refresh_tokens)
        });
    };
    /// Replies of `oauth.v2.user.access`.
    oauth_v2_user_access, |input| {
        reply::check_tokens::<OauthV2UserAccess<SecretAuthentication>>(input, &BOTH, |grant| {
            let found = [&grant.credential].into_iter().chain(&grant.unplaced);
            texts(found, &grant.spare_refresh_tokens)
        });
    };
    /// Replies of `oauth.v2.user.access` to a refresh token.
    oauth_v2_user_refresh, |input| {
        reply::check_tokens::<OauthV2UserRefresh>(input, &BOTH, |grant| {
            let found = [&grant.credential].into_iter().chain(&grant.unplaced);
            texts(found, &grant.spare_refresh_tokens)
        });
    };
    /// Replies of `openid.connect.token` to a refresh token.
    openid_connect_refresh, |input| {
        reply::check_tokens::<OpenidConnectRefresh>(input, &TOP, |grant| texts([&grant.credential], &[]));
    };
    /// Replies of `openid.connect.token`.
    openid_connect_token, |input| {
        reply::check_tokens::<OpenidConnectToken<SecretAuthentication>>(input, &TOP, |grant| texts([&grant.credential], &[]));
    };
    /// Replies of `openid.connect.userInfo`.
    openid_connect_user_info, |input| ignore(check_hiding::<OpenidConnectUserInfo>(input));
    /// Endpoints and redirect URIs of a configuration.
    origins, origins::check;
    /// A pending authorization that was written down, as a session or a cookie gives it back.
    pending_authorization, pending::check;
    /// The requests of all methods, made by `arbitrary`.
    requests, calls::check_call;
    /// A rotation, told anything in any order.
    rotation, rotation::check;
    /// A rotation, made and told by `arbitrary`: any policy, any kind of pair, any order of events.
    rotation_events, rotation::check_events;
    /// A stateless state and a cookie, as a browser brings them back.
    stateless_state, stateless::check;
    /// A file of the store in a folder.
    store_file, stored::check_file;
    /// The name of a place or a person in a store, as text or as ids on a line each.
    store_key, stored::check_key;
    /// A lease of the store in a folder.
    store_lease, stored::check_lease;
    /// Replies of `tooling.tokens.rotate`.
    tooling_tokens_rotate, |input| {
        reply::check_tokens::<ToolingTokensRotate>(input, &CONFIGURATION, |pair| {
            let refresh_token = pair.refresh_token.as_ref().map(|token| token.expose().to_owned());
            [pair.token.expose().to_owned()].into_iter().chain(refresh_token).collect()
        });
    };
}

fn ignore<T>(_: T) {}

/// The object itself and the person in it.
const BOTH: Places = Places::new(
    &["access_token", "authed_user.access_token"],
    &["refresh_token", "authed_user.refresh_token"],
);
const TOP: Places = Places::new(&["access_token"], &["refresh_token"]);
const EXTERNAL: Places = Places::new(&["external_token"], &[]);
const CONFIGURATION: Places = Places::new(&["token"], &["refresh_token"]);

/// A method of which nothing but the envelope is read.
struct Anything;

impl ApiMethod for Anything {
    const NAME: &'static str = "any.thing";
    type Auth = AccessToken;
    type Response = IgnoredAny;
    type Error = NoError;

    fn params(&self, _: &mut FormFields) {}
}
