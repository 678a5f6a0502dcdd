//! How fast one process may send, judged by what it has been told.

use std::{collections::HashMap, time::Duration};

use http::Response;

use crate::{
    ledger::{Pair, Time},
    process::Life,
    slack::Network,
    world::{World, shown},
};

/// What each process has in flight, and what holds it back.
pub(crate) struct PaceRules {
    window: usize,
    methods: HashMap<(Life, String), Pace>,
}

#[derive(Default)]
struct Pace {
    in_flight: usize,
    pause: Option<Pause>,
}

struct Pause {
    from: Time,
    until: Time,
    probes: u32,
}

impl PaceRules {
    pub(crate) fn new(window: usize) -> Self {
        Self { window, methods: HashMap::new() }
    }
}

/// A request for a new pair that is under way.
pub(crate) struct Flight {
    world: World,
    pace: (Life, String),
    sent_at: Time,
    /// Whether it belongs to a revocation, which goes by no pace.
    revokes: bool,
}

impl Network {
    /// A request for a new pair is sent: may it?
    pub(crate) fn begin(&self, method: &str, pair: Pair) -> Flight {
        let (world, life) = (&self.world, self.life);
        let now = world.now();
        let mut state = world.state();
        let name = state.ledger.pairs[pair].name;
        // To revoke an installation is not a refresh, and not paced as one.
        let revokes = state.removals.contains(&(life, name.place));
        let in_doubt = state.ledger.is_in_doubt(pair)
            || state.ledger.faults_between(name, now.saturating_sub(DOUBT), now) > 0;
        let mut successors = state.ledger.pairs.iter().filter(|it| it.from == Some(pair));
        let is_spent = state.ledger.pairs[pair].refresh.is_some();
        // Whoever was told to forget it, or had no room, and then read late cannot know.
        let of = (life, name.place);
        let read_late = |since: Time| state.stale_reads.get(&of).is_some_and(|at| *at >= since);
        let has_forgotten = world.plan.lag.is_some()
            && (state.invalidated_at.get(&of).is_some_and(|at| read_late(*at))
                || world.plan.capacity == 1 && read_late(now.saturating_sub(PROBE)));
        let knows = is_spent
            && !revokes
            && !has_forgotten
            && successors.any(|it| it.known_to.contains(&life));
        // What may be spent is sent again, and of two pairs the stored one is refreshed.
        let is_settled = !state.conflicts.contains(&(life, name));
        let is_new =
            state.sent.insert((life, pair)) && !state.ledger.is_in_doubt(pair) && is_settled;
        let is_drained = state.drained.contains(&life) && is_new && !revokes;
        let window = state.pace.window;
        let pace = state.pace.methods.entry((life, method.to_owned())).or_default();
        pace.in_flight += 1;
        let in_flight = pace.in_flight;
        let mut early = None;
        if let Some(pause) = pace.pause.as_mut().filter(|pause| now < pause.until) {
            if !in_doubt && !revokes {
                pause.probes += 1;
                let gone = now.saturating_sub(pause.from);
                // Those that had their turn before still read the store.
                let probes = pause.probes.saturating_sub(u32::try_from(window - 1).unwrap());
                early = (gone < PROBE * probes).then_some((gone, pause.probes));
            }
        }
        drop(state);
        let who = format!("{} by p{life} with {method}", shown(name));
        if knows {
            world.break_rule("sent a refresh token that it knew to be spent", &who);
        }
        if is_drained {
            world.break_rule("sent after a drain", &who);
        }
        if in_flight > 2 * window + usize::from(revokes) {
            world.break_rule("too many in flight", format!("{in_flight}: {who}"));
        }
        if let Some((gone, probes)) = early {
            world.break_rule("sent in a pause", format!("{probes} after {gone:?}: {who}"));
        }
        Flight { world: world.clone(), pace: (life, method.to_owned()), sent_at: now, revokes }
    }
}

impl Flight {
    /// The answer has reached the process.
    pub(crate) fn end(self, answer: &Response<Vec<u8>>) {
        if self.revokes {
            return;
        }
        let now = self.world.now();
        let mut state = self.world.state();
        let Some(pace) = state.pace.methods.get_mut(&self.pace) else { return };
        if answer.status() == 429 {
            let after = answer.headers().get("retry-after").and_then(|it| it.to_str().ok());
            let after = after.and_then(|it| it.parse().ok()).unwrap_or(30_u64).min(3_600);
            let until = now + Duration::from_secs(after);
            let pause = pace.pause.get_or_insert(Pause { from: now, until, probes: 0 });
            if now >= pause.until {
                *pause = Pause { from: now, until, probes: 0 };
            }
            pause.until = pause.until.max(until);
        } else if pace.pause.as_ref().is_some_and(|pause| self.sent_at > pause.from) {
            pace.pause = None;
        }
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let mut state = self.world.state();
        if let Some(pace) = state.pace.methods.get_mut(&self.pace) {
            pace.in_flight -= 1;
        }
    }
}

/// How often another credential may be tried in a pause.
const PROBE: Duration = Duration::from_secs(30);

/// For how long a fault may have left it open whether a refresh token is spent.
const DOUBT: Duration = Duration::from_secs(100);
