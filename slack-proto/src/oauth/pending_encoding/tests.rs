use super::*;
use crate::{
    methods::{OauthV2Access, OauthV2UserAccess, OpenidConnectToken},
    oauth::{AuthorizationRequest, InstallScopes, RandomBytes, SecretAndPkce, SignInScopes},
};

const NOW: Timestamp = Timestamp::from_unix(1_795_219_200);
const INSTALL: &str = "v=1&method=oauth.v2.access&proof=secret&client_id=1.2\
    &state=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcb\
    &bot=chat%3Awrite%2Ccommands&user=users%3Aread&began_at=1795219200&life=600&check=90b20ed706ba88b6";

fn begin<M: CodeExchange>(
    scopes: impl Into<M::Scopes>,
    redirect: impl Into<Option<RedirectUri>>,
) -> PendingAuthorization<M> {
    let id = ClientId::new("1.2").unwrap();
    let request = AuthorizationRequest::<M>::new(id, scopes, redirect).unwrap();
    request.begin(&Endpoint::slack(), &RandomBytes::new([0; 96]), NOW).1
}

fn web() -> RedirectUri {
    RedirectUri::new("https://app.example.com/cb").unwrap()
}

fn install() -> PendingAuthorization<OauthV2Access> {
    begin(InstallScopes::bot("chat:write, commands").user("users:read"), web())
}

fn decode(text: &str) -> Result<PendingAuthorization<OauthV2Access>, InvalidPendingAuthorization> {
    PendingAuthorization::decode(text, NOW)
}

/// Appends the correct check value to `text`.
fn checked(text: &str) -> String {
    let text = text.rsplit_once(CHECK).map_or(text, |(text, _)| text);
    format!("{text}{CHECK}{}", Fingerprint::of(text))
}

#[test]
fn the_format_is_what_it_says() {
    assert_eq!(install().encode_exposing_secrets(), INSTALL);
    let back = decode(INSTALL).unwrap();
    assert_eq!(back.scopes(), install().scopes());
    assert_eq!(
        (back.redirect_uri(), back.began_at, back.lifetime),
        (Some(&web()), NOW, install().lifetime)
    );
    assert!(back.state().same_as(install().state()));
}

#[test]
fn every_flow_comes_back_with_all_of_its_secrets() {
    #[track_caller]
    fn check<M: CodeExchange>(pending: &PendingAuthorization<M>, members: &str) {
        let text = pending.encode_exposing_secrets();
        let names: Vec<_> =
            text.split('&').map(|member| member.split('=').next().unwrap()).collect();
        assert_eq!(names.join(" "), members);
        let back = PendingAuthorization::<M>::decode(&text, NOW).unwrap();
        assert_eq!(back.encode_exposing_secrets(), text);
        assert_eq!(format!("{back:?}"), format!("{pending:?}"));
    }
    let desktop = RedirectUri::new("fakeapp://oauth/cb").unwrap();
    check(
        &begin::<OauthV2UserAccess<CodeVerifier>>("chat:write", desktop),
        "v method proof client_id state verifier redirect_uri user began_at life check",
    );
    let loopback = RedirectUri::insecure_for_tests("http://127.0.0.1:1/cb").unwrap();
    check(
        &begin::<OpenidConnectToken<SecretAndPkce>>(SignInScopes::openid(), loopback),
        "v method proof client_id state verifier nonce insecure_redirect_uri user began_at life check",
    );
    check(
        &begin::<OauthV2Access>(InstallScopes::bot("commands"), None),
        "v method proof client_id state bot began_at life check",
    );
}

#[test]
fn another_slack_and_a_required_team_come_back() {
    let request = AuthorizationRequest::<OpenidConnectToken>::new(
        ClientId::new("1.2").unwrap(),
        SignInScopes::openid(),
        web(),
    );
    let request = request.unwrap().require_team("T0FAKE00001".into());
    let (url, pending) = request.begin(&Endpoint::gov_slack(), &RandomBytes::new([0; 96]), NOW);
    assert!(url.expose().ends_with("&team=T0FAKE00001"));
    let text = pending.encode_exposing_secrets();
    let back = PendingAuthorization::<OpenidConnectToken>::decode(&text, NOW).unwrap();
    assert_eq!(back.endpoint(), &Endpoint::gov_slack());
    let callback = format!("code=c&state={}", back.state().expose());
    let callback = crate::oauth::Callback::parse(&callback).unwrap();
    let authorized = back.finish(callback, NOW).unwrap();
    assert_eq!(authorized.endpoint(), &Endpoint::gov_slack());
    let team = authorized.expected_id_token().required_team().unwrap();
    assert_eq!(team.as_str(), "T0FAKE00001");
    // What an earlier release wrote, and an install of slack.com as ever.
    assert_eq!(decode(INSTALL).unwrap().endpoint(), &Endpoint::slack());
    let with_team = checked(&INSTALL.replacen("&bot=", "&team=T1&bot=", 1));
    assert_eq!(decode(&with_team).unwrap_err(), InvalidPendingAuthorization::Malformed);
}

#[test]
fn each_refusal_is_its_own() {
    use InvalidPendingAuthorization::{Expired, Malformed, OtherFlow, UnknownVersion};
    let cut = &INSTALL[..INSTALL.len() - 1];
    let no_check = INSTALL.rsplit_once(CHECK).unwrap().0;
    for text in [
        "",
        "&check=",
        cut,
        no_check,
        &INSTALL.replace("life=600", "life=900"),
        // What is damaged is believed in nothing.
        &INSTALL.replace("v=1", "v=2"),
        &INSTALL.replace("secret", "verifier"),
    ] {
        assert_eq!(decode(text).unwrap_err(), Malformed, "{text}");
    }
    let changed = |from, to| checked(&INSTALL.replacen(from, to, 1));
    for (from, to) in [
        ("v=1&", ""),
        ("&method=oauth.v2.access", ""),
        ("&proof=secret", ""),
        ("&client_id=1.2", "&client_id="),
        ("&state=", "&statd="),
        ("&state=", "&verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk&state="),
        ("&state=", "&nonce=n&state="),
        ("redirect_uri=https", "redirect_uri=http"),
        ("&redirect_uri=https", "&insecure_redirect_uri=https"),
        ("began_at=1795219200", "began_at=+1795219200"),
        ("life=600", "life=99999999999999999999"),
        ("life=600", "life=600&life=600"),
        ("%2C", ","),
        ("v=1&method=oauth.v2.access", "method=oauth.v2.access&v=1"),
    ] {
        assert_eq!(decode(&changed(from, to)).unwrap_err(), Malformed, "{from} {to}");
    }
    assert_eq!(decode(&changed("v=1", "v=2")).unwrap_err(), UnknownVersion);
    for other in ["oauth.v2.user.access", "x"] {
        assert_eq!(decode(&changed("oauth.v2.access", other)).unwrap_err(), OtherFlow);
    }
    assert_eq!(decode(&changed("proof=secret", "proof=verifier")).unwrap_err(), OtherFlow);
    let late = NOW + Duration::from_secs(601);
    let error = PendingAuthorization::<OauthV2Access>::decode(INSTALL, late).unwrap_err();
    assert_eq!(error, Expired);
    let flow = PendingAuthorization::<OauthV2UserAccess>::decode(INSTALL, NOW).unwrap_err();
    assert_eq!(flow, OtherFlow);
    let shown = [Malformed, UnknownVersion, OtherFlow, Expired].map(|error| error.to_string());
    assert!(shown.iter().all(|text| text.contains("pending authorization")));
    assert_eq!(shown.iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
}

#[test]
fn there_is_room_for_text_that_is_escaped_all_over() {
    let text =
        Serializer::new(String::new()).append_pair("name", "&&&&").append_pair("b", "").finish();
    assert_eq!(text, "name=%26%26%26%26&b=");
    // Each member ends with an ampersand, which the last one has not.
    assert_eq!(room(&[("name", Some("&&&&")), ("b", None)]), text.len() + 1);
    assert!(CHECK.len() + 16 <= CHECK_ROOM);
}
