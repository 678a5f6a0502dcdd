use slack_proto::Timestamp;

use super::*;
use crate::runtime::ManualRuntime;

const METHOD: &str = "oauth.v2.access";
const OTHER: &str = "openid.connect.token";
const WITHOUT_CLIENT: &str = "tooling.tokens.rotate";

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Who had a turn, when, and its permit until it is given back.
type Turn = (&'static str, Duration, Option<Permit>);

/// A pacer, and those who wait for it.
struct Line {
    manual: ManualRuntime,
    runtime: Arc<dyn Runtime>,
    pacer: Arc<Pacer>,
    /// Whose turn came, and when; with the permit, until it is taken.
    turns: Arc<Mutex<Vec<Turn>>>,
}

impl Line {
    fn new() -> Self {
        let manual = ManualRuntime::new(Timestamp::from_unix(1_000));
        let runtime: Arc<dyn Runtime> = Arc::new(manual.clone());
        Self { manual, runtime, pacer: Arc::new(Pacer::new(1)), turns: Arc::default() }
    }

    fn limit(&self, method: &'static str, seconds: u64) {
        self.pacer.limit(self.manual.elapsed(), method, Some(at(seconds)));
    }

    fn wait(&self, name: &'static str, method: &'static str, priority: Priority) {
        let permit = self.pacer.enqueue(&self.runtime, method, priority);
        let (runtime, turns) = (self.manual.clone(), Arc::clone(&self.turns));
        self.manual.spawn(Box::pin(async move {
            permit.wait().await;
            turns.lock().unwrap().push((name, runtime.elapsed(), Some(permit)));
        }));
        self.manual.run_until_stalled();
    }

    fn came(&self) -> Vec<(&'static str, u64)> {
        let turns = self.turns.lock().unwrap();
        turns.iter().map(|(name, at, _)| (*name, at.as_secs())).collect()
    }

    fn take(&self, name: &str) -> Permit {
        let mut turns = self.turns.lock().unwrap();
        let turn = turns.iter_mut().find(|(it, ..)| *it == name).unwrap();
        turn.2.take().unwrap()
    }

    fn finish(&self, name: &str, outcome: Outcome) {
        let permit = self.take(name);
        permit.finish(outcome);
        self.manual.run_until_stalled();
    }
}

#[test]
fn the_one_who_wakes_the_others_sleeps_again_if_another_one_went() {
    let line = Line::new();
    line.limit(METHOD, 120);
    line.wait("due", METHOD, Priority::Due);
    line.wait("waiting", METHOD, Priority::Waiting);
    line.wait("last", METHOD, Priority::Due);
    line.manual.advance(at(31));
    assert_eq!(line.came(), [("waiting", 30)], "it is tried whether the limit was its own");
    line.finish("waiting", Outcome::RateLimited { retry_after: Some(at(120)) });
    line.manual.advance(at(100));
    assert_eq!(line.came()[1..], [("due", 91)]);
    line.finish("due", Outcome::Answered);
    assert_eq!(line.came()[2..], [("last", 131)]);
}

#[test]
fn when_the_one_who_wakes_the_others_goes_away_another_one_does() {
    let line = Line::new();
    line.limit(METHOD, 120);
    let leader = line.pacer.enqueue(&line.runtime, METHOD, Priority::Due);
    {
        let waits = std::pin::pin!(leader.wait());
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(waits.poll(&mut context).is_pending());
    }
    line.wait("next", METHOD, Priority::Due);
    line.manual.advance(at(10));
    drop(leader);
    line.manual.advance(at(110));
    assert_eq!(line.came(), [("next", 30)]);
}

#[test]
fn whoever_may_go_sooner_than_the_others_is_woken_sooner() {
    let line = Line::new();
    line.limit(METHOD, 120);
    line.wait("long", METHOD, Priority::Due);
    line.limit(OTHER, 60);
    line.wait("short", OTHER, Priority::Due);
    line.manual.advance(at(5));
    assert_eq!(line.came(), []);
    line.limit(WITHOUT_CLIENT, 10);
    line.wait("shortest", WITHOUT_CLIENT, Priority::Due);
    line.limit(WITHOUT_CLIENT, 10);
    line.manual.advance(at(115));
    assert_eq!(line.came(), [("shortest", 15), ("long", 30), ("short", 30)]);
}

#[test]
fn a_refused_client_stops_the_methods_that_it_authenticates() {
    let line = Line::new();
    line.wait("refused", METHOD, Priority::Due);
    line.take("refused").client_refused();
    line.wait("held", METHOD, Priority::Waiting);
    line.wait("other", OTHER, Priority::Waiting);
    line.wait("free", WITHOUT_CLIENT, Priority::Due);
    assert_eq!(line.came()[1..], [("free", 0)]);
    let held = |method| line.pacer.held_back(line.manual.elapsed(), method);
    let refused = Some(HeldBack::ClientRefused(at(300)));
    assert_eq!([held(METHOD), held(OTHER), held(WITHOUT_CLIENT)], [refused, refused, None]);
    line.manual.advance(at(299));
    assert_eq!(line.came().len(), 2);
    line.manual.advance(at(1));
    assert_eq!(line.came().len(), 3, "one is tried");
    // Nobody knows what came of it: the next one is tried at once.
    let tried = line.came()[2].0;
    drop(line.take(tried));
    line.manual.run_until_stalled();
    assert_eq!(line.came().len(), 4);
    let (next, _) = line.came()[3];
    line.wait("later", METHOD, Priority::Due);
    assert_eq!(line.came().len(), 4);
    let permit = line.take(next);
    permit.client_accepted();
    permit.finish(Outcome::Answered);
    line.manual.advance(at(1));
    assert_eq!(line.came().len(), 5, "the client is good again");
}

#[test]
fn a_new_secret_lets_everybody_go() {
    let line = Line::new();
    line.wait("refused", METHOD, Priority::Due);
    line.take("refused").client_refused();
    line.wait("held", METHOD, Priority::Due);
    line.manual.advance(at(10));
    line.pacer.client_replaced(line.manual.elapsed());
    line.manual.run_until_stalled();
    assert_eq!(line.came()[1..], [("held", 10)]);
}
