//! What stays behind after many requests.

use std::fs;

use super::plan;
use super::report::Outcome;
use super::server::{Server, Step};
use super::{Suite, wait};
use crate::{Body, Limits};

/// Sends `requests` requests, each to a server that does something else, and compares.
pub(super) fn hunt(suite: &Suite, requests: usize) -> Outcome {
    let limits = Limits::new().with_body_cap(plan::BODY_CAP);
    let transport = suite.transport(limits)?;
    let mut before = None;
    let mut sent = 0;
    while sent < requests {
        let server = Server::start(connections(), None);
        let url = format!("http://{}/", server.address());
        for number in 0..ROUND {
            let request = http::Request::post(&url)
                .body(Body::from("code=c0de"))
                .map_err(|error| error.to_string())?;
            let result = wait::block_on(transport.send(request));
            if result.is_ok() != (number % KINDS == 0) {
                return Err(format!(
                    "request {number} of a round went as {:?}",
                    result.map(|answer| answer.status())
                ));
            }
        }
        drop(server);
        sent += ROUND;
        // The first rounds fill pools and caches.
        if sent >= requests / 10 && before.is_none() {
            before = Some(Footprint::now());
        }
    }
    match before.flatten().zip(Footprint::now()) {
        Some((before, after)) => after.compare(before).map(|()| sent),
        None => Ok(sent),
    }
}

/// In turn, each on a connection of its own: a good exchange, a cut reply, a body over the cap, garbage.
fn connections() -> Vec<Vec<Step>> {
    let long = [b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b'x'; plan::BODY_CAP + 1]].concat();
    let last = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}".to_vec();
    let kinds = [
        vec![Step::Read, Step::Write(last)],
        vec![Step::Read, Step::Write(plan::good()[..40].to_vec())],
        vec![Step::Read, Step::Write(long)],
        vec![Step::Read, Step::Write(b"garbage\r\n\r\n".to_vec())],
    ];
    kinds.iter().cycle().take(ROUND / KINDS * kinds.len()).cloned().collect()
}

#[derive(Clone, Copy, Debug)]
struct Footprint {
    threads: usize,
    files: usize,
    kibibytes: usize,
}

impl Footprint {
    fn now() -> Option<Self> {
        // Sockets and threads that are on their way out get a moment.
        std::thread::sleep(std::time::Duration::from_millis(300));
        let status = fs::read_to_string("/proc/self/status").ok()?;
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse().ok()
        };
        let files = fs::read_dir("/proc/self/fd").ok()?.count();
        Some(Self { threads: number("Threads:")?, files, kibibytes: number("VmRSS:")? })
    }

    fn compare(self, before: Self) -> Result<(), String> {
        let grown = self.threads > before.threads
            || self.files > before.files + FILES
            || self.kibibytes > before.kibibytes + KIBIBYTES;
        if grown { Err(format!("{before:?} became {self:?}")) } else { Ok(()) }
    }
}

/// Requests with each server.
const ROUND: usize = 400;
/// Requests that `connections` takes in turn.
const KINDS: usize = 4;
/// An idle connection or two may come or go.
const FILES: usize = 4;
/// One kept body for each of 10,000 requests would be 30 times this.
const KIBIBYTES: usize = 4 * 1024;
