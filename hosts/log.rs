//! What was done to whom and when, and whether it is the reason of what happened.

use std::{
    collections::HashMap,
    fmt::{Display, Formatter, Result},
    time::{Duration, Instant},
};

use slack_auth::tokens::Fingerprint;

use crate::{
    HostOf,
    slack::{Life, Sent},
    worker::Pace,
};

/// After this time a process has stored what Slack answered, if nothing comes between.
const STORED: Duration = Duration::from_secs(Pace::STORE_TIMEOUT);
/// How long a request may be on its way.
const ON_ITS_WAY: Duration = Duration::from_secs(Pace::TIMEOUT);
/// How long what was done is felt after its end: packets are sent again at intervals that double.
const FELT: Duration = Duration::from_secs(1);

/// Whom something strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whom {
    Life(Life),
    /// All processes of a host.
    Host(usize),
    All,
}

/// Something that was done.
pub(crate) struct Event {
    what: String,
    whom: Whom,
    begin: Instant,
    end: Option<Instant>,
}

/// All that was done, in order.
pub(crate) struct Log {
    start: Instant,
    events: Vec<Event>,
}

impl Log {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), events: Vec::new() }
    }

    /// Notes what begins now; returns by what its end is noted.
    pub(crate) fn begin(&mut self, whom: Whom, what: impl Into<String>) -> usize {
        let event = Event { what: what.into(), whom, begin: Instant::now(), end: None };
        self.events.push(event);
        self.events.len() - 1
    }

    pub(crate) fn end(&mut self, event: usize) {
        self.events[event].end = Some(Instant::now());
    }

    /// Returns whether something struck the sender of a refresh before it could store the answer.
    pub(crate) fn strikes_after(&self, sent: &Sent, host_of: HostOf) -> bool {
        self.strikes(sent.by, sent.at, sent.at + STORED, host_of)
    }

    /// Returns whether something held a refresh up on its way: its sender had the lease when it sent it, and no longer when
    /// it arrived.
    fn strikes_before(&self, sent: &Sent, host_of: HostOf) -> bool {
        let from = sent.at.checked_sub(ON_ITS_WAY).unwrap_or(sent.at);
        self.strikes(sent.by, from, sent.at, host_of)
    }

    fn strikes(&self, life: Life, from: Instant, to: Instant, host_of: HostOf) -> bool {
        self.events.iter().any(|event| {
            let affects = match event.whom {
                Whom::Life(struck) => struck == life,
                Whom::Host(host) => host == host_of(life),
                Whom::All => true,
            };
            affects && event.begin <= to && event.end.is_none_or(|end| from <= end + FELT)
        })
    }
}

/// One line for each thing that was done.
impl Display for Log {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        for event in &self.events {
            let begin = (event.begin - self.start).as_secs_f32();
            let length = event.end.map_or(0.0, |end| (end - event.begin).as_secs_f32());
            writeln!(f, "{begin:6.2} s: {} ({length:.2} s)", event.what)?;
        }
        Ok(())
    }
}

/// What became of refresh tokens that were sent more than once.
pub(crate) struct Verdict {
    /// How often one was sent again, and something had struck.
    pub(crate) explained: usize,
    /// The others: who sent it before, and who again.
    pub(crate) unexplained: Vec<(Sent, Sent)>,
    /// How many of all refreshes were struck, sent again or not: the higher, the less an explanation says.
    pub(crate) struck: usize,
}

impl Verdict {
    pub(crate) fn of(sent: &[Sent], log: &Log, host_of: HostOf) -> Self {
        let mut verdict = Self { explained: 0, unexplained: Vec::new(), struck: 0 };
        let mut last = HashMap::<Fingerprint, Sent>::new();
        for sent in sent {
            verdict.struck += usize::from(log.strikes_after(sent, host_of));
            let Some(before) = last.insert(sent.token, *sent) else { continue };
            if log.strikes_after(&before, host_of) || log.strikes_before(sent, host_of) {
                verdict.explained += 1;
            } else {
                verdict.unexplained.push((before, *sent));
            }
        }
        verdict
    }
}
