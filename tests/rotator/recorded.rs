//! What a rotator records by the `metrics` facade.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use metrics::{
    Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
    with_local_recorder,
};
use slack_auth::{
    Slot, StoreKey, TokenRotator,
    metrics::{
        REFRESH_DURATION, REFRESH_REQUESTS, REFRESHES_RUNNING, ROTATION_EVENTS, STORE_ERRORS,
        SWEEP_PASSES, SWEEP_REFRESHES, SWEEP_UNREADABLE, SWEEPING, describe,
    },
};
use slack_fake::Fault;

use crate::support::{LIFE, World};

/// Keeps what is recorded, by its name and labels. It may panic at each, or call the rotator back.
#[derive(Default)]
struct Ledger {
    numbers: Mutex<BTreeMap<String, Arc<AtomicU64>>>,
    described: Mutex<Vec<String>>,
    panics: AtomicBool,
    calls_back: Mutex<Option<(TokenRotator, StoreKey)>>,
}

struct Count(Arc<AtomicU64>);

impl HistogramFn for Count {
    fn record(&self, value: f64) {
        assert!(value >= 0.0);
        self.0.fetch_add(1, SeqCst);
    }
}

impl Ledger {
    fn number(&self, key: &Key) -> Arc<AtomicU64> {
        assert!(!self.panics.load(SeqCst), "a recorder of the test's panics");
        let callback = self.calls_back.lock().unwrap().take();
        if let Some((rotator, key)) = callback {
            // It would hang here if anything were locked.
            rotator.refresh_if_due(&key, Slot::Bot);
            rotator.refresh_if_due(&key, Slot::User);
            *self.calls_back.lock().unwrap() = Some((rotator, key));
        }
        let labels = key.labels().map(|it| format!(" {}={}", it.key(), it.value()));
        let name = format!("{}{}", key.name(), labels.collect::<String>());
        Arc::clone(self.numbers.lock().unwrap().entry(name).or_default())
    }

    /// The value of a counter, or how many values a histogram has.
    fn count(&self, name: &str) -> u64 {
        self.numbers.lock().unwrap().get(name).map_or(0, |number| number.load(SeqCst))
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is small")]
    fn gauge(&self, name: &str) -> u64 {
        f64::from_bits(self.count(name)) as u64
    }
}

impl Recorder for Ledger {
    fn describe_counter(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.described.lock().unwrap().push(name.as_str().to_owned());
    }

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, text: SharedString) {
        self.describe_counter(name, unit, text);
    }

    fn describe_histogram(&self, name: KeyName, unit: Option<Unit>, text: SharedString) {
        self.describe_counter(name, unit, text);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.number(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.number(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(Arc::new(Count(self.number(key))))
    }
}

fn script(world: &World, fault: Fault) {
    world.slack.with(|fake| fake.script("oauth.v2.access", fault));
}

#[test]
fn what_happens_is_counted_by_documented_names() {
    let ledger = Ledger::default();
    with_local_recorder(&ledger, || {
        let world = World::new();
        let (rotator, _) = world.rotator();
        world.token(&rotator);
        world.runtime.advance(LIFE + Duration::from_secs(1));
        script(&world, Fault::RateLimited { retry_after: Some(1) });
        script(&world, Fault::ReplyDelayed(Duration::from_secs(2)));
        rotator.refresh_if_due(&world.key, Slot::Bot);
        world.runtime.advance(Duration::from_millis(1_500));
        assert_eq!(ledger.gauge(REFRESHES_RUNNING), 1);
        world.token(&rotator);
        world.runtime.advance(Duration::from_secs(1));
        assert_eq!(ledger.gauge(REFRESHES_RUNNING), 0);
        world.hooks.trip_at(0, true);
        drop(world.runtime.block_on(rotator.health(&world.key)));
        let sweep = rotator.start_sweep();
        world.runtime.advance(Duration::from_secs(1));
        assert_eq!(ledger.gauge(SWEEPING), 1);
        world.runtime.block_on(sweep.stop());
    });
    let method = "method=oauth.v2.access";
    for (name, count) in [
        (format!("{ROTATION_EVENTS} event=due slot=bot"), 1),
        (format!("{ROTATION_EVENTS} event=retrying slot=bot"), 1),
        (format!("{ROTATION_EVENTS} event=refreshed slot=bot"), 1),
        (format!("{ROTATION_EVENTS} event=refreshed slot=user"), 1),
        (format!("{REFRESH_REQUESTS} {method} outcome=rate_limited"), 1),
        (format!("{REFRESH_REQUESTS} {method} outcome=issued"), 2),
        (format!("{REFRESH_DURATION} {method}"), 3),
        (format!("{STORE_ERRORS} kind=unknown"), 1),
        (SWEEP_PASSES.to_owned(), 1),
        (format!("{SWEEP_REFRESHES} outcome=refreshed"), 1),
        (format!("{SWEEP_REFRESHES} outcome=failed"), 0),
    ] {
        assert_eq!(ledger.count(&name), count, "{name}: {:?}", ledger.numbers.lock().unwrap());
    }
    assert_eq!((ledger.gauge(SWEEPING), ledger.gauge(SWEEP_UNREADABLE)), (0, 0));
}

#[test]
fn each_metric_is_described() {
    let ledger = Ledger::default();
    with_local_recorder(&ledger, describe);
    let mut described = ledger.described.lock().unwrap().clone();
    described.sort();
    let mut names = [
        ROTATION_EVENTS,
        REFRESH_REQUESTS,
        REFRESH_DURATION,
        REFRESHES_RUNNING,
        STORE_ERRORS,
        SWEEPING,
        SWEEP_PASSES,
        SWEEP_REFRESHES,
        SWEEP_UNREADABLE,
    ];
    names.sort_unstable();
    assert_eq!(described, names);
}

#[test]
fn a_recorder_that_panics_costs_no_token() {
    let ledger = Ledger::default();
    ledger.panics.store(true, SeqCst);
    with_local_recorder(&ledger, || {
        let world = World::new();
        let (rotator, _) = world.rotator();
        let sweep = rotator.start_sweep();
        let old = world.token(&rotator);
        world.runtime.advance(LIFE + Duration::from_secs(100));
        let new = world.token(&rotator);
        assert!(new != old && world.is_live(&new) && sweep.is_sweeping());
        assert!(world.runtime.block_on(rotator.drain(Duration::from_secs(60))).is_complete());
    });
    assert!(ledger.numbers.lock().unwrap().is_empty());
}

#[test]
fn a_recorder_may_call_the_rotator() {
    let ledger = Ledger::default();
    with_local_recorder(&ledger, || {
        let world = World::new();
        let (rotator, _) = world.rotator();
        world.token(&rotator);
        *ledger.calls_back.lock().unwrap() = Some((rotator.clone(), world.key.clone()));
        world.runtime.advance(LIFE + Duration::from_secs(1));
        let token = world.token(&rotator);
        assert!(world.is_live(&token));
        ledger.calls_back.lock().unwrap().take();
    });
    assert!(ledger.count(&format!("{ROTATION_EVENTS} event=refreshed slot=bot")) == 1);
}
