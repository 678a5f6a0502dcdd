//! Plays one row of the table.

use std::collections::HashSet;
use std::net::{SocketAddr, TcpListener};
use std::thread;
use std::time::{Duration, Instant};

use http::{Method, Request, Response};

use super::canary;
use super::plan::{self, Ask, Plan, Url};
use super::report::Outcome;
use super::server::{Seen, Server};
use super::table::{Expected, Row, Sent};
use super::{Suite, wait};
use crate::{Body, Error, Transport};

/// Plays the fault and compares what came of it with its row.
pub(super) fn play(suite: &Suite, row: &Row) -> Outcome {
    let trap = Server::start(Vec::new(), None);
    let plan =
        plan::plan(row.name, trap.address()).ok_or("the table has a fault without a plan")?;
    let tls = match plan.url {
        Url::Https(certificate) => {
            Some(suite.ca.server(certificate).map_err(|error| error.to_string())?)
        }
        Url::Http2 => Some(suite.ca.http2_server().map_err(|error| error.to_string())?),
        Url::WantsCertificate => {
            Some(suite.ca.server_for_known_clients().map_err(|error| error.to_string())?)
        }
        Url::Http | Url::HttpsToPlain | Url::Nobody => None,
    };
    let server = Server::start(plan.connections.clone(), tls);
    let address = if plan.url == Url::Nobody { free_port()? } else { server.address() };
    let transport = suite.transport(plan.limits)?;
    if let Some(ask) = plan.warm_up {
        wait::block_on(transport.send(request(&plan, address, ask, "warm-up")))
            .map_err(|error| format!("the first exchange failed: {error}"))?;
    }
    let own = row.name.trim_start_matches("h2-");
    for number in 0..plan.times {
        if plan.warm_up.is_some() || (number > 0 && own == "closes-after-each") {
            // The client takes its connection back, and the server's close arrives: on a busy machine it comes late.
            if ["closes-after-each", "closed-while-idle", "closed-just-now"].contains(&own) {
                server.wait_for(|seen| seen.iter().all(|it| it.ended).then_some(()));
            }
            thread::sleep(plan.pause);
        }
        let marker = format!("asked-{number}-");
        exchange(&*transport, request(&plan, address, plan.ask, &marker), &plan, row)
            .map_err(|failure| format!("request {number}: {failure}"))?;
    }
    let seen = server.seen();
    if let Some(target) = repeated(&seen) {
        return Err(format!("{target} arrived more than once"));
    }
    let arrived: usize = seen.iter().map(|connection| connection.requests.len()).sum();
    let sent = plan.times + usize::from(plan.warm_up.is_some());
    if arrived > sent {
        return Err(format!("{arrived} requests arrived of {sent} that were sent"));
    }
    if trap.seen().is_empty() {
        Ok(plan.times)
    } else {
        Err("a request was sent to another server".into())
    }
}

fn exchange(
    transport: &dyn Transport,
    request: Request<Body>,
    plan: &Plan,
    row: &Row,
) -> Result<(), String> {
    let begin = Instant::now();
    let result = wait::block_on(transport.send(request));
    let took = begin.elapsed();
    let latest = plan.limits.total_timeout() + BUSY_MACHINE;
    if took > latest {
        return Err(format!(
            "took {took:?}, and the total timeout is {:?}",
            plan.limits.total_timeout()
        ));
    }
    match result {
        Ok(response) => check_answer(&response, plan, row),
        Err(error) => check_error(&error, row),
    }
}

fn check_answer(response: &Response<Vec<u8>>, plan: &Plan, row: &Row) -> Result<(), String> {
    let status = response.status();
    let expected = |result: &Expected| match *result {
        Expected::Status(code) => status.as_u16() == code,
        Expected::Redirect => status.is_redirection(),
        Expected::Error(_) => false,
    };
    if !row.results.iter().any(expected) {
        return Err(format!("an answer with status {status}, not {:?}", row.results));
    }
    if *response.body() != plan.body {
        return Err(format!("a body of {} bytes that is not the one sent", response.body().len()));
    }
    if row.name.starts_with("h2-header-") && response.headers().contains_key("x-secret") {
        return Err("the answer has the header that is none".to_owned());
    }
    for stray in ["link", "x-trailer"] {
        if response.headers().contains_key(stray) {
            return Err(format!(
                "the answer has the header {stray} of an interim reply or a trailer"
            ));
        }
    }
    Ok(())
}

fn check_error(error: &Error, row: &Row) -> Result<(), String> {
    let sent_is_right = match row.sent {
        Sent::Nothing => error.nothing_was_sent(),
        Sent::Perhaps => !error.nothing_was_sent(),
        Sent::Either => true,
    };
    if let Some(secret) = canary::found_in(error) {
        return Err(format!("an error that shows the secret {secret}"));
    }
    if !row.results.contains(&Expected::Error(error.kind())) || !sent_is_right {
        let causes =
            std::iter::successors(std::error::Error::source(error), |cause| cause.source());
        let causes: Vec<String> = causes.map(ToString::to_string).collect();
        let said = format!("{:?}, {error} ({})", error.kind(), causes.join(": "));
        return Err(format!("{said}, not {:?} with {:?} sent", row.results, row.sent));
    }
    Ok(())
}

fn request(plan: &Plan, address: SocketAddr, ask: Ask, marker: &str) -> Request<Body> {
    let scheme = if matches!(plan.url, Url::Http | Url::Nobody) { "http" } else { "https" };
    let method = match ask {
        Ask::Post | Ask::LongPost | Ask::EmptyPost => Method::POST,
        Ask::Get => Method::GET,
        Ask::Head => Method::HEAD,
    };
    let body = match ask {
        Ask::Post => format!("code={}", canary::BODY).into_bytes(),
        Ask::LongPost => canary::BODY.repeat(50_000).into_bytes(),
        Ask::EmptyPost | Ask::Get | Ask::Head => Vec::new(),
    };
    Request::builder()
        .method(method)
        .uri(format!("{scheme}://{address}/{marker}?hint={}", canary::QUERY))
        .header("authorization", format!("Bearer {}", canary::HEADER))
        .body(Body::from(body))
        .expect("the parts of this request are fixed")
}

/// Returns a request that arrived twice; each has a path of its own.
fn repeated(seen: &[Seen]) -> Option<String> {
    let mut targets = HashSet::new();
    seen.iter().flat_map(|connection| &connection.requests).find_map(|request| {
        let line = request.split(|&byte| byte == b'?').next().unwrap_or_default();
        (!targets.insert(line)).then(|| String::from_utf8_lossy(line).into_owned())
    })
}

/// Returns a port that nobody listens on.
fn free_port() -> Result<SocketAddr, String> {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .map_err(|error| error.to_string())
}

/// How late an answer may be on a machine that has much else to do.
const BUSY_MACHINE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::{cases, table};

    #[test]
    fn every_row_has_a_plan_and_every_guarantee_is_shown() {
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 1));
        let rows = table::rows();
        assert!(rows.len() > 60, "{}", rows.len());
        for row in &rows {
            assert!(plan::plan(row.name, nowhere).is_some(), "{}", row.name);
        }
        let is_known = |name: &str| {
            rows.iter().any(|row| row.name == name)
                || cases::ALL.iter().any(|(case, _)| *case == name)
        };
        for line in include_str!("guarantees.md").lines().skip(2) {
            let shown_by = line.rsplit('|').nth(1).unwrap().trim();
            let names: Vec<&str> =
                shown_by.split(", ").map(|name| name.trim_matches('`')).collect();
            assert!(
                shown_by.starts_with("every case") || names.iter().all(|name| is_known(name)),
                "{line}"
            );
        }
    }
}
