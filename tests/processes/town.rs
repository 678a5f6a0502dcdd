//! The installations of the run: made at the fake, put into the store, and looked at in the end.

use std::{
    net::IpAddr,
    thread,
    time::{Duration, Instant},
};

use http::Request;
use pollster::block_on;
use slack_auth::{
    ApiMethod, ClientId, ClientSecret, ConfidentialClient, Endpoint, InstallationStore, Slot,
    StoreKey, Timestamp, TokenRotator, methods::OauthV2Access, oauth::AuthorizationCode,
    store::Precondition, tokens::Fingerprint,
};
use slack_fake::{App, Clock, Consent, FakeSlack, SharedFake, User, Workspace};

use crate::{
    slack::Slack,
    worker::{self, Leases, Pace, WorkerClock},
};

/// Creates a Slack with so many workspaces, at this address.
pub(crate) fn found(address: IpAddr, installations: usize) -> Slack {
    let mut fake = FakeSlack::new()
        .user(User::new("U0FAKE00001", "fake.person"))
        .app(App::new("1.2", "hush").redirect_url(CALLBACK).rotate_tokens().distribute())
        .consent(Consent::Allow)
        .access_token_life(Pace::LIFE)
        .refresh_grace(Pace::GRACE);
    for number in 0..installations {
        fake = fake.workspace(Workspace::new(team(number), format!("Fake {number}")));
    }
    Slack::start(address, SharedFake::new(fake, Clock::real()))
}

/// Installs the app in every workspace, and stores what came of it.
pub(crate) fn install(slack: &Slack, place: &str, installations: usize) {
    let store = worker::store(place);
    // The tokens are due soon after the processes begin.
    let now = slack.fake().clock().now();
    slack.fake().clock().set(now - (Pace::LIFE - Pace::MARGIN) + 2);
    let app =
        ConfidentialClient::new(ClientId::new("1.2").unwrap(), ClientSecret::new("hush").unwrap());
    for number in 0..installations {
        let page = format!(
            "/oauth/v2/authorize?client_id=1.2&scope=chat%3Awrite&state=s&team={}",
            team(number)
        );
        let answer = slack.fake().handle(&Request::get(page).body(Vec::new()).unwrap());
        let callback = answer.headers()["location"].to_str().unwrap();
        let code = callback.split(['=', '&']).nth(1).unwrap();
        let method = OauthV2Access::new(AuthorizationCode::new(code).unwrap());
        let sent = Timestamp::from_unix(slack.fake().clock().now());
        let answer = slack.fake().handle(&method.to_request(&Endpoint::slack(), &app));
        let reply =
            OauthV2Access::<slack_auth::oauth::SecretAuthentication>::parse_response(&answer)
                .unwrap();
        let installation = reply.value.into_installation(sent);
        let key = installation.key().unwrap().into();
        block_on(store.put(&key, &installation, Precondition::Absent)).unwrap();
    }
    slack.fake().clock().set(Timestamp::from(std::time::SystemTime::now()).as_unix());
    assert_eq!(worker::keys(&store).len(), installations);
}

/// What became of the installations.
#[derive(Default)]
pub(crate) struct Living {
    pub(crate) live: usize,
    /// Those whose refresh token was sent by one process after the other until the grace time was over, each of which was
    /// killed before it could store the answer.
    pub(crate) lost_to_kills: usize,
    /// The stored refresh tokens of all that are lost.
    pub(crate) lost: Vec<Fingerprint>,
}

/// Counts the installations whose tokens work, after all processes have ended: both the token that a fresh process is
/// given, and the refresh token that is stored.
pub(crate) fn count_the_living(slack: &Slack, place: &str, leases: Leases) -> Living {
    // By the clock that is most ahead: those before it may have stored a token that looks fresh to others.
    let clock = WorkerClock::ahead(Pace::SKEW);
    let rotator = worker::rotator(place, &slack.listen_here(), leases, clock);
    let store = worker::store(place);
    let keys = worker::keys(&store);
    // All at one time: what killed processes have begun must be finished within Slack's grace time.
    let end = Instant::now() + Duration::from_secs(3 * Pace::LEASE);
    let lives = thread::scope(|scope| {
        let looks: Vec<_> = keys
            .iter()
            .map(|key| scope.spawn(|| becomes_live(slack, &rotator, &store, key, end)))
            .collect();
        looks.into_iter().map(|look| look.join().unwrap()).collect::<Vec<_>>()
    });
    let mut living = Living::default();
    for (key, lives) in keys.iter().zip(lives) {
        if lives {
            living.live += 1;
            continue;
        }
        let stored = block_on(store.load(key)).unwrap().unwrap().installation.bot.unwrap();
        let refresh_token = stored.refresh_token.unwrap();
        let now = slack.fake().clock().now();
        let report = slack.fake().with(|fake| fake.credential_of(refresh_token.expose(), now));
        living.lost.push(Fingerprint::of(refresh_token.expose()));
        let end = slack.end_of(Fingerprint::of(refresh_token.expose()));
        println!("{key} is lost: issued at {:?}, now {now}, {report:?}\n{end}", stored.issued_at);
        if end.was_killed_each_time() {
            living.lost_to_kills += 1;
        }
    }
    living
}

/// Asks for a token until it and the stored refresh token work.
fn becomes_live(
    slack: &Slack,
    rotator: &TokenRotator,
    store: &InstallationStore,
    key: &StoreKey,
    end: Instant,
) -> bool {
    let is_live =
        |token: &str| slack.fake().with(|fake| fake.is_live(token, slack.fake().clock().now()));
    loop {
        // A token that is due is refreshed first, which finishes what a killed process has begun.
        let margin = Duration::from_secs(Pace::MARGIN);
        match block_on(rotator.access_token_for(key, Slot::Bot, margin)) {
            Ok(token) => {
                let stored = block_on(store.load(key)).unwrap().unwrap().installation;
                let refresh_token = stored.bot.unwrap().refresh_token.unwrap();
                if is_live(token.expose()) && is_live(refresh_token.expose()) {
                    return true;
                }
            }
            Err(error) => println!("{key}: {error}"),
        }
        if Instant::now() > end {
            return false;
        }
        thread::sleep(Duration::from_millis(100));
    }
}

fn team(number: usize) -> String {
    format!("T{number:05}")
}

const CALLBACK: &str = "https://app.example.com/cb";
