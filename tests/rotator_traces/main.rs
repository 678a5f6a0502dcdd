//! What `tracing` is told: fingerprints, and never a token.
//!
//! In a program of its own: `tracing` remembers of each place in the code whether anybody listens, and may ask the thread
//! of another test, where nobody does.

#[expect(dead_code, reason = "the other tests of the rotator need more of it")]
#[path = "../rotator/support.rs"]
mod support;

use std::{
    fmt::{self, Write as _},
    sync::{Arc, Mutex},
    time::Duration,
};

use slack_fake::Fault;
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

use support::World;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[test]
fn a_life_is_told_by_fingerprints() {
    let lines = Lines::default();
    tracing::subscriber::with_default(lines.clone(), || {
        let world = World::new();
        let (rotator, _) = world.rotator();
        let old = world.token(&rotator);
        world.slack.with(|fake| fake.script("oauth.v2.access", Fault::ReplyLost));
        world.come_due();
        world.token(&rotator);
        world.runtime.advance(Duration::from_secs(5));
        let new = world.token(&rotator);
        assert_ne!(old, new);
        let refresh_token = world.stored().refresh_token.unwrap();
        world.slack.with(|fake| fake.revoke(refresh_token.expose()));
        world.come_due();
        world.token(&rotator);
        world.runtime.advance(std::time::Duration::from_secs(10));
    });
    let lines = lines.0.lock().unwrap();
    let said = |level: &str, text: &str| {
        lines.iter().any(|line| line.starts_with(level) && line.contains(text))
    };
    assert!(said("DEBUG", "token is due"), "{lines:?}");
    assert!(said("WARN", "no new token came"));
    assert!(said("INFO", "token refreshed"));
    assert!(said("ERROR", "a person must authorize the app again"));
    assert!(lines.iter().all(|line| line.contains("key=T0FAKE00001") && !line.contains("xox")));
}
