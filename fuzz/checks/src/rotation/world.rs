//! One machine, and a store and a Slack that do as they are told.

mod pairs;

use std::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use slack_proto::{
    ApiMethod, ClientId, ClientSecret, ConfidentialClient, Endpoint, Timestamp,
    error::ErrorClass,
    rotation::{
        Action, AnyCredential, Input, Issued, RefreshFailure, RefreshRequest, Rejection, Rotation,
        RotationEvent, RotationPolicy,
    },
    tokens::{Fingerprint, RefreshMethod},
};

use self::pairs::{first, number, pair, without_refresh_token};
use crate::secrets;

/// Something that happens.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub(super) enum Step {
    /// The outcome that was asked for, and it is a success.
    Good,
    /// The outcome that was asked for, and it is none.
    Bad(u8),
    /// An outcome of anything, asked for or not.
    Outcome(u8),
    /// News from outside.
    News(News, u8),
    /// A pair comes, though nobody waits for it any more.
    Issued,
    /// An access token without a refresh token comes late.
    Lone,
    /// Another process writes a pair.
    Theirs,
    /// The store's content is gone.
    Gone,
    /// A backup of the first pair is restored.
    Restored,
    /// Seconds pass.
    Later(u32),
    /// The clock is set back.
    Earlier(u32),
}

#[derive(Arbitrary, Clone, Copy, Debug)]
pub(super) enum News {
    Look,
    Refresh,
    Exchange,
    Expired,
    Doubtful,
}

/// What a run begins with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setup {
    pub(super) policy: RotationPolicy,
    pub(super) jitter: u32,
    pub(super) kind: Kind,
    /// How long access tokens live, in seconds; without it nobody says.
    pub(super) life: Option<u32>,
}

/// What the pairs are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Installed(RefreshMethod),
    Configuration,
}

impl<'a> Arbitrary<'a> for Setup {
    fn arbitrary(u: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        let seconds = |u: &mut Unstructured<'a>| Ok(Duration::from_secs(u.arbitrary()?));
        let mut policy = RotationPolicy::new();
        if u.arbitrary()? {
            policy = policy.margin(seconds(u)?);
        }
        if u.arbitrary()? {
            policy = policy.grace(seconds(u)?).lease(seconds(u)?);
        }
        if u.arbitrary()? {
            policy = policy.rate_limit_wait(seconds(u)?).refusal_wait(seconds(u)?);
        }
        if u.arbitrary()? {
            policy = policy.for_public_client();
        }
        let kind = *u.choose(&[
            Kind::Installed(RefreshMethod::OauthV2Access),
            Kind::Installed(RefreshMethod::OauthV2UserAccess),
            Kind::Installed(RefreshMethod::OpenidConnectToken),
            Kind::Configuration,
        ])?;
        Ok(Self { policy, jitter: u.arbitrary()?, kind, life: u.arbitrary()? })
    }
}

impl Default for Setup {
    fn default() -> Self {
        let kind = Kind::Installed(RefreshMethod::OauthV2Access);
        Self { policy: RotationPolicy::new(), jitter: 7, kind, life: Some(43_200) }
    }
}

pub(super) struct World {
    setup: Setup,
    rotation: Rotation,
    action: Action,
    now: u64,
    stored: Option<AnyCredential>,
    /// The number of the newest pair there is.
    newest: u64,
    /// A pair that was received and must be stored, or in the machine.
    received: Option<Fingerprint>,
    spent: Vec<Fingerprint>,
    /// The refresh token of the request that is on its way, or was.
    in_flight: Option<Fingerprint>,
    /// Whether a request of any kind was sent.
    asked: bool,
}

impl World {
    pub(super) fn new(setup: Setup) -> Self {
        let mut rotation = Rotation::new(setup.policy, setup.jitter);
        let action = rotation.step(Timestamp::from_unix(START), Input::Tick);
        Self {
            setup,
            rotation,
            action,
            now: START,
            stored: Some(first(setup)),
            newest: 1,
            received: None,
            spent: Vec::new(),
            in_flight: None,
            asked: false,
        }
    }

    pub(super) fn happen(&mut self, step: Step) {
        match step {
            Step::Good => self.go_on(),
            Step::Bad(how) => self.go_wrong(how),
            Step::Outcome(how) => self.tell(outcome(how, self.stored.clone())),
            Step::News(news, how) => self.tell(told(news, how, self.rotation.credential())),
            // Only what was asked for can come, though late or twice.
            Step::Issued | Step::Lone if !self.asked => {}
            Step::Issued => {
                let fresh = self.fresh();
                self.tell(Input::Issued(Issued::new(fresh)));
            }
            Step::Lone => {
                let lone = without_refresh_token(self.fresh());
                self.tell(Input::Issued(Issued::new(lone)));
            }
            Step::Theirs => self.stored = Some(self.fresh()),
            Step::Gone => self.stored = None,
            Step::Restored => self.stored = Some(first(self.setup)),
            Step::Later(seconds) => self.now += u64::from(seconds),
            Step::Earlier(seconds) => self.now = self.now.saturating_sub(seconds.into()),
        }
    }

    /// From now on all goes well: what is still to be stored is stored soon, unless its place is gone.
    pub(super) fn settle(&mut self) {
        secrets::assert_hidden(&self.rotation);
        let has_place = self.stored.is_some();
        for _ in 0..12 {
            if self.rotation.unsaved().is_none() {
                return;
            }
            self.now += 1;
            self.go_on();
        }
        assert!(!has_place || self.rotation.unsaved().is_none(), "a pair was lost: never stored");
    }

    fn fresh(&mut self) -> AnyCredential {
        self.newest += 1;
        pair(self.setup, self.newest, self.now)
    }

    fn go_on(&mut self) {
        let event = match &self.action {
            Action::Read => Input::Read(self.stored.clone()),
            Action::TakeLease => Input::Leased,
            Action::Release => Input::Released,
            Action::Send(_) => Input::Issued(Issued::new(self.fresh())),
            Action::Wait(_) => Input::Waited,
            Action::Write(_) => return self.write(false, true),
            Action::Note(_) => Input::Noted,
            _ => Input::Tick,
        };
        self.tell(event);
    }

    fn go_wrong(&mut self, how: u8) {
        let event = match &self.action {
            Action::Read => Input::ReadFailed,
            Action::TakeLease if how % 2 == 0 => Input::LeaseFailed,
            Action::TakeLease => Input::LeaseHeld { remaining: Duration::from_secs(how.into()) },
            Action::Send(_) => Input::Failed(setback(how)),
            Action::Write(_) => return self.write(true, how % 2 == 0),
            _ => Input::Aborted,
        };
        self.tell(event);
    }

    fn write(&mut self, fails: bool, applies: bool) {
        let Action::Write(write) = self.action.clone() else { return };
        let held = self.stored.as_ref().filter(|held| held.pair_fingerprint() == write.replaces);
        let holds = held.is_some();
        if let Some(held) = held.filter(|_| applies) {
            assert!(number(held) <= number(&write.credential), "a newer pair was lost");
            self.stored = Some(write.credential);
        }
        self.tell(match (fails, holds) {
            (true, _) => Input::WriteFailed,
            (false, true) => Input::Written,
            (false, false) => Input::Conflict,
        });
    }

    fn tell(&mut self, event: Input) {
        let came = match &event {
            Input::Issued(issued) if self.rotation.unsaved().is_none() && self.asked => {
                Some((issued.credential.fingerprint(), issued.credential.refresh_token().is_some()))
            }
            _ => None,
        };
        let is_pair = matches!(event, Input::Issued(_));
        let before = self.rotation.credential().map(AnyCredential::pair_fingerprint);
        let action = self.rotation.step(Timestamp::from_unix(self.now), event);
        if let Some((name, has_refresh_token)) = came {
            let kept = self.rotation.unsaved().is_some_and(|kept| kept.fingerprint() == name);
            // An access token alone that comes late is not worth a pair.
            self.received = (has_refresh_token || kept).then_some(name).or(self.received);
            self.remember_spent(self.in_flight.filter(|_| has_refresh_token));
        }
        if is_pair {
            let after = self.rotation.credential().map(AnyCredential::pair_fingerprint);
            assert_eq!(before, after, "a pair came out that is not stored");
        }
        if let Action::Send(trade) = &action {
            self.asked = true;
            self.in_flight = refresh_token_of(trade);
            let known = self.in_flight.is_some_and(|token| self.spent.contains(&token));
            assert!(!known, "lost: a refresh token is sent that is known to be spent");
        }
        if !matches!(action, Action::Await) {
            self.action = action;
        }
        for notice in self.rotation.take_events() {
            secrets::assert_hidden(&notice);
            if let RotationEvent::Conflict { .. } = notice {
                self.received = None;
            }
        }
        self.look_for_what_came();
    }

    /// As many as the machine remembers.
    fn remember_spent(&mut self, token: Option<Fingerprint>) {
        let Some(token) = token.filter(|token| !self.spent.contains(token)) else { return };
        self.spent.push(token);
        if self.spent.len() > 64 {
            self.spent.remove(0);
        }
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

fn told(news: News, how: u8, held: Option<&AnyCredential>) -> Input {
    let token = match held {
        Some(held) if how % 2 == 0 => held.fingerprint(),
        _ => Fingerprint::of("another"),
    };
    match news {
        News::Look => Input::Tick,
        News::Refresh => Input::Refresh,
        News::Exchange => Input::Exchange,
        News::Expired => Input::Rejected { token, rejection: Rejection::Expired },
        News::Doubtful => Input::Rejected { token, rejection: Rejection::Doubtful },
    }
}

fn outcome(how: u8, stored: Option<AnyCredential>) -> Input {
    match how % 10 {
        0 => Input::Read(stored),
        1 => Input::ReadFailed,
        2 => Input::Leased,
        3 => Input::LeaseFailed,
        4 => Input::Released,
        5 => Input::Failed(setback(how / 10)),
        6 => Input::Conflict,
        7 => Input::WriteFailed,
        8 => Input::Waited,
        _ => Input::Aborted,
    }
}

fn setback(how: u8) -> RefreshFailure {
    match how % 6 {
        0 => RefreshFailure::NothingSent,
        1 => RefreshFailure::RateLimited { after: Some(Duration::MAX) },
        2 => RefreshFailure::Unknown { after: Some(Duration::from_secs(how.into())) },
        3 => RefreshFailure::Spent { code: "invalid_refresh_token".into() },
        4 => {
            RefreshFailure::Refused { code: "bad_client_secret".into(), class: ErrorClass::Config }
        }
        _ => RefreshFailure::Unknown { after: None },
    }
}

/// Finds the refresh token in the request that would go out.
fn refresh_token_of(trade: &RefreshRequest) -> Option<Fingerprint> {
    let slack = Endpoint::slack();
    let id = ClientId::new("1").expect("not empty");
    let app = ConfidentialClient::new(id, ClientSecret::new("hush").expect("not empty"));
    let request = match trade {
        RefreshRequest::Refresh(refresh) => refresh.to_request(&slack, &app.into()),
        RefreshRequest::UserRefresh(refresh) => refresh.to_request(&slack, &app.into()),
        RefreshRequest::OpenidRefresh(refresh) => refresh.to_request(&slack, &app.into()),
        RefreshRequest::Rotate(rotate) => rotate.to_request(&slack, &()),
        RefreshRequest::Exchange(exchange) => exchange.to_request(&slack, &app),
        _ => return None,
    };
    let mut fields = form_urlencoded::parse(request.body().as_ref());
    fields.find(|(name, _)| name == "refresh_token").map(|(_, token)| Fingerprint::of(&token))
}

const START: u64 = 1_000_000;

#[cfg(test)]
impl World {
    pub(super) fn stored_number(&self) -> Option<u64> {
        self.stored.as_ref().map(number)
    }

    pub(super) fn rests(&self) -> bool {
        matches!(self.action, Action::Rest { .. })
    }
}

#[cfg(test)]
impl Setup {
    /// Pairs of a life so short that they are always due.
    pub(super) fn always_due() -> Self {
        Self { life: Some(1), ..Self::default() }
    }
}
