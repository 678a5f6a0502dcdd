//! Whether all of the above leaves a public type out.

/// Public types that hold no text from outside, nor anything secret.
const HARMLESS: &[&str] = &[
    "RequestedScopes",
    "Auth",
    "AuthorizeError",
    "AwsLcRs256",
    "CodeChallenge",
    "CodeExchange",
    "CommonError",
    "CredentialLifetime",
    "DocumentFault",
    "ErrorClass",
    "ApiMethod",
    "MethodError",
    "NoError",
    "OauthClient",
    "OauthV2AccessError",
    "Payload",
    "ClientAuthentication",
    "Purpose",
    "Rs256",
    "Rs256Key",
    "RefreshMethod",
    "Rejection",
    "SecretAuthentication",
    "Slot",
    "TokenKind",
];

/// Types that are checked inside others, or by the generic check of replies.
const INSIDE: &[&str] = &[
    "UserClaims",
    "ListedTeam",
    "TeamIcon",
    "TokenResponseExtras",
    "AuthTestResponse",
    "Reply",
    "OauthV2AccessResponse",
    "OauthV2RefreshResponse",
    "Enterprise",
    "IncomingWebhook",
    "Team",
];

#[test]
fn every_public_type_is_checked() {
    let checks = [
        include_str!("browser.rs"),
        include_str!("events.rs"),
        include_str!("id_tokens.rs"),
        include_str!("lifecycle.rs"),
        include_str!("replies.rs"),
        include_str!("requests.rs"),
        include_str!("rotation.rs"),
        include_str!("stored.rs"),
        include_str!("values.rs"),
    ]
    .concat();
    let modules = [
        include_str!("../../src/error.rs"),
        include_str!("../../src/methods.rs"),
        include_str!("../../src/oauth.rs"),
        include_str!("../../src/openid.rs"),
        include_str!("../../src/tokens.rs"),
        include_str!("../../src/rotation.rs"),
        include_str!("../../src/events.rs"),
        include_str!("../../src/lifecycle.rs"),
        include_str!("../../src/lib.rs"),
    ];
    let exports = modules
        .iter()
        .flat_map(|module| module.lines().skip_while(|line| !line.starts_with("pub use")))
        .filter(|line| !line.starts_with("pub mod ") && !line.starts_with("pub(crate)"))
        .take_while(|line| !line.starts_with("mod "));
    // The ids are written by a macro, one a line.
    let ids = include_str!("../../src/ids.rs").lines().filter(|line| line.ends_with("Id;"));
    let names: Vec<String> = exports
        .chain(ids)
        .flat_map(|line| {
            line.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect::<Vec<_>>()
        })
        .filter(|word| word.starts_with(char::is_uppercase))
        .collect();
    assert!(names.len() > 60, "only {} public names found", names.len());
    let known = |name: &str| {
        // What a checked method gives was checked with it; its own codes are fixed text.
        let stem = name.strip_suffix("Response").or(name.strip_suffix("Error"));
        stem.is_some_and(|method| checks.contains(&format!("check::<{method}")))
            || HARMLESS.contains(&name)
            || INSIDE.contains(&name)
            || [
                format!("{name}::"),
                format!("&{name})"),
                format!("\"{name}\""),
                format!("&{name}."),
            ]
            .iter()
            .any(|text| checks.contains(text))
    };
    let unknown: Vec<_> = names.iter().filter(|name| !known(name)).collect();
    assert!(
        unknown.is_empty(),
        "check {unknown:?} for canaries here, or say why they need no check"
    );
}
