//! Whatever happens to a rotation, in whatever order.

use std::time::Duration;

use slack_proto::{
    AccessToken, AnyCredential, Credential, ErrorClass, Fingerprint, RefreshToken, Rotation,
    RotationPolicy, Timestamp,
    rotation::{Action, Event, Issued, Notice, Rejection, Setback},
};

/// Reads each two bytes as something that happens: no panic, no pair lost, no refresh token sent that is known to be
/// spent, no stored pair replaced by an older one, nothing given that is not stored.
pub fn check(input: &[u8]) {
    let mut world = World::new();
    for step in input.chunks_exact(2).take(500) {
        world.happen(step[0], step[1]);
    }
}

struct World {
    rotation: Rotation,
    action: Action,
    now: u64,
    stored: Option<AnyCredential>,
    /// The number of the newest pair there is.
    newest: u64,
    /// A pair that was received and must be stored, or in the machine.
    received: Option<Fingerprint>,
    spent: Vec<Fingerprint>,
    /// What the store holds that a request is sent for.
    sent: Option<Fingerprint>,
}

impl World {
    fn new() -> Self {
        let mut rotation = Rotation::new(RotationPolicy::new(), 7);
        let now = 1_000_000;
        let action = rotation.step(Timestamp::from_unix(now), Event::Look);
        let stored = Some(pair(1, now - 40_000));
        let (received, spent, sent) = (None, Vec::new(), None);
        Self { rotation, action, now, stored, newest: 1, received, spent, sent }
    }

    fn happen(&mut self, what: u8, how: u8) {
        match what % 16 {
            0..=6 => self.go_on(),
            7 | 8 => self.go_wrong(how),
            9 => self.stored = Some(self.fresh()),
            10 if how > 200 => self.stored = None,
            10 if how > 190 => self.stored = Some(pair(1, 960_000)),
            10 => self.now += u64::from(how) * 300,
            11 => self.now = self.now.saturating_sub(u64::from(how) * 300),
            12 => self.come_late(how),
            _ => self.tell(news(what, how, self.rotation.credential())),
        }
    }

    fn fresh(&mut self) -> AnyCredential {
        self.newest += 1;
        pair(self.newest, self.now)
    }

    /// The outcome that was asked for, and it is a success.
    fn go_on(&mut self) {
        let event = match &self.action {
            Action::Read => Event::Read(self.stored.clone()),
            Action::TakeLease => Event::Leased,
            Action::Release => Event::Released,
            Action::Send(_) => Event::Issued(Issued::new(self.fresh())),
            Action::Wait(_) => Event::Waited,
            Action::Write(_) => return self.write(false, true),
            _ => Event::Look,
        };
        self.tell(event);
    }

    fn go_wrong(&mut self, how: u8) {
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

    /// An answer that nobody waits for any more, with a refresh token or without.
    fn come_late(&mut self, how: u8) {
        if self.sent.is_none() {
            return;
        }
        let AnyCredential::Credential(mut late) = self.fresh() else { return };
        if how % 4 == 0 {
            late.refresh_token = None;
        }
        self.tell(Event::Issued(Issued::new(late)));
    }

    fn write(&mut self, fails: bool, applies: bool) {
        let Action::Write(write) = self.action.clone() else { return };
        let held = self.stored.as_ref().filter(|held| held.mark() == write.replaces);
        let holds = held.is_some();
        if let Some(held) = held.filter(|_| applies) {
            assert!(number(held) <= number(&write.credential), "a newer pair was lost");
            self.stored = Some(write.credential);
        }
        self.tell(match (fails, holds) {
            (true, _) => Event::WriteFailed,
            (false, true) => Event::Written,
            (false, false) => Event::Conflict,
        });
    }

    fn tell(&mut self, event: Event) {
        let came = match &event {
            Event::Issued(issued) if self.rotation.unsaved().is_none() && self.sent.is_some() => {
                Some((issued.credential.fingerprint(), issued.credential.refresh_token().is_some()))
            }
            _ => None,
        };
        let before = self.rotation.credential().map(AnyCredential::mark);
        let action = self.rotation.step(Timestamp::from_unix(self.now), event.clone());
        if let Some((name, has_refresh_token)) = came {
            let kept = self.rotation.unsaved().is_some_and(|kept| kept.fingerprint() == name);
            // An access token alone that comes late is not worth a pair.
            self.received = (has_refresh_token || kept).then_some(name).or(self.received);
            self.spent.extend(self.sent.filter(|_| has_refresh_token));
        }
        if matches!(event, Event::Issued(_)) {
            let after = self.rotation.credential().map(AnyCredential::mark);
            assert_eq!(before, after, "a pair came out that is not stored");
        }
        if let Action::Send(_) = &action {
            let token = self.rotation.credential().and_then(AnyCredential::refresh_token);
            self.sent = token.map(RefreshToken::fingerprint);
            assert!(self.sent.is_none_or(|sent| !self.spent.contains(&sent)), "lost: it is spent");
        }
        if !matches!(action, Action::Await) {
            self.action = action;
        }
        for notice in self.rotation.take_notices() {
            if let Notice::Conflict { .. } = notice {
                self.received = None;
            }
        }
        self.look_for_what_came();
    }

    fn look_for_what_came(&mut self) {
        let Some(received) = self.received else { return };
        let is = |held: Option<&AnyCredential>| held.is_some_and(|it| it.fingerprint() == received);
        if is(self.rotation.credential()) {
            self.received = None;
        } else {
            assert!(is(self.rotation.unsaved()), "a pair was lost");
        }
    }
}

fn news(what: u8, how: u8, held: Option<&AnyCredential>) -> Event {
    let Some(held) = held else { return Event::Look };
    let token = if how % 2 == 0 { held.fingerprint() } else { Fingerprint::of("another") };
    match what % 16 {
        13 => Event::Rejected { token, rejection: Rejection::Expired },
        14 => Event::Rejected { token, rejection: Rejection::Doubtful },
        _ if how % 4 == 0 => Event::Refresh,
        _ => Event::Exchange,
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

/// The nth pair. A higher number was issued later.
fn pair(n: u64, issued_at: u64) -> AnyCredential {
    let issued_at = Timestamp::from_unix(issued_at);
    let token = AccessToken::new(format!("xoxe.xoxb-1-{n}")).expect("visible ASCII");
    let mut credential = Credential::new(token, issued_at);
    let refresh_token = RefreshToken::new(format!("xoxe-1-{n}")).expect("visible ASCII");
    credential.refresh_token = Some(refresh_token);
    credential.expires_at = Some(issued_at + Duration::from_secs(43_200));
    credential.into()
}

fn number(credential: &AnyCredential) -> u64 {
    let token = credential.access_token().map(AccessToken::expose).unwrap_or_default();
    token.rsplit('-').next().and_then(|n| n.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_refreshed_and_stored_when_all_goes_well() {
        let mut world = World::new();
        for _ in 0..7 {
            world.happen(0, 0);
        }
        assert_eq!(world.stored.as_ref().map(number), Some(2));
        assert!(matches!(world.action, Action::Rest { .. }), "{:?}", world.action);
    }
}
