use super::*;
use crate::{
    AccessToken, ApiMethod as _, Installation, Slot,
    error::ErrorClass,
    rotation::{Issued, Note, RefreshRequest, Rejection},
    tokens::{
        ConfigurationCredential, ConfigurationToken, Credential, RefreshMethod, RefreshToken,
    },
};

mod answers;
mod ends;
mod others;
mod refusals;
mod stores;

const START: u64 = 1_795_219_200;

/// A rotation and its clock, told what happens in words.
struct Told {
    rotation: Rotation,
    now: u64,
    notes: Vec<Note>,
}

/// A token that was issued at the start is due ten hours later.
const PHASE: u32 = 3_875_946_097;

impl Told {
    fn new() -> Self {
        Self::by(RotationPolicy::new())
    }

    fn by(policy: RotationPolicy) -> Self {
        Self { rotation: Rotation::new(policy, PHASE), now: START, notes: Vec::new() }
    }

    /// The store holds `credential`; it has just been read.
    fn with(credential: &AnyCredential) -> Self {
        let mut told = Self::new();
        assert!(matches!(told.tell(Input::Tick), Action::Read));
        told.tell(Input::Read(Some(credential.clone())));
        told
    }

    /// A refresh of the pair 1 is on its way, the lease in hand.
    fn sending() -> Self {
        let mut told = Self::with(&pair(1));
        told.send_again(&pair(1));
        told
    }

    /// From a lease to a request.
    fn send_again(&mut self, stored: &AnyCredential) {
        assert!(matches!(self.tell(Input::Leased), Action::Read));
        let action = self.read(stored);
        assert!(matches!(action, Action::Send(_)), "{action:?}");
    }

    /// Reports what happened. Looks that are repeated find the same again, notes are stored, and a lease that is given back
    /// before a wait is released.
    fn tell(&mut self, event: Input) -> Action {
        let found = match &event {
            Input::Read(found) => Some(found.clone()),
            _ => None,
        };
        let mut action = self.rotation.step(self.now(), event);
        loop {
            action = match (action, &found) {
                (Action::Wait(wait), Some(found)) if self.rotation.looks > 0 => {
                    self.now += wait.as_secs();
                    let read = self.rotation.step(self.now(), Input::Waited);
                    assert!(matches!(read, Action::Read), "{read:?}");
                    self.rotation.step(self.now(), Input::Read(found.clone()))
                }
                (Action::Note(note), _) => {
                    self.notes.push(note);
                    self.rotation.step(self.now(), Input::Noted)
                }
                (Action::Release, _) if self.rotation.after_release.is_some() => {
                    self.rotation.step(self.now(), Input::Released)
                }
                (action, _) => return action,
            };
        }
    }

    fn read(&mut self, stored: &AnyCredential) -> Action {
        self.tell(Input::Read(Some(stored.clone())))
    }

    fn issue(&mut self, credential: &AnyCredential) -> Action {
        self.tell(Input::Issued(Issued::new(credential.clone())))
    }

    fn fail(&mut self, failure: RefreshFailure) -> Action {
        self.tell(Input::Failed(failure))
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.now)
    }

    fn held(&self) -> Option<String> {
        Some(self.rotation.credential()?.access_token()?.expose().to_owned())
    }
}

/// The nth pair of a bot: the first has just ended, the others have their life before them.
fn pair(n: u64) -> AnyCredential {
    let issued_at = Timestamp::from_unix(if n > 1 { START } else { START - 43_200 });
    let token = AccessToken::new(format!("xoxe.xoxb-1-{n}")).unwrap();
    let mut credential = Credential::new(token, issued_at);
    credential.refresh_token = Some(RefreshToken::new(format!("xoxe-1-{n}")).unwrap());
    credential.refresh_token_issued_at = Some(issued_at);
    credential.expires_at = Some(issued_at + Duration::from_secs(43_200));
    credential.into()
}

fn lasting() -> AnyCredential {
    Credential::new(AccessToken::new("xoxb-1").unwrap(), Timestamp::from_unix(1)).into()
}

fn changed(credential: AnyCredential, change: impl FnOnce(&mut Credential)) -> AnyCredential {
    let AnyCredential::Credential(mut credential) = credential else { panic!() };
    change(&mut credential);
    credential.into()
}

#[expect(clippy::unnecessary_wraps, reason = "it is compared with an option")]
fn token(n: u64) -> Option<String> {
    Some(format!("xoxe.xoxb-1-{n}"))
}

fn unknown() -> RefreshFailure {
    RefreshFailure::Unknown { after: None }
}

fn spent() -> RefreshFailure {
    RefreshFailure::Spent { code: "invalid_refresh_token".into() }
}

fn refused(code: &str, class: ErrorClass) -> RefreshFailure {
    RefreshFailure::Refused { code: code.into(), class }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The action, without what it carries.
#[track_caller]
fn waits(action: &Action) -> Duration {
    match action {
        Action::Wait(wait) => *wait,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn writes(action: Action) -> Write {
    match action {
        Action::Write(write) => write,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_good_token_rests_until_it_is_due() {
    let mut told = Told::new();
    assert!(matches!(told.tell(Input::Tick), Action::Read));
    let Action::Rest { due_at } = told.read(&pair(2)) else { panic!() };
    assert_eq!(due_at, Some(told.now() + seconds(36_000)));
    told.now += 35_999;
    assert!(matches!(told.tell(Input::Tick), Action::Rest { .. }));
    told.now += 1;
    assert!(matches!(told.tell(Input::Tick), Action::TakeLease));
    // Behind the callers' back: the token is still good for two hours.
    assert!(told.rotation.valid_credential(told.now(), seconds(7_200)).is_some());
    assert!(told.rotation.valid_credential(told.now(), seconds(7_201)).is_none());
    assert!(matches!(told.tell(Input::Tick), Action::Await), "no second time");
}

#[test]
fn a_token_that_does_not_rotate_is_never_due() {
    let mut told = Told::with(&lasting());
    told.now += 3_000;
    assert!(matches!(told.tell(Input::Tick), Action::Rest { due_at: None }));
    told.now = u64::MAX;
    assert_eq!(told.rotation.due_at(), None);
    assert!(told.rotation.valid_credential(told.now(), seconds(u64::MAX)).is_some());
}

#[test]
fn a_token_without_a_refresh_token_ends() {
    let ending = changed(pair(1), |it| it.refresh_token = None);
    let mut told = Told::new();
    told.tell(Input::Tick);
    let action = told.read(&ending);
    assert!(matches!(action, Action::Stop(ReauthorizationReason::NoRefreshToken)), "{action:?}");
    // Somebody authorizes again.
    assert!(matches!(told.tell(Input::Tick), Action::Read));
    assert!(matches!(told.read(&pair(2)), Action::Rest { .. }));
    assert_eq!(told.rotation.problem(), None);
}

#[test]
fn nobody_gets_a_pair_that_is_not_stored() {
    let mut told = Told::sending();
    let write = writes(told.issue(&pair(2)));
    assert_eq!(write.replaces, pair(1).pair_fingerprint());
    assert_eq!(write.credential.pair_fingerprint(), pair(2).pair_fingerprint());
    assert_eq!(told.held(), token(1));
    assert_eq!(told.rotation.unsaved().unwrap().pair_fingerprint(), pair(2).pair_fingerprint());
    assert!(told.rotation.valid_credential(told.now(), Duration::ZERO).is_none());
    assert!(matches!(told.tell(Input::Written), Action::Release));
    assert!(matches!(told.tell(Input::Released), Action::Rest { .. }));
    assert_eq!(told.held(), token(2));
    assert!(told.rotation.unsaved().is_none());
    let notices = told.rotation.take_events();
    assert!(
        matches!(&notices[..], [RotationEvent::Due { .. }, RotationEvent::Refreshed { old, new, .. }]
            if *old == pair(1).fingerprint() && *new == pair(2).fingerprint()),
        "{notices:?}"
    );
}

#[test]
fn slack_says_that_a_token_has_ended_and_is_believed() {
    let mut told = Told::with(&pair(2));
    let rejected =
        |n| Input::Rejected { token: pair(n).fingerprint(), rejection: Rejection::Expired };
    // A token that was replaced already is not reported.
    assert!(matches!(told.tell(rejected(1)), Action::Rest { .. }));
    assert!(matches!(told.tell(rejected(2)), Action::TakeLease));
    assert!(told.rotation.valid_credential(told.now(), Duration::ZERO).is_none());
    told.send_again(&pair(2));
    writes(told.issue(&pair(3)));
    told.tell(Input::Written);
    assert!(told.rotation.valid_credential(told.now(), Duration::ZERO).is_some());
    // A new one is not refreshed again already, and it is the best that there is.
    told.tell(Input::Released);
    assert!(matches!(told.tell(rejected(3)), Action::Rest { .. }));
    assert!(told.rotation.valid_credential(told.now(), Duration::ZERO).is_some());
}

#[test]
fn a_rejected_token_that_slack_gives_again_counts_as_given() {
    let mut told = Told::with(&pair(2));
    let token = pair(2).fingerprint();
    told.now += 60;
    told.tell(Input::Rejected { token, rejection: Rejection::Expired });
    told.send_again(&pair(2));
    let same_token = changed(pair(3), |it| {
        it.access_token = AccessToken::new("xoxe.xoxb-1-2").unwrap();
    });
    writes(told.issue(&same_token));
    // Or it would be asked for again and again, without a pause.
    assert!(matches!(told.tell(Input::Written), Action::Release));
    assert!(matches!(told.tell(Input::Released), Action::Rest { .. }));
    assert!(told.rotation.valid_credential(told.now(), Duration::ZERO).is_some());
}

#[test]
fn doubt_reads_the_store_and_ends_nothing() {
    let mut told = Told::with(&pair(2));
    let token = pair(2).fingerprint();
    let doubt = Input::Rejected { token, rejection: Rejection::Doubtful };
    assert!(matches!(told.tell(doubt.clone()), Action::Read));
    assert!(matches!(told.read(&pair(2)), Action::Rest { .. }));
    assert!(told.rotation.valid_credential(told.now(), Duration::ZERO).is_some());
    assert!(matches!(told.tell(doubt), Action::Read));
    assert!(matches!(told.read(&pair(3)), Action::Rest { .. }));
    assert_eq!(told.held(), super::tests::token(3));
    // A token that was replaced meanwhile is not reported.
    let doubt = Input::Rejected { token, rejection: Rejection::Doubtful };
    assert!(matches!(told.tell(doubt), Action::Rest { .. }));
}

#[test]
fn each_credential_is_refreshed_by_the_method_that_gave_it() {
    let sent = |credential: &AnyCredential| {
        let mut told = Told::with(credential);
        told.tell(Input::Leased);
        match told.read(credential) {
            Action::Send(request) => request,
            other => panic!("{other:?}"),
        }
    };
    let by = |method| changed(pair(1), |it| it.refresh_method = method);
    assert!(matches!(sent(&pair(1)), RefreshRequest::Refresh(_)));
    assert!(matches!(sent(&by(RefreshMethod::OauthV2UserAccess)), RefreshRequest::UserRefresh(_)));
    assert!(matches!(
        sent(&by(RefreshMethod::OpenidConnectToken)),
        RefreshRequest::OpenidRefresh(_)
    ));
    let configuration = AnyCredential::from(ConfigurationCredential::new(
        ConfigurationToken::new("xoxe.xoxp-1-c").unwrap(),
        RefreshToken::new("xoxe-1-c").unwrap(),
        Timestamp::from_unix(1),
    ));
    let RefreshRequest::Rotate(rotate) = sent(&configuration) else { panic!() };
    let request = rotate.to_request(&crate::Endpoint::slack(), &());
    assert_eq!(request.body().as_ref(), b"refresh_token=xoxe-1-c");
}

#[test]
fn a_clone_goes_its_own_way_and_debug_tells_states_apart() {
    let told = Told::sending();
    let (mut one, mut other) = (told.rotation.clone(), told.rotation.clone());
    assert_eq!(format!("{one:?}"), format!("{other:?}"));
    let _ = one.step(told.now(), Input::Issued(Issued::new(pair(2))));
    let _ = other.step(told.now(), Input::Issued(Issued::new(pair(3))));
    assert_ne!(format!("{one:?}"), format!("{other:?}"));
    assert!(!format!("{one:?}").contains("xoxe"));
}
