//! A method of your own, `team.info`, in about a dozen lines: every client, retry and fuzz helper takes it.
//!
//! ```sh
//! cargo run --example custom_method
//! ```
//!
//! The answer stands in the program, so that it runs without a Slack account; `Client::call` sends the same value.

use slack_auth::{
    AccessToken, ApiMethod, Endpoint, error::ResponseError, ids::TeamId, methods::FormFields,
};

struct TeamInfo {
    team: TeamId,
}

#[derive(serde::Deserialize)]
struct TeamInfoResponse {
    team: Team,
}

#[derive(serde::Deserialize)]
struct Team {
    name: String,
    domain: String,
}

slack_auth::error_codes! {
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

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let token = AccessToken::new("xoxb-not-a-real-token")?;
    let request = TeamInfo { team: "T0FAKE00001".into() }.to_request(&Endpoint::slack(), &token);
    println!("{} {}", request.method(), request.uri());

    let answer = r#"{"ok":true,"team":{"id":"T0FAKE00001","name":"Acme","domain":"acme"}}"#;
    let team = TeamInfo::parse_response(&http::Response::new(answer))?.value.team;
    println!("{} is at {}.slack.com", team.name, team.domain);

    // The method's own code, a common one, and one that nobody has seen: each keeps its place and its spelling.
    for code in ["team_not_found", "token_expired", "brand_new"] {
        let answer = format!(r#"{{"ok":false,"error":"{code}"}}"#);
        let Err(error) = TeamInfo::parse_response(&http::Response::new(answer)) else {
            return Err("a refusal was read as a success".into());
        };
        let ResponseError::Api(error) = error else { return Err(error.into()) };
        println!("{:?}: {error}", error.code);
    }
    Ok(())
}
