//! Bodies that somebody made to cost as much as they can, each of about the length that is asked for.

use http::Response;
use slack_proto::{
    ApiMethod,
    methods::{
        AppsAuthExternalGet, AuthTeamsList, AuthTest, OauthV2Access, OauthV2Refresh,
        OauthV2UserAccess, OpenidConnectToken, OpenidConnectUserInfo, ToolingTokensRotate,
    },
    oauth::{Callback, SecretAuthentication},
};

/// Makes each body, with its name.
pub(crate) fn bodies(length: usize) -> Vec<(&'static str, Vec<u8>)> {
    let many = |element: &dyn Fn(usize) -> String| repeated(length, element);
    let inside = |before: &str, middle: String, after: &str| {
        format!(r#"{{"ok":true,"access_token":"xoxb-1",{before}{middle}{after}}}"#).into_bytes()
    };
    let list = |name: &str, middle: String| inside(&format!("\"{name}\":["), middle, "]");
    let text = |name: &str, middle: String| inside(&format!("\"{name}\":\""), middle, "\"");
    let mut broken = text("scope", many(&|_| "x".into()));
    for byte in broken.iter_mut().skip(64).step_by(3) {
        if *byte == b'x' {
            *byte = 0xff;
        }
    }
    vec![
        ("repeated members", inside("", commas(many(&|_| r#""scope":"a","#.into())), "")),
        (
            "repeated tokens",
            inside("", commas(many(&|n| format!(r#""access_token":"x{n}","#))), ""),
        ),
        (
            "repeated objects",
            inside("", commas(many(&|n| format!(r#""team":{{"id":"T{n}"}},"#))), ""),
        ),
        ("repeated ok", inside("", commas(many(&|_| r#""ok":true,"#.into())), "")),
        ("unknown members", inside("", commas(many(&|n| format!(r#""m{n}":1,"#))), "")),
        ("empty names", inside("", commas(many(&|_| r#""":{},"#.into())), "")),
        ("odd members", inside("", commas(many(&|_| r#""team":1,"#.into())), "")),
        ("odd elements", list("teams", commas(many(&|_| "1,".into())))),
        ("workspaces", list("teams", commas(many(&|_| r#"{"id":"T"},"#.into())))),
        (
            "messages",
            inside(
                r#""response_metadata":{"messages":["#,
                commas(many(&|n| format!("\"m{n}\","))),
                "]}",
            ),
        ),
        ("warnings", text("warning", many(&|n| format!("w{n},")))),
        ("scopes", text("scope", many(&|_| "a,".into()))),
        ("escapes", text("refresh_token", many(&|_| r"\u0061".into()))),
        ("lone surrogates", text("refresh_token", many(&|_| r"\ud800".into()))),
        ("control characters", text("refresh_token", many(&|_| "\u{1}".into()))),
        ("broken UTF-8", broken),
        ("nested arrays", inside("\"x\":", many(&|_| "[".into()), "")),
        ("nested objects", inside("\"x\":", many(&|_| r#"{"x":"#.into()), "")),
        ("a long number", inside("\"expires_in\":", many(&|_| "9".into()), "")),
        ("white space", inside("", many(&|_| " ".into()), "\"x\":1")),
        ("byte order marks", many(&|_| "\u{feff}".into()).into_bytes()),
        (
            "text behind",
            [inside("\"x\":1", String::new(), ""), many(&|_| "{} ".into()).into_bytes()].concat(),
        ),
        (
            "an endless string",
            text("x", many(&|_| "x".into()))
                .split_last()
                .map_or_else(Vec::new, |(_, all)| all.to_vec()),
        ),
        (
            "a refusal with a long code",
            format!(r#"{{"ok":false,"error":"{}"}}"#, many(&|_| "x".into())).into_bytes(),
        ),
        (
            "a callback",
            format!("/callback?state=s&{}", many(&|n| format!("code=%4{}&", n % 10))).into_bytes(),
        ),
    ]
}

/// Gives a body to everything that reads remote input.
pub(crate) fn read_all(body: &[u8]) {
    fn read<M: ApiMethod>(body: &[u8]) {
        drop(M::parse_response(&Response::new(body)));
    }
    read::<OauthV2Access<SecretAuthentication>>(body);
    read::<OauthV2Refresh>(body);
    read::<OauthV2UserAccess<SecretAuthentication>>(body);
    read::<OpenidConnectToken<SecretAuthentication>>(body);
    read::<OpenidConnectUserInfo>(body);
    read::<ToolingTokensRotate>(body);
    read::<AppsAuthExternalGet>(body);
    read::<AuthTeamsList>(body);
    read::<AuthTest>(body);
    if let Ok(text) = std::str::from_utf8(body) {
        drop(Callback::parse(text));
    }
}

fn repeated(length: usize, element: &dyn Fn(usize) -> String) -> String {
    let mut text = String::with_capacity(length + 64);
    for index in 0.. {
        if text.len() >= length {
            break;
        }
        text.push_str(&element(index));
    }
    text
}

/// Takes the last comma off.
fn commas(mut text: String) -> String {
    text.pop();
    text
}
