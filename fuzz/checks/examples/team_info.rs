//! A method of your own, fuzzed as the library's are: what comes back, what goes out, and a folder of inputs replayed.
//!
//! ```sh
//! cargo run -p slack-auth-fuzz-checks --example team_info               # the inputs below
//! cargo run -p slack-auth-fuzz-checks --example team_info -- FOLDER     # those that a fuzzer kept
//! ```
//!
//! A fuzz target is one line over `replies` or `requests`: `fuzz_target!(|input: &[u8]| replies(input));`. In your
//! crate's tests the loop of `main` is the test that replays seeds and findings.

use slack_auth_fuzz_checks::{
    reply,
    request::{self, Said},
};
use slack_proto::{AccessToken, ApiMethod, ids::TeamId, methods::FormFields};

// The method is the one of `examples/custom_method.rs`.

struct TeamInfo {
    team: TeamId,
}

#[derive(serde::Deserialize)]
struct TeamInfoResponse {
    team: Team,
}

#[derive(serde::Deserialize)]
struct Team {
    id: String,
    domain: String,
}

slack_proto::error_codes! {
    /// Why Slack refuses `team.info`.
    enum TeamInfoError {
        /// there is no such team
        TeamNotFound = "team_not_found", CallerBug;
    }
}

impl ApiMethod for TeamInfo {
    const NAME: &'static str = "team.info";
    type Auth = AccessToken;
    type Response = TeamInfoResponse;
    type Error = TeamInfoError;

    fn params(&self, form: &mut FormFields) {
        form.field("team", self.team.as_str());
    }
}

/// No panic, no token in an error's text, no failure taken for a success; and what this method alone promises.
fn replies(input: &[u8]) -> bool {
    reply::check_error_body::<TeamInfo>(input);
    let Some(reply) = reply::check::<TeamInfo>(input) else { return false };
    let Team { id, domain } = reply.value.team;
    let body = String::from_utf8_lossy(input);
    assert!(body.contains("team") && body.len() >= id.len() + domain.len(), "a team of nowhere");
    true
}

/// Whatever team is asked for, the request says exactly that.
fn requests(input: &[u8]) {
    let team = String::from_utf8_lossy(input);
    let token = AccessToken::new("xoxb-FAKE").expect("visible ASCII");
    let said = Said::nothing().bearer("xoxb-FAKE").field("team", &team);
    request::check(&TeamInfo { team: (&*team).into() }, &token, &said);
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut inputs = INPUTS.map(<[u8]>::to_vec).to_vec();
    if let Some(folder) = std::env::args_os().nth(1) {
        inputs.clear();
        for entry in std::fs::read_dir(folder)? {
            inputs.push(std::fs::read(entry?.path())?);
        }
    }
    let mut successes = 0;
    for input in &inputs {
        successes += usize::from(replies(input));
        requests(input);
    }
    println!("{} inputs, {successes} of them a success; all checks hold", inputs.len());
    Ok(())
}

const INPUTS: [&[u8]; 6] = [
    br#"{"ok":true,"team":{"id":"T0FAKE00001","domain":"acme"}}"#,
    b"200 x-slack-req-id: 1\n{\"ok\":false,\"error\":\"team_not_found\"}",
    b"429 retry-after: 30\nslow down",
    br#"{"ok":true,"team":{"id":7,"domain":"xoxb-FAKE"}}"#,
    br#"{"ok":"true","team":{"id":"T0FAKE00001","domain":"acme"}}"#,
    b"T0 &=\r\nx-injected: 1\0",
];
