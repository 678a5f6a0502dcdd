//! Whatever happens in whatever order: no panic, no pair lost, no refresh token sent that is known to be spent.

use std::{collections::BTreeSet, time::Duration};

use proptest::{prelude::*, test_runner::FileFailurePersistence};
use slack_proto::{
    AccessToken, AnyCredential, ClientId, Credential, Endpoint, ErrorClass, Fingerprint, Method,
    PublicClient, RefreshToken, Rotation, RotationPolicy, Timestamp,
    rotation::{Action, Event, Issued, Notice, Rejection, Setback, Trade},
};

/// At least two thousand cases; the variable `PROPTEST_CASES` asks for more.
fn config() -> ProptestConfig {
    let persistence = FileFailurePersistence::WithSource("regressions");
    let config = ProptestConfig {
        failure_persistence: Some(Box::new(persistence)),
        ..ProptestConfig::default()
    };
    ProptestConfig { cases: config.cases.max(2_000), ..config }
}

/// The nth pair; of a life so short that it is always due.
fn pair(n: u8) -> AnyCredential {
    let issued_at = Timestamp::from_unix(1_000);
    let mut credential =
        Credential::new(AccessToken::new(format!("xoxe.xoxb-1-{n}")).unwrap(), issued_at);
    credential.refresh_token = Some(RefreshToken::new(format!("xoxe-1-{n}")).unwrap());
    credential.expires_at = Some(issued_at + Duration::from_secs(u64::from(n)));
    credential.into()
}

/// What a token is worth: the nth pair was issued in place of one before it.
fn number(credential: &AnyCredential) -> u8 {
    let text = credential.access_token().unwrap().expose();
    text.rsplit('-').next().unwrap().parse().unwrap()
}

#[derive(Clone, Debug)]
enum Happens {
    /// The outcome that was asked for, and it is a success.
    Good,
    /// The outcome that was asked for, and it is none.
    Bad(u8),
    /// Anything, asked for or not.
    Any(Kind, u8),
    /// Another process writes a pair.
    Theirs,
    /// The store's content is gone.
    Gone,
    /// A backup of the first pair is restored.
    Restored,
    Time(u32),
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Look,
    Exchange,
    Expired,
    Doubtful,
    Read,
    Outcome,
    Issued,
    Lone,
}

fn happens() -> impl Strategy<Value = Happens> {
    use Kind::{Doubtful, Exchange, Expired, Issued, Lone, Look, Outcome, Read};
    let kinds = [Look, Exchange, Expired, Doubtful, Read, Outcome, Issued, Lone];
    prop_oneof![
        8 => Just(Happens::Good),
        4 => any::<u8>().prop_map(Happens::Bad),
        4 => (prop::sample::select(kinds.to_vec()), any::<u8>()).prop_map(|(kind, n)| Happens::Any(kind, n)),
        1 => Just(Happens::Theirs),
        1 => Just(Happens::Gone),
        1 => Just(Happens::Restored),
        2 => (0..50_000_u32).prop_map(Happens::Time),
    ]
}

/// One machine, and a store that does as it is told.
struct World {
    rotation: Rotation,
    action: Action,
    now: u64,
    stored: Option<AnyCredential>,
    issued: u8,
    /// The pair that was received last and may not get lost.
    received: Option<AnyCredential>,
    spent: BTreeSet<Fingerprint>,
    sent: Option<Fingerprint>,
}

impl World {
    fn new() -> Self {
        let mut rotation = Rotation::new(RotationPolicy::new(), 7);
        let action = rotation.step(Timestamp::from_unix(5_000), Event::Look);
        Self {
            rotation,
            action,
            now: 5_000,
            stored: Some(pair(1)),
            issued: 1,
            received: None,
            spent: BTreeSet::new(),
            sent: None,
        }
    }

    fn fresh(&mut self) -> AnyCredential {
        self.issued = self.issued.saturating_add(1);
        pair(self.issued)
    }

    fn tell(&mut self, event: Event) {
        let issued = match &event {
            Event::Issued(issued) => Some(issued.credential.clone()),
            _ => None,
        };
        let known = issued.as_ref().is_some_and(|new| {
            let same =
                |held: Option<&AnyCredential>| held.is_some_and(|it| it.mark() == new.mark());
            same(self.rotation.credential()) || same(self.rotation.unsaved())
        });
        let busy_with_another = self.rotation.unsaved().is_some();
        let action = self.rotation.step(Timestamp::from_unix(self.now), event);
        if let Some(new) = issued.filter(|_| !known && !busy_with_another && self.sent.is_some()) {
            let kept = self.rotation.unsaved().map(AnyCredential::fingerprint);
            if new.refresh_token().is_some() {
                self.spent.extend(self.sent);
                self.received = Some(new);
            } else if kept == Some(new.fingerprint()) {
                // An access token alone that comes late is not worth a pair.
                self.received = Some(new);
            }
        }
        if !matches!(action, Action::Await) {
            self.action = action;
        }
        if let Action::Send(trade) = &self.action {
            let refresh = match trade {
                Trade::Refresh(refresh) => refresh,
                other => panic!("{other:?}"),
            };
            let app = PublicClient::new(ClientId::new("1").unwrap()).into();
            let request = refresh.to_request(&Endpoint::slack(), &app);
            let body = String::from_utf8(request.body().as_ref().to_vec()).unwrap();
            let token = body.split("refresh_token=").nth(1).unwrap();
            let sent = Fingerprint::of(token);
            assert!(
                !self.spent.contains(&sent),
                "a refresh token is sent that is known to be spent"
            );
            self.sent = Some(sent);
        }
        for notice in self.rotation.take_notices() {
            if matches!(notice, Notice::Conflict { .. }) {
                self.received = None;
            }
        }
        self.check();
    }

    /// A pair that was received is stored, or still in the machine; and only what was stored is shown.
    fn check(&mut self) {
        if let Some(received) = &self.received {
            let is = |held: Option<&AnyCredential>| {
                held.is_some_and(|held| held.fingerprint() == received.fingerprint())
            };
            let is_shown = is(self.rotation.credential());
            assert!(is_shown || is(self.rotation.unsaved()), "a pair was lost");
            if is_shown {
                self.received = None;
            }
        }
    }

    fn write(&mut self, fails: bool, applies: bool) {
        let Action::Write(write) = self.action.clone() else { return };
        let holds = self.stored.as_ref().is_some_and(|held| held.mark() == write.replaces);
        if holds && applies {
            let (old, new) = (number(self.stored.as_ref().unwrap()), number(&write.credential));
            assert!(new >= old, "pair {old} was replaced by the older {new}");
            self.stored = Some(write.credential);
        }
        self.tell(match (fails, holds) {
            (true, _) => Event::WriteFailed,
            (false, true) => Event::Written,
            (false, false) => Event::Conflict,
        });
    }

    fn good(&mut self) {
        let event = match &self.action {
            Action::Rest { .. } | Action::Stop(_) | Action::Await => Event::Look,
            Action::Read => Event::Read(self.stored.clone()),
            Action::TakeLease => Event::Leased,
            Action::Release => Event::Released,
            Action::Send(_) => Event::Issued(Issued::new(self.fresh())),
            Action::Wait(_) => Event::Waited,
            Action::Write(_) => return self.write(false, true),
            other => panic!("{other:?}"),
        };
        self.tell(event);
    }

    fn bad(&mut self, how: u8) {
        let event = match &self.action {
            Action::Read => Event::ReadFailed,
            Action::TakeLease if how % 2 == 0 => Event::LeaseFailed,
            Action::TakeLease => Event::LeaseHeld { remaining: Duration::from_secs(how.into()) },
            Action::Send(_) => Event::Failed(setback(how)),
            Action::Write(_) => return self.write(true, how % 2 == 0),
            _ => Event::Aborted,
        };
        self.tell(event);
    }

    fn any(&mut self, kind: Kind, n: u8) {
        let token = pair(n % 8).fingerprint();
        let event = match kind {
            Kind::Look => Event::Look,
            Kind::Exchange => Event::Exchange,
            Kind::Expired => Event::Rejected { token, rejection: Rejection::Expired },
            Kind::Doubtful => Event::Rejected { token, rejection: Rejection::Doubtful },
            Kind::Read => Event::Read(self.stored.clone()),
            Kind::Outcome => [
                Event::ReadFailed,
                Event::Leased,
                Event::LeaseFailed,
                Event::Released,
                Event::Failed(setback(n / 8)),
                Event::Conflict,
                Event::WriteFailed,
                Event::Waited,
            ][usize::from(n % 8)]
            .clone(),
            // Only what was asked for can come, though late or twice.
            Kind::Issued | Kind::Lone if self.sent.is_none() => Event::Look,
            Kind::Issued => Event::Issued(Issued::new(self.fresh())),
            Kind::Lone => {
                let AnyCredential::Credential(mut lone) = self.fresh() else { panic!() };
                lone.refresh_token = None;
                Event::Issued(Issued::new(lone))
            }
        };
        self.tell(event);
    }
}

fn setback(how: u8) -> Setback {
    match how % 6 {
        0 => Setback::NothingSent,
        1 => Setback::RateLimited { after: Some(Duration::MAX) },
        2 => Setback::Unknown { after: Some(Duration::from_secs(how.into())) },
        3 => Setback::Spent { code: "invalid_refresh_token".into() },
        4 => Setback::Refused { code: "bad_client_secret".into(), class: ErrorClass::Config },
        _ => Setback::Unknown { after: None },
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_order_of_events_loses_a_pair(script in prop::collection::vec(happens(), 1..120)) {
        let mut world = World::new();
        for happens in script {
            match happens {
                Happens::Good => world.good(),
                Happens::Bad(how) => world.bad(how),
                Happens::Any(kind, n) => world.any(kind, n),
                Happens::Theirs => world.stored = Some(world.fresh()),
                Happens::Gone => world.stored = None,
                Happens::Restored => world.stored = Some(pair(1)),
                Happens::Time(seconds) => world.now += u64::from(seconds),
            }
        }
        // From then on all goes well: what is still to be stored is stored soon, unless the place is gone.
        let place = world.stored.is_some();
        for _ in 0..12 {
            if world.rotation.unsaved().is_none() {
                break;
            }
            world.now += 1;
            world.good();
        }
        prop_assert!(!place || world.rotation.unsaved().is_none(), "{:?}", world.rotation);
    }
}
