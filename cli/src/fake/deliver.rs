//! Deliveries of signed requests to an app.

use std::error::Error;
use std::time::Duration;

use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::json;
use slack_fake::SlackEvent;
use tokio::net::TcpStream;

use super::control::{Control, Input, Outcome, Refusal, bad};
use super::handlers;
use super::timers::within;
use super::wishes::{Delivery, What};

/// Delivers an event or a verification, and returns the app's answer.
pub(super) async fn deliver(control: &Control, input: Input<'_>) -> Outcome {
    let Delivery { url, deliver, retry } = input.json()?;
    let request = request(control, &url, deliver, retry)?;
    let answer = within(WAIT, send(request)).await;
    let refused = |text: String| Refusal(StatusCode::BAD_GATEWAY, text);
    let (status, body) = answer
        .ok_or_else(|| refused(format!("the app did not answer within {} s", WAIT.as_secs())))?
        .map_err(|error| refused(format!("the app did not answer: {error}")))?;
    Ok(json!({"status": status.as_u16(), "body": String::from_utf8_lossy(&body)}))
}

fn request(
    control: &Control,
    url: &str,
    what: What,
    retry: u32,
) -> Result<Request<Vec<u8>>, Refusal> {
    let now = control.shared().clock().now();
    let event = match what {
        What::UrlVerification(what) => {
            let request = control.shared().with(|fake| {
                fake.url_verification_request(&what.client_id, url, &what.challenge, now)
            });
            return request.map_err(|error| bad(error.to_string()));
        }
        What::EventId(id) => {
            handlers::events(control, Input::empty())?;
            let found = control.kept().events.iter().find(|event| event.id == id).cloned();
            found.ok_or_else(|| {
                Refusal(StatusCode::NOT_FOUND, "no event has this id: see GET /_fake/events".into())
            })?
        }
        What::Event(new) => {
            let id = format!("Ev0MADE{:05}", control.kept().events.len());
            let mut event = SlackEvent::new(id, new.client_id, new.kind, new.time.unwrap_or(now));
            event.team_id = new.team_id;
            event.enterprise_id = new.enterprise_id;
            // It can be repeated by its id.
            control.kept().events.push(event.clone());
            event
        }
    };
    let request = control.shared().with(|fake| fake.event_request(&event, url, now, retry));
    request.map_err(|error| bad(error.to_string()))
}

/// Sends a request over plain HTTP.
async fn send(request: Request<Vec<u8>>) -> Result<(StatusCode, Bytes), Box<dyn Error>> {
    let uri = request.uri().clone();
    let authority = uri.authority().ok_or("the URL names no host")?;
    if uri.scheme_str() != Some("http") {
        return Err("events are delivered over http alone: give an http URL".into());
    }
    let host = authority.host().trim_matches(['[', ']']);
    let stream = TcpStream::connect((host, authority.port_u16().unwrap_or(80))).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let (mut parts, body) = request.into_parts();
    parts.headers.insert(http::header::HOST, authority.as_str().parse()?);
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    parts.uri = target.parse()?;
    let request = Request::from_parts(parts, Full::new(Bytes::from(body)));
    let response = sender.send_request(request).await?;
    let status = response.status();
    let body = Limited::new(response.into_body(), MOST_BODY).collect().await;
    Ok((status, body.map_err(|error| error.to_string())?.to_bytes()))
}

const WAIT: Duration = Duration::from_secs(10);
const MOST_BODY: usize = 1 << 16;
