//! `slack-auth decode`: what it prints for every sample, that it never prints a secret, and its exit status.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::{collections::BTreeMap, fs, path::PathBuf};

use serde_json::{Value, json};
use slack_auth::tokens::Fingerprint;

struct Run {
    status: i32,
    output: String,
    remarks: String,
}

impl Run {
    fn json(&self) -> Value {
        serde_json::from_str(&self.output).unwrap()
    }
}

fn decode(args: &[&str], input: &[u8]) -> Run {
    let mut child = Command::new(env!("CARGO_BIN_EXE_slack-auth"))
        .arg("decode")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that was misused ends without reading.
    let _ = child.stdin.take().unwrap().write_all(input);
    let out = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Run { status: out.status.code().unwrap(), output: text(out.stdout), remarks: text(out.stderr) }
}

fn fingerprint(secret: &str) -> String {
    Fingerprint::of(secret).to_string()
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../slack-proto/tests")
}

fn sample(file: &str) -> Vec<u8> {
    fs::read(folder().join("samples").join(file)).unwrap()
}

/// What the core's own test expects of each sample: file, call, all that it tells.
fn expectations() -> BTreeMap<String, BTreeMap<String, Value>> {
    serde_json::from_slice(&fs::read(folder().join("samples_expected.json")).unwrap()).unwrap()
}

/// The options that a row of the index stands for.
fn options(file: &str) -> Vec<String> {
    let index = String::from_utf8(sample("index.tsv")).unwrap();
    let row = index.lines().find(|line| line.split('\t').next() == Some(file)).unwrap();
    let [_, status, headers, _] = row.split('\t').collect::<Vec<_>>()[..] else {
        panic!("not a row: {row}")
    };
    let headers = headers.split(" | ").flat_map(|header| ["--header".into(), header.to_owned()]);
    ["--status".to_owned(), status.to_owned()].into_iter().chain(headers).collect()
}

/// Finds every text in an expectation that is a secret by its name.
fn secrets<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    const SECRET: [&str; 7] = [
        "access_token",
        "refresh_token",
        "id_token",
        "token",
        "external_token",
        "state",
        "instance_url",
    ];
    for (name, value) in value.as_object().into_iter().flatten() {
        match value {
            Value::String(text) if SECRET.contains(&name.as_str()) => found.push(text),
            other => secrets(other, found),
        }
    }
}

#[test]
fn every_sample_comes_out_as_the_core_tells_it_and_without_a_secret() {
    let mut runs = 0;
    for (file, calls) in expectations() {
        let body = sample(&file);
        for (call, told) in calls.iter().filter(|(name, _)| *name != "why") {
            // That one differs in its request only.
            if call == "auth.revoke refresh token" {
                continue;
            }
            let (method, grant) = call.split_once(' ').unwrap_or((call, ""));
            let mut args = vec![method.to_owned()];
            if !grant.is_empty() {
                args.extend(["--grant".to_owned(), grant.to_owned()]);
            }
            args.extend(options(&file));
            let args: Vec<_> = args.iter().map(String::as_str).collect();
            check(&format!("{file} {call}"), told, &decode(&args, &body));
            runs += 1;
        }
    }
    println!("{runs} runs");
    assert!(runs > 190, "{runs} runs");
}

fn check(place: &str, told: &Value, run: &Run) {
    let shown = run.json();
    let outcome = ["api_error", "rate_limited", "http_error", "decode_error"]
        .into_iter()
        .find(|kind| told.get(kind).is_some());
    assert_eq!(shown["outcome"], outcome.unwrap_or("ok"), "{place}");
    assert_eq!(run.status, i32::from(outcome.is_some()), "{place}");
    let meta = &told["meta"];
    for name in ["recovery", "needed", "provided"] {
        assert_eq!(shown[name], told[name], "{place}");
    }
    assert_eq!(shown["warnings"], meta["warnings"], "{place}");
    assert_eq!(shown["parse_warnings"], meta["oddities"], "{place}");
    assert_eq!(shown["retry_after_s"], meta["retry_after"], "{place}");
    assert_eq!(shown["status"], meta.get("status").cloned().unwrap_or(json!(200)), "{place}");
    if let Some(code) = told.get("api_error").filter(|code| **code != "") {
        assert_eq!(shown["error"], json!({"code": code, "known": told["known"]}), "{place}");
        assert_eq!(
            run.remarks,
            format!("slack-auth: {}\n", told["says"].as_str().unwrap()),
            "{place}"
        );
    }
    check_credentials(place, &told["value"], &shown);
    let mut hidden = Vec::new();
    secrets(&told["value"], &mut hidden);
    for hint in hidden.into_iter().chain(["xox", "eyJ", "hooks.slack.com"]) {
        assert!(!run.output.contains(hint) && !run.remarks.contains(hint), "{place}");
    }
}

/// Every token is there by its fingerprint.
fn check_credentials(place: &str, value: &Value, shown: &Value) {
    for (slot, credential) in [
        ("bot", &value["bot"]),
        ("user", &value["user"]),
        ("unknown", &value["unplaced"]),
        ("", &value["credential"]),
    ] {
        let Some(token) = credential["access_token"].as_str() else { continue };
        let print = fingerprint(token);
        let lines = shown["credentials"].as_array().unwrap();
        let line = lines.iter().find(|line| line["fingerprint"] == *print).unwrap();
        assert!(slot.is_empty() || line["slot"] == slot, "{place}");
        let refresh = credential["refresh_token"].as_str().map(fingerprint);
        assert_eq!(line["refresh_fingerprint"], json!(refresh), "{place}");
        assert_eq!(line["expires_in_s"], credential["expires_in"], "{place}");
        if let Some(scopes) = credential.get("scopes") {
            assert_eq!(line["scopes"], *scopes, "{place}");
        }
    }
}

#[test]
fn an_installation_is_told_whole() {
    let file = "oauth.v2.access--rotation-bot-and-user.json";
    let run = decode(&["oauth.v2.access"], &sample(file));
    let body: Value = serde_json::from_slice(&sample(file)).unwrap();
    let print = |pointer: &str| fingerprint(body.pointer(pointer).unwrap().as_str().unwrap());
    assert_eq!(
        run.json(),
        json!({
            "outcome": "ok",
            "status": 200,
            "credentials": [
                {
                    "slot": "bot", "kind": "rotating_bot", "fingerprint": print("/access_token"),
                    "refresh_fingerprint": print("/refresh_token"), "scopes": ["chat:write", "commands"],
                    "expires_in_s": 43200,
                },
                {
                    "slot": "user", "kind": "rotating_user", "fingerprint": print("/authed_user/access_token"),
                    "refresh_fingerprint": print("/authed_user/refresh_token"),
                    "scopes": ["chat:write", "users:read"], "expires_in_s": 43200,
                },
            ],
            "installation": {
                "key": "T0FAKE00001", "app_id": "A0FAKE00001", "team_id": "T0FAKE00001",
                "enterprise_install": false, "user_id": "U0FAKE00001", "bot_user_id": "U0FAKEBOT01",
            },
        })
    );
    assert_eq!((run.status, run.remarks.as_str()), (0, ""));
}

#[test]
fn each_kind_of_place_has_its_key() {
    for (file, key) in [
        ("oauth.v2.access--bot-install.json", "T0FAKE00001"),
        ("oauth.v2.access--enterprise-workspace-install.json", "E0FAKE00001/T0FAKE00001"),
        ("oauth.v2.access--org-install-bot.json", "E0FAKE00001"),
    ] {
        let run = decode(&["oauth.v2.access"], &sample(file));
        assert_eq!(run.json()["installation"]["key"], key, "{file}");
    }
    let run = decode(&["auth.test"], &sample("auth.test--org-bot.json"));
    assert_eq!(run.json()["installation"]["key"], "E0FAKE00001");
}

#[test]
fn other_credentials_and_the_webhook() {
    let run = decode(&["tooling.tokens.rotate"], &sample("tooling.tokens.rotate--success.json"));
    let line = &run.json()["credentials"][0];
    assert_eq!((&line["slot"], &line["kind"]), (&json!("config"), &json!("config")));
    assert_eq!(line["expires_in_s"], 43200);
    let run = decode(&["apps.auth.external.get"], &sample("apps.auth.external.get--success.json"));
    let print = fingerprint("FAKE-third-party-access-token!.0001_not-real");
    let lines = json!([{"slot": "external", "kind": "external", "fingerprint": print}]);
    assert_eq!(run.json()["credentials"], lines);
    let run = decode(&["openid.connect.token"], &sample("openid.connect.token--success.json"));
    let line = &run.json()["credentials"][0];
    assert_eq!((&line["slot"], &line["kind"]), (&json!("openid"), &json!("user")));
    let run = decode(&["oauth.v2.access"], &sample("oauth.v2.access--incoming-webhook.json"));
    let url = "https://hooks.slack.com/services/T0FAKE00001/B0FAKE00001/FAKE-webhook-path-0001";
    let hook = json!({"channel": "#fake-general", "url_fingerprint": fingerprint(url)});
    assert_eq!(run.json()["webhook"], hook);
}

#[test]
fn claims_are_told_by_their_names_and_unknown_ones_too() {
    let file = "openid.connect.userInfo--enterprise.json";
    let run = decode(&["openid.connect.userInfo"], &sample(file));
    let mut claims: Value = serde_json::from_slice(&sample(file)).unwrap();
    claims.as_object_mut().unwrap().remove("ok");
    assert_eq!(run.json()["claims"], claims);
    let body = br#"{"ok":true,"sub":"U1","x":{"deep":[1,"\u0078oxb-1"]},"\ud800":"xoxb-2","y":"\ud800 \u0078oxb-3"}"#;
    let run = decode(&["openid.connect.userInfo"], body);
    assert_eq!(run.json()["claims"]["x"]["deep"], json!([1, "[6 bytes not shown]"]));
    assert!(!run.output.contains("oxb-"), "{}", run.output);
}

#[test]
fn callbacks() {
    let run = decode(&["callback"], &sample("authorize-callback--success.txt"));
    let state = fingerprint("fake-state-0001");
    let code = fingerprint("1000000001.3000000003.FAKEFAKEFAKEFAKE");
    let ok = json!({"outcome": "ok", "code_fingerprint": code, "state_fingerprint": state});
    assert_eq!((run.status, run.json()), (0, ok));

    let run = decode(&["callback"], &sample("authorize-callback--cancelled.txt"));
    let denied = json!({"outcome": "api_error", "error": {"code": "access_denied", "known": "method"},
        "recovery": "authorize_again", "state_fingerprint": state});
    assert_eq!((run.status, run.json()), (1, denied));

    let run = decode(&["callback"], b"https://app.example.com/cb?code=a&code=b\n");
    let broken = json!({"outcome": "decode_error", "recovery": "authorize_again"});
    assert_eq!((run.status, run.json()), (1, broken));
    assert!(run.remarks.contains("more than one `code`"), "{}", run.remarks);
}

#[test]
fn text_that_looks_like_a_token_is_only_counted() {
    let body = br#"{"ok":false,"error":"xoxb-1","warning":"eyJhbGci","response_metadata":
        {"messages":["see https://hooks.slack.com/services/T1/B1/x"]}}"#;
    let run = decode(&["auth.test", "--header", "x-slack-req-id: xoxp-1"], body);
    let shown = run.json();
    assert_eq!(shown["error"]["code"], "[6 bytes not shown]");
    assert_eq!(shown["request_id"], "[6 bytes not shown]");
    assert_eq!(shown["warnings"], json!(["[8 bytes not shown]"]));
    for hint in ["xox", "eyJ", "hooks.slack"] {
        assert!(!run.output.contains(hint) && !run.remarks.contains(hint), "{}", run.remarks);
    }
}

#[test]
fn misuse_is_told_and_has_a_status_of_its_own() {
    for (args, says) in [
        (&[][..], "<METHOD>"),
        (&["auth.tests"], "invalid value 'auth.tests' for '<METHOD>'"),
        (&["auth.test", "auth.test"], "unexpected argument"),
        (&["auth.test", "--grants"], "unexpected argument '--grants'"),
        (&["auth.test", "--status"], "a value is required for '--status"),
        (&["auth.test", "--status", "20"], "it must be an HTTP status"),
        (&["auth.test", "--status=ok"], "it must be an HTTP status"),
        (&["auth.test", "--header", "retry-after"], "it must be `name: value`"),
        (&["auth.test", "--header", "a b: c"], "it must be `name: value`"),
        (&["oauth.v2.access", "--grant", "client"], "[possible values: code, refresh]"),
        (&["callback", "--status", "200"], "a callback has no options"),
    ] {
        let run = decode(args, b"{}");
        assert_eq!((run.status, run.output.as_str()), (2, ""), "{args:?}");
        assert!(run.remarks.contains(says), "{}", run.remarks);
    }
    let run = decode(&["auth.test", "--grant", "code"], br#"{"ok":true}"#);
    assert_eq!(run.status, 0);
    assert!(run.remarks.contains("--grant makes no difference"));
}

#[test]
fn help_names_every_method() {
    let run = decode(&["--help"], b"");
    assert_eq!((run.status, run.remarks.as_str()), (0, ""));
    for word in
        ["Usage: slack-auth decode", "tooling.tokens.rotate", "callback", "--grant", "Exit status"]
    {
        assert!(run.output.contains(word), "{word}: {}", run.output);
    }
}
