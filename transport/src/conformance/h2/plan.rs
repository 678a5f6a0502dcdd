//! What the server does for each fault that HTTP/2 has.

use std::time::Duration;

use super::{Frame, Until};
use crate::conformance::canary;
use crate::conformance::plan::{Ask, Plan, SHORT, Url, body, long_limits};
use crate::conformance::server::Step;

/// Returns the plan of a fault over HTTP/2.
#[expect(clippy::too_many_lines, reason = "one arm for each row of the table")]
pub(in crate::conformance) fn plan(fault: &str) -> Option<Plan> {
    let ms = Duration::from_millis;
    Some(match fault {
        "h2" | "h2-kept" => kept(good(), good()),
        "h2-closes-after-greeting" => Plan::h2(vec![vec![Step::ReadH2(Until::Greeting)]]),
        "h2-closes-after-request" => closes(Vec::new()),
        "h2-closes-inside-body" => closes(vec![head("200"), Frame::data(b"{")]),
        "h2-closes-at-every-offset" => {
            let length: usize = good().iter().map(|frame| frame.encode(1).len()).sum();
            let connections: Vec<_> =
                (0..length).map(|count| vec![read(), Step::CutFrames(good(), count)]).collect();
            Plan { times: connections.len(), ..Plan::h2(connections) }
        }
        "h2-drips" => Plan::h2(vec![vec![read(), Step::DripFrames(good(), ms(1)), Step::Drain]]),
        "h2-silence" => answers(Vec::new()).total(SHORT),
        "h2-silence-inside-body" => answers(vec![head("200"), Frame::data(b"{")]).total(SHORT),
        "h2-stream-reset" => answers(vec![Frame::reset(INTERNAL_ERROR)]),
        "h2-stream-reset-inside-body" => {
            answers(vec![head("200"), Frame::data(b"{"), Frame::reset(INTERNAL_ERROR)])
        }
        "h2-stream-refused" => answers(vec![Frame::reset(REFUSED_STREAM)]),
        "h2-second-refused" => kept(good(), vec![Frame::reset(REFUSED_STREAM)]),
        "h2-second-dropped" => {
            let first = vec![read(), Step::Frames(good()), read()];
            let spare = vec![read(), Step::Frames(good()), Step::Drain];
            Plan { warm_up: Some(Ask::Post), ..Plan::h2(vec![first, spare]) }
        }
        "h2-goaway-unprocessed" => answers(vec![Frame::go_away(false, NO_ERROR)]),
        "h2-goaway-processed" => {
            let mut frames = vec![Frame::go_away(true, NO_ERROR)];
            frames.extend(good());
            answers(frames)
        }
        "h2-goaway-then-closes" => closes(vec![Frame::go_away(true, INTERNAL_ERROR)]),
        "h2-goaway-while-idle" => {
            let mut frames = good();
            frames.push(Frame::go_away(true, NO_ERROR));
            let first = vec![read(), Step::Frames(frames)];
            let second = vec![read(), Step::Frames(good()), Step::Drain];
            Plan { warm_up: Some(Ask::Post), ..Plan::h2(vec![first, second]) }
        }
        "h2-closed-while-idle" => {
            let each = vec![read(), Step::Frames(good())];
            Plan { warm_up: Some(Ask::Post), ..Plan::h2(vec![each.clone(), each]) }
        }
        "h2-headers-long" => {
            let long = "y".repeat(17_000);
            let fields = [(":status", "200"), ("x-a", &long), ("x-b", &long), ("x-c", &long)];
            let mut frames = Frame::long_headers(&fields);
            frames.push(Frame::data(&body()).end_stream());
            Plan { limits: long_limits(), ..answers(frames) }
        }
        "h2-headers-many" => {
            let mut fields = vec![(":status", "200")];
            fields.extend([("x-many", "v"); 120]);
            answers(vec![Frame::headers(&fields), Frame::data(&body()).end_stream()])
        }
        "h2-headers-over-limit" => {
            let long = "y".repeat(20_000);
            let fields = [(":status", "200"), ("x-secret", canary::REPLY), ("x-a", &long)];
            answers(Frame::long_headers(&fields))
        }
        "h2-endless-headers" => {
            let long = "y".repeat(4_000);
            Plan::h2(vec![vec![
                read(),
                Step::Frames(vec![Frame::open_headers(&[(":status", "200")])]),
                Step::RepeatFrame(Frame::continuation(&[("x-filler", &long)]), 10_000),
            ]])
        }
        "h2-body-over-limit" => {
            let length = (u64::MAX / 4).to_string();
            answers(vec![Frame::headers(&[(":status", "200"), ("content-length", &length)])])
        }
        "h2-body-over-limit-undeclared" => {
            let plan = answers(vec![head("200"), data(16_000), data(16_000), data(16_000)]);
            Plan { limits: plan.limits.with_body_cap(32_000), ..plan }
        }
        "h2-body-too-short" => answers(vec![
            Frame::headers(&[(":status", "200"), ("content-length", "10")]),
            Frame::data(b"01234").end_stream(),
        ]),
        "h2-body-too-long" => answers(vec![
            Frame::headers(&[(":status", "200"), ("content-length", "10")]),
            Frame::data(b"0123456789abcdef").end_stream(),
        ]),
        "h2-interim-103" => {
            let interim = Frame::headers(&[(":status", "103"), ("link", "</x>")]);
            let mut frames = vec![interim.clone(), interim];
            frames.extend(good());
            answers(frames)
        }
        "h2-trailers" => answers(vec![
            head("200"),
            Frame::data(&body()),
            Frame::headers(&[("x-trailer", "kept out")]).end_stream(),
        ]),
        "h2-status-204" => answers(vec![head("204").end_stream()]).body(""),
        "h2-status-401" => answers(vec![head("401"), Frame::data(&body()).end_stream()]),
        "h2-redirect" => answers(vec![
            Frame::headers(&[(":status", "307"), ("location", "/stolen")]),
            Frame::data(&body()).end_stream(),
        ]),
        "h2-early-reply" => {
            let reply =
                vec![head("413"), Frame::data(&body()).end_stream(), Frame::reset(NO_ERROR)];
            let steps = vec![Step::ReadH2(Until::Headers), Step::Frames(reply), Step::Drain];
            Plan { ask: Ask::LongPost, ..Plan::h2(vec![steps]) }
        }
        "h2-garbage" => Plan::h2(vec![vec![
            read(),
            Step::Write(format!("HTTP/1.1 400 {}\r\n\r\n", canary::REPLY).into_bytes()),
            Step::Drain,
        ]]),
        "h2-frame-too-large" => answers(vec![head("200"), data(100).oversized()]),
        "h2-data-without-stream" => answers(vec![Frame::data_without_stream(b"x")]),
        "h2-data-on-idle-stream" => answers(vec![Frame::data_on_an_idle_stream(b"x")]),
        "h2-data-before-headers" => answers(vec![data(10)]),
        "h2-without-status" => answers(vec![Frame::headers(&[("x-secret", canary::REPLY)])]),
        "h2-header-in-capitals" => {
            answers(vec![Frame::headers(&[(":status", "200"), ("X-Secret", canary::REPLY)])])
        }
        _ => return None,
    })
}

impl Plan {
    fn h2(connections: Vec<Vec<Step>>) -> Self {
        Self { url: Url::Http2, ..Self::new(connections) }
    }
}

/// Reads the request, writes `frames`, and waits for the client to close.
fn answers(frames: Vec<Frame>) -> Plan {
    Plan::h2(vec![vec![read(), Step::Frames(frames), Step::Drain]])
}

/// Reads the request, writes `frames`, and closes.
fn closes(frames: Vec<Frame>) -> Plan {
    Plan::h2(vec![vec![read(), Step::Frames(frames)]])
}

/// Answers two requests on one connection.
fn kept(first: Vec<Frame>, second: Vec<Frame>) -> Plan {
    let steps = vec![read(), Step::Frames(first), read(), Step::Frames(second), Step::Drain];
    Plan { warm_up: Some(Ask::Post), ..Plan::h2(vec![steps]) }
}

fn read() -> Step {
    Step::ReadH2(Until::End)
}

fn good() -> Vec<Frame> {
    vec![head("200"), Frame::data(&body()).end_stream()]
}

fn head(status: &str) -> Frame {
    Frame::headers(&[(":status", status), ("x-secret", canary::REPLY)])
}

fn data(length: usize) -> Frame {
    Frame::data(&vec![b'x'; length])
}

const NO_ERROR: u32 = 0;
const INTERNAL_ERROR: u32 = 2;
const REFUSED_STREAM: u32 = 7;
