//! `slack-auth decode`: what a reply of Slack means, without its secrets.

mod args;
mod describe;
mod summary;

use std::io::{Read as _, Write as _};

use http::StatusCode;

pub(crate) use args::DecodeArguments;

use crate::problem::Problem;
use summary::{Outcome, Summary};

pub(crate) fn run(arguments: &DecodeArguments) -> Result<(), Problem> {
    let DecodeArguments { call, grant, status, header } = arguments;
    let decode = call.decoder(*grant);
    if decode.is_none() && (grant.is_some() || status.is_some() || !header.is_empty()) {
        return Err(Problem::misuse("a callback has no options: it is a URL and not a reply"));
    }
    let mut body = Vec::new();
    std::io::stdin().read_to_end(&mut body).map_err(Problem::refused)?;
    let summary = match decode {
        None => Summary::of_callback(String::from_utf8_lossy(&body).trim()),
        Some(decode) => {
            let mut response = http::Response::new(body);
            *response.status_mut() = status.unwrap_or(StatusCode::OK);
            response.headers_mut().extend(header.iter().cloned().map(|(n, v)| (Some(n), v)));
            decode(&response)
        }
    };
    let one_form = (decode.is_some() && grant.is_some() && !call.has_grants())
        .then_some("the method has one form only; --grant makes no difference");
    for remark in one_form.into_iter().chain(summary.remark()) {
        eprintln!("slack-auth: {remark}");
    }
    let json = serde_json::to_string_pretty(&summary).map_err(Problem::refused)?;
    writeln!(std::io::stdout(), "{json}").map_err(Problem::refused)?;
    if summary.outcome == Outcome::Ok { Ok(()) } else { Err(Problem::shown()) }
}
