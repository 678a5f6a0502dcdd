//! Many credentials at once: how many requests are sent, in which order, and what holds them back.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use async_trait::async_trait;
use http::{Request, Response};
use slack_auth::{
    AccessToken, Client, ClientSecret, Endpoint, Installation, InstallationStore, Slot, StoreKey,
    Timestamp, TokenRotator,
    runtime::{ManualRuntime, Runtime as _},
    store::{MemoryStore, Precondition},
    tokens::{Credential, InstallationKey, RefreshToken},
    transport::{self, Body, ErrorKind, Transport},
};

use crate::{
    incidents::seconds,
    support::{LIFE, START, World},
};

/// What Slack does with a request.
pub(crate) enum Answer {
    Pair,
    RateLimited(u64),
    Refused(&'static str),
    /// No answer comes, though the request was sent.
    Lost,
    /// There is no connection.
    NotSent,
}

type Judge = dyn Fn(&str, usize) -> Answer + Send + Sync;

/// Answers after a second.
pub(crate) struct Slack {
    runtime: ManualRuntime,
    judge: Box<Judge>,
    /// When each request came, and whose it was.
    pub(crate) log: Mutex<Vec<(Duration, String)>>,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
}

#[async_trait]
impl Transport for Slack {
    async fn send(&self, request: Request<Body>) -> Result<Response<Vec<u8>>, transport::Error> {
        let text = String::from_utf8(request.body().as_ref().to_vec()).unwrap();
        let team = text.split_once("refresh_token=xoxe-1-").unwrap().1;
        let team = team.split('&').next().unwrap().split('.').next().unwrap().to_owned();
        let count = {
            let mut log = self.log.lock().unwrap();
            log.push((self.runtime.elapsed(), team.clone()));
            log.len()
        };
        let now = self.in_flight.fetch_add(1, SeqCst) + 1;
        self.most_in_flight.fetch_max(now, SeqCst);
        self.runtime.sleep(seconds(1)).await;
        self.in_flight.fetch_sub(1, SeqCst);
        let of_team = self.requests_of(&team).len();
        match (self.judge)(&team, of_team) {
            Answer::Pair => Ok(Response::new(
                format!(
                    r#"{{"ok":true,"token_type":"bot","access_token":"xoxe.xoxb-1-{team}.{count}",
                    "refresh_token":"xoxe-1-{team}.{count}","expires_in":43200}}"#
                )
                .into_bytes(),
            )),
            Answer::RateLimited(after) => {
                let body = br#"{"ok":false,"error":"ratelimited"}"#.to_vec();
                let limited = Response::builder().status(429).header("retry-after", after);
                Ok(limited.body(body).unwrap())
            }
            Answer::Refused(code) => {
                Ok(Response::new(format!(r#"{{"ok":false,"error":"{code}"}}"#).into_bytes()))
            }
            Answer::NotSent => Err(transport::Error::unsent(ErrorKind::Connect, "there is none")),
            Answer::Lost => Err(transport::Error::maybe_sent(ErrorKind::Closed, "it is gone")
                .with_source("the cable was cut")),
        }
    }
}

impl Slack {
    pub(crate) fn requests(&self) -> usize {
        self.log.lock().unwrap().len()
    }

    pub(crate) fn requests_of(&self, team: &str) -> Vec<Duration> {
        let log = self.log.lock().unwrap();
        log.iter().filter(|(_, it)| it == team).map(|(at, _)| *at).collect()
    }
}

pub(crate) struct Fleet {
    pub(crate) runtime: ManualRuntime,
    pub(crate) slack: Arc<Slack>,
    pub(crate) store: InstallationStore,
}

impl Fleet {
    pub(crate) fn new(judge: impl Fn(&str, usize) -> Answer + Send + Sync + 'static) -> Self {
        let runtime = ManualRuntime::new(Timestamp::from_unix(START));
        let time = runtime.clone();
        let store = MemoryStore::with_clock(move || time.elapsed());
        let store = InstallationStore::new(store, World::app().id().clone());
        let slack = Slack {
            runtime: runtime.clone(),
            judge: Box::new(judge),
            log: Mutex::default(),
            in_flight: AtomicUsize::new(0),
            most_in_flight: AtomicUsize::new(0),
        };
        Self { runtime, slack: Arc::new(slack), store }
    }

    pub(crate) fn rotator(&self, window: usize) -> TokenRotator {
        self.patient(window, seconds(600))
    }

    pub(crate) fn patient(&self, window: usize, wait_timeout: Duration) -> TokenRotator {
        TokenRotator::builder(self.client(), World::app(), self.store.clone())
            .runtime(self.runtime.clone())
            .refreshes_in_flight(window)
            .wait_timeout(wait_timeout)
            .build()
            .unwrap()
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(Endpoint::slack(), self.slack.clone())
    }

    /// Stores an installation whose token ends after so many seconds from now; all are due within an hour.
    pub(crate) fn put(&self, team: &str, ends_in: u64) -> StoreKey {
        let key = StoreKey::from(InstallationKey::Workspace(team.into()));
        let mut installation = Installation::new(key.place().clone());
        let end = self.runtime.now() + seconds(ends_in);
        let issued_at = Timestamp::from_unix(end.as_unix() - LIFE.as_secs());
        let token = AccessToken::new(format!("xoxe.xoxb-1-{team}")).unwrap();
        let mut bot = Credential::new(token, issued_at);
        bot.refresh_token = Some(RefreshToken::new(format!("xoxe-1-{team}")).unwrap());
        bot.expires_at = Some(end);
        installation.bot = Some(bot);
        let put = self.store.put(&key, &installation, Precondition::Absent);
        self.runtime.block_on(put).unwrap();
        key
    }

    /// Whether the first pair is replaced.
    pub(crate) fn is_refreshed(&self, key: &StoreKey) -> bool {
        let stored = self.runtime.block_on(self.store.load(key)).unwrap().unwrap();
        let token = stored.installation.bot.unwrap().access_token;
        token.expose().rsplit_once('-').is_some_and(|(_, name)| name.contains('.'))
    }

    pub(crate) fn many(&self, count: usize, ends_in: u64) -> Vec<StoreKey> {
        (0..count).map(|number| self.put(&format!("T{number:03}"), ends_in)).collect()
    }
}

pub(crate) fn refresh_all(rotator: &TokenRotator, keys: &[StoreKey]) {
    for key in keys {
        rotator.refresh_if_due(key, Slot::Bot);
    }
}

#[test]
fn no_more_than_eight_refreshes_are_in_flight_and_all_are_sent_once() {
    let fleet = Fleet::new(|_, _| Answer::Pair);
    let keys = fleet.many(60, 60);
    let rotator = fleet.rotator(8);
    refresh_all(&rotator, &keys);
    fleet.runtime.advance(seconds(30));
    assert!(keys.iter().all(|key| fleet.is_refreshed(key)));
    assert_eq!(fleet.slack.requests(), 60);
    assert_eq!(fleet.slack.most_in_flight.load(SeqCst), 8);
}

#[test]
fn a_rate_limit_stops_all_and_holds_no_lease_meanwhile() {
    let fleet = Fleet::new(|_, count| match count {
        1 => Answer::RateLimited(20),
        _ => Answer::Pair,
    });
    let keys = fleet.many(20, 3_600);
    let rotator = fleet.rotator(4);
    refresh_all(&rotator, &keys);
    fleet.runtime.advance(seconds(3));
    let sent = fleet.slack.requests();
    assert_eq!(sent, 4, "those that were on their way when the first was limited");
    fleet.runtime.advance(seconds(10));
    assert_eq!(fleet.slack.requests(), sent);
    for key in &keys {
        let lease = fleet.runtime.block_on(fleet.store.lease(key, Slot::Bot)).unwrap();
        assert_eq!(lease, None, "another process may be luckier");
    }
    fleet.runtime.advance(seconds(3_000));
    assert!(keys.iter().all(|key| fleet.is_refreshed(key)));
}

#[test]
fn a_resend_is_not_delayed_past_the_grace_by_anothers_pause() {
    let fleet = Fleet::new(|team, count| match (team, count) {
        ("T000", 1..=2) => Answer::Lost,
        ("T001", 1) => Answer::RateLimited(600),
        _ => Answer::Pair,
    });
    let keys = fleet.many(10, 60);
    let rotator = fleet.rotator(8);
    refresh_all(&rotator, &keys[..2]);
    fleet.runtime.advance(Duration::from_millis(1_100));
    // The pause holds back the others.
    refresh_all(&rotator, &keys[2..]);
    fleet.runtime.advance(seconds(59));
    let sent = fleet.slack.requests_of("T000");
    let [first, .., last] = sent[..] else { panic!("{sent:?}") };
    assert!(sent.len() == 3 && last.saturating_sub(first) < seconds(30), "{sent:?}");
    assert!(fleet.is_refreshed(&keys[0]));
    let log = fleet.slack.log.lock().unwrap();
    let order: Vec<_> = log.iter().take(4).map(|(_, team)| team.as_str()).collect();
    assert_eq!(order, ["T000", "T001", "T000", "T000"], "nothing else goes before");
}

#[test]
fn who_waits_goes_first_and_who_is_merely_due_does_not_starve() {
    let fleet = Fleet::new(|_, _| Answer::Pair);
    let due = fleet.many(30, 3_600);
    let rotator = fleet.rotator(1);
    refresh_all(&rotator, &due);
    let wanted: Vec<_> = (0..40).map(|n| fleet.put(&format!("W{n:03}"), 0)).collect();
    let done = Arc::new(AtomicUsize::new(0));
    for key in wanted {
        let (rotator, done) = (rotator.clone(), Arc::clone(&done));
        fleet.runtime.spawn(Box::pin(async move {
            rotator.access_token(&key, Slot::Bot).await.unwrap();
            done.fetch_add(1, SeqCst);
        }));
    }
    fleet.runtime.advance(seconds(55));
    assert_eq!(done.load(SeqCst), 40);
    let log = fleet.slack.log.lock().unwrap();
    let first = log.iter().take(5).filter(|(_, team)| team.starts_with('W')).count();
    assert!(first >= 3, "{first} of the first five are waited for");
    let dues = log.iter().take(40).filter(|(_, team)| team.starts_with('T')).count();
    assert!((4..=10).contains(&dues), "{dues} of the first forty are merely due");
}

#[test]
fn a_refused_client_is_tried_by_one_request_every_five_minutes() {
    let good = Arc::new(Mutex::new(false));
    let judge = Arc::clone(&good);
    let fleet = Fleet::new(move |_, _| {
        if *judge.lock().unwrap() { Answer::Pair } else { Answer::Refused("bad_client_secret") }
    });
    let keys = fleet.many(50, 3_600);
    let rotator = fleet.rotator(8);
    refresh_all(&rotator, &keys);
    fleet.runtime.advance(seconds(200));
    let at_first = fleet.slack.requests();
    assert!(at_first <= 8, "{at_first}");
    for _ in 0..6 {
        let before = fleet.slack.requests();
        fleet.runtime.advance(seconds(300));
        let trials = fleet.slack.requests() - before;
        assert!(trials <= 1, "{trials} in five minutes");
    }
    let trials = fleet.slack.requests() - at_first;
    assert!((5..=6).contains(&trials), "{trials}");
    *good.lock().unwrap() = true;
    rotator.replace_client_secret(ClientSecret::new("another").unwrap());
    fleet.runtime.advance(seconds(60));
    assert!(keys.iter().all(|key| fleet.is_refreshed(key)));
}

#[test]
fn a_refusal_that_may_heal_backs_off_up_to_six_hours() {
    let fleet = Fleet::new(|_, _| Answer::Refused("invalid_auth"));
    let key = fleet.put("T000", 60);
    let rotator = fleet.rotator(8);
    for _ in 0..(48 * 6) {
        rotator.refresh_if_due(&key, Slot::Bot);
        fleet.runtime.advance(seconds(600));
    }
    let sent = fleet.slack.requests_of("T000");
    let gaps: Vec<_> =
        sent.windows(2).map(|two| two[1].saturating_sub(two[0]).as_secs() / 60).collect();
    assert_eq!(gaps[..7], [5, 10, 20, 40, 80, 160, 320]);
    assert!(gaps[7..].iter().all(|gap| (360..=361).contains(gap)), "{gaps:?}");
    assert!((12..=16).contains(&sent.len()), "{} in two days", sent.len());
}

#[test]
fn a_reinstall_by_another_process_ends_a_long_wait() {
    for code in ["invalid_auth", "internal_error", "invalid_refresh_token"] {
        let fleet = Fleet::new(move |team, _| match (team, code) {
            ("T000", "internal_error") => Answer::RateLimited(3_600),
            ("T000", code) => Answer::Refused(code),
            _ => Answer::Pair,
        });
        let key = fleet.put("T000", 60);
        let (waiting, other) = (fleet.patient(8, seconds(30)), fleet.rotator(8));
        waiting.refresh_if_due(&key, Slot::Bot);
        fleet.runtime.advance(seconds(1_800));
        let ask = || fleet.runtime.block_on(waiting.access_token(&key, Slot::Bot));
        let asked_at = fleet.runtime.elapsed();
        if code != "internal_error" {
            assert!(ask().is_err(), "{code}");
            assert!(fleet.runtime.elapsed().saturating_sub(asked_at) < seconds(30));
        }
        // A person installs the app again; another process stores it.
        let stored = fleet.runtime.block_on(fleet.store.load(&key)).unwrap().unwrap();
        let mut answer = stored.installation;
        let mut bot = answer.bot.take().unwrap();
        bot.access_token = AccessToken::new("xoxe.xoxb-1-AGAIN").unwrap();
        bot.refresh_token = Some(RefreshToken::new("xoxe-1-AGAIN").unwrap());
        bot.issued_at = fleet.runtime.now();
        bot.expires_at = Some(bot.issued_at + LIFE);
        answer.bot = Some(bot);
        fleet.runtime.block_on(other.install(answer)).unwrap();
        fleet.runtime.advance(seconds(31));
        let asked_at = fleet.runtime.elapsed();
        let token = ask().unwrap();
        assert_eq!(token.expose(), "xoxe.xoxb-1-AGAIN", "{code}");
        assert!(fleet.runtime.elapsed().saturating_sub(asked_at) < seconds(2), "{code}");
    }
}

#[test]
fn credentials_that_were_issued_together_are_refreshed_each_at_its_own_time() {
    let fleet = Fleet::new(|_, _| Answer::Pair);
    let keys = fleet.many(12, LIFE.as_secs());
    let rotator = fleet.rotator(8);
    let mut due: Vec<(Timestamp, &StoreKey)> = Vec::new();
    for key in &keys {
        let health = fleet.runtime.block_on(rotator.health(key)).unwrap().unwrap();
        due.push((health.credentials[0].due_at.unwrap(), key));
        fleet.runtime.block_on(rotator.access_token(key, Slot::Bot)).unwrap();
    }
    due.sort_unstable();
    assert!(due[11].0.since(due[0].0) > seconds(3 * 3_600), "{due:?}");
    for (count, (due_at, key)) in due.into_iter().enumerate() {
        let early = due_at.since(fleet.runtime.now()).saturating_sub(seconds(5));
        fleet.runtime.advance(early);
        if fleet.runtime.now() < due_at {
            rotator.refresh_if_due(key, Slot::Bot);
            fleet.runtime.advance(seconds(2));
            assert_eq!(fleet.slack.requests(), count, "{key}");
        }
        fleet.runtime.advance(due_at.since(fleet.runtime.now()));
        rotator.refresh_if_due(key, Slot::Bot);
        fleet.runtime.advance(seconds(2));
        assert_eq!(fleet.slack.requests(), count + 1, "{key}");
    }
}
