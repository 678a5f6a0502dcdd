//! What the server does for each fault that HTTP/2 has.

use std::time::Duration;

use super::{Frame, Until};
use crate::conformance::canary;
use crate::conformance::plan::{Ask, GZIPPED, Plan, SHORT, Url, body, long_limits};
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
        "h2-closes-after-reply" => Plan::h2(vec![answers_and_closes()]),
        "h2-closes-after-each" => {
            Plan { times: 6, pause: ms(20), ..Plan::h2(vec![answers_and_closes(); 6]) }
        }
        "h2-resets-inside-head" => resets(20),
        "h2-resets-inside-body" => resets(length(&good()) - 3),
        "h2-closes-at-every-offset" => {
            let cut = |count| vec![read(), Step::CutFrames(good(), count)];
            let connections: Vec<_> = (0..length(&good())).map(cut).collect();
            Plan { times: connections.len(), ..Plan::h2(connections) }
        }
        "h2-drips" => Plan::h2(vec![vec![read(), Step::DripFrames(good(), ms(1)), Step::Drain]]),
        "h2-drips-too-long" => {
            Plan::h2(vec![vec![read(), Step::DripFrames(good(), ms(10))]]).total(SHORT)
        }
        "h2-silence" => answers(Vec::new()).total(SHORT),
        "h2-silence-after-greeting" => {
            Plan::h2(vec![vec![Step::ReadH2(Until::Greeting), Step::Drain]]).total(SHORT)
        }
        "h2-silence-inside-head" => {
            answers(vec![Frame::open_headers(&[(":status", "200")])]).total(SHORT)
        }
        "h2-silence-inside-body" => answers(vec![head("200"), Frame::data(b"{")]).total(SHORT),
        "h2-no-window" => {
            Plan { ask: Ask::LongPost, ..Plan::h2(vec![vec![read(), Step::Drain]]) }.total(SHORT)
        }
        "h2-stream-reset" => answers(vec![Frame::reset(INTERNAL_ERROR)]),
        "h2-stream-reset-inside-body" => {
            answers(vec![head("200"), Frame::data(b"{"), Frame::reset(INTERNAL_ERROR)])
        }
        "h2-stream-refused" => answers(vec![Frame::reset(REFUSED_STREAM)]),
        "h2-second-refused" => kept(good(), vec![Frame::reset(REFUSED_STREAM)]),
        "h2-second-dropped" => second_dropped(Ask::Post),
        "h2-second-empty-post-dropped" => second_dropped(Ask::EmptyPost),
        "h2-second-get-dropped" => second_dropped(Ask::Get),
        "h2-second-head-dropped" => second_dropped(Ask::Head).body(""),
        "h2-stray-answer" => {
            let first = vec![
                read(),
                Step::Frames(good()),
                Step::Pause(ms(5)),
                Step::Frames(vec![head("500"), Frame::data(b"nobody asked").end_stream()]),
                read(),
                Step::Frames(good()),
                Step::Drain,
            ];
            let second = vec![read(), Step::Frames(good()), Step::Drain];
            Plan { warm_up: Some(Ask::Post), ..Plan::h2(vec![first, second]) }
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
            let first = vec![read(), Step::Frames(frames), Step::HangUp, Step::Drain];
            let second = vec![read(), Step::Frames(good()), Step::Drain];
            Plan { warm_up: Some(Ask::Post), ..Plan::h2(vec![first, second]) }
        }
        "h2-closed-while-idle" => {
            Plan { warm_up: Some(Ask::Post), ..Plan::h2(vec![answers_and_closes(); 2]) }
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
        "h2-endless-header" => {
            let filler = Frame::rest_of_headers(&[b'y'; 4_000]);
            Plan::h2(vec![vec![
                read(),
                Step::Frames(vec![Frame::open_header("x-filler", 100_000_000)]),
                Step::RepeatFrame(filler, 25_000),
            ]])
        }
        "h2-endless-interim" => {
            let interim = Frame::headers(&[(":status", "103"), ("link", "</x>")]).encode(1);
            Plan::h2(vec![vec![read(), Step::Pulse(interim.repeat(100), ms(1))]]).total(ms(1000))
        }
        "h2-body-over-limit" => {
            let length = (u64::MAX / 4).to_string();
            answers(vec![Frame::headers(&[(":status", "200"), ("content-length", &length)])])
        }
        "h2-body-over-limit-undeclared" => {
            let plan = answers(vec![head("200"), data(16_000), data(16_000), data(16_000)]);
            Plan { limits: plan.limits.with_body_cap(32_000), ..plan }
        }
        "h2-body-at-limit" => {
            let plan = answers(vec![head("200"), data(16_000), data(16_000).end_stream()]);
            Plan { limits: plan.limits.with_body_cap(32_000), ..plan }.body(vec![b'x'; 32_000])
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
        "h2-status-304" => {
            let fields = [(":status", "304"), ("content-length", "5")];
            answers(vec![Frame::headers(&fields).end_stream()]).body("")
        }
        "h2-status-401" => status("401"),
        "h2-status-407" => status("407"),
        "h2-status-417" => status("417"),
        "h2-status-500" => status("500"),
        "h2-switches-protocol" => answers(vec![head("101"), Frame::data(&body()).end_stream()]),
        "h2-gzip-unasked" => answers(vec![
            Frame::headers(&[(":status", "200"), ("content-encoding", "gzip")]),
            Frame::data(GZIPPED).end_stream(),
        ])
        .body(GZIPPED),
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
        "h2-early-reply-closes" => {
            let reply = vec![head("413"), Frame::data(&body()).end_stream()];
            let steps = vec![Step::ReadH2(Until::Headers), Step::Frames(reply)];
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
        "h2-header-in-capitals" => flawed_header("X-Secret", canary::REPLY),
        "h2-header-name-with-space" => flawed_header("x secret", canary::REPLY),
        "h2-header-with-nul" => flawed_header("x-secret", &format!("{}\0", canary::REPLY)),
        "h2-header-of-connection" => flawed_header("transfer-encoding", "chunked"),
        "h2-length-not-a-number" => flawed_header("content-length", "many"),
        "h2-length-negative" => flawed_header("content-length", "-5"),
        "h2-lengths-differ" => answers(vec![
            Frame::headers(&[(":status", "200"), ("content-length", "4"), ("content-length", "5")]),
            Frame::data(b"0123").end_stream(),
        ]),
        "h2-push" => answers(vec![Frame::push(&[(":method", "GET"), (":path", "/")])]),
        _ => return None,
    })
}

impl Plan {
    fn h2(connections: Vec<Vec<Step>>) -> Self {
        Self { url: Url::Http2, ..Self::new(connections) }
    }
}

fn length(frames: &[Frame]) -> usize {
    frames.iter().map(|frame| frame.encode(1).len()).sum()
}

/// Resets the connection after `count` bytes of a good answer.
fn resets(count: usize) -> Plan {
    Plan::h2(vec![vec![read(), Step::CutFrames(good(), count), Step::Reset, Step::Abandon]])
}

/// Reads the second request on a kept connection and closes; a third would be answered well.
fn second_dropped(ask: Ask) -> Plan {
    let first = vec![read(), Step::Frames(good()), read()];
    let mut answer = good();
    if ask == Ask::Head {
        answer = vec![head("200").end_stream()];
    }
    let spare = vec![read(), Step::Frames(answer), Step::Drain];
    Plan { warm_up: Some(Ask::Post), ask, ..Plan::h2(vec![first, spare]) }
}

fn status(status: &str) -> Plan {
    answers(vec![head(status), Frame::data(&body()).end_stream()])
}

fn flawed_header(name: &str, value: &str) -> Plan {
    answers(vec![
        Frame::headers(&[(":status", "200"), (name, value)]),
        Frame::data(&body()).end_stream(),
    ])
}

/// Reads the request, writes `frames`, and waits for the client to close.
fn answers(frames: Vec<Frame>) -> Plan {
    Plan::h2(vec![vec![read(), Step::Frames(frames), Step::Drain]])
}

/// Reads the request, writes `frames`, and closes.
fn closes(frames: Vec<Frame>) -> Plan {
    Plan::h2(vec![vec![read(), Step::Frames(frames)]])
}

/// Answers, and closes when the client has.
fn answers_and_closes() -> Vec<Step> {
    vec![read(), Step::Frames(good()), Step::HangUp, Step::Drain]
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
