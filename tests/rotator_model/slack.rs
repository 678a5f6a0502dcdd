//! Slack, and the network to it: what is asked, what is done, and what becomes of the answer.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use http::{Request, Response};
use slack_auth::{
    ApiMethod, Endpoint, Installation, Slot, Timestamp,
    methods::OauthV2Access,
    oauth::AuthorizationCode,
    runtime::Runtime as _,
    tokens::RefreshToken,
    transport::{Body, Error, ErrorKind, Transport},
};
use slack_fake::{App, Consent, FakeSlack, Siblings, User, Workspace};

use crate::{
    chance::Chance,
    ledger::{Name, Pair},
    plan::{Plan, Weather},
    process::Life,
    world::{GRACE, NAMES, TEAMS, World, app},
};

pub(crate) fn fake(plan: &Plan) -> FakeSlack {
    let grace = if plan.lag.is_some() { Duration::ZERO } else { GRACE };
    let mut fake = FakeSlack::new()
        .refresh_grace(grace.as_secs())
        .user(User::new("U0FAKE00001", "fake.person"))
        .app(App::new("1.2", "hush").redirect_url("https://app.example.com/cb").distribute())
        .consent(Consent::Allow)
        .siblings(plan.siblings);
    for team in TEAMS {
        fake = fake.workspace(Workspace::new(team, team));
    }
    fake
}

impl World {
    /// A person installs the app in a workspace.
    pub(crate) fn install(&self, place: usize, scopes: &str, clock: Timestamp) -> Installation {
        let now = self.unix();
        let link = format!(
            "https://slack.com/oauth/v2/authorize?client_id=1.2&state=s&team={}&{scopes}",
            TEAMS[place]
        );
        let mut state = self.state();
        let answer = state.slack.handle(&Request::get(link).body(Vec::new()).unwrap(), now);
        let callback = answer.headers()["location"].to_str().unwrap();
        let code = callback.split(['?', '&']).find_map(|it| it.strip_prefix("code=")).unwrap();
        let method = OauthV2Access::new(AuthorizationCode::new(code).unwrap());
        let answer = state.slack.handle(&method.to_request(&Endpoint::slack(), &app()), now);
        let reply = <OauthV2Access>::parse_response(&answer).unwrap();
        let installation = reply.value.into_installation(clock);
        let at = self.now();
        for slot in [Slot::Bot, Slot::User] {
            if let Some(held) = installation.credential(slot) {
                let refresh = held.refresh_token.as_ref().map(RefreshToken::expose);
                let name = Name { place, slot };
                state.ledger.issue(name, held.access_token.expose(), refresh, at, None);
            }
        }
        installation
    }

    /// Whether a refresh token that is stored was spent, and nobody has stored what came of it.
    pub(crate) fn in_danger(&self) -> Option<Name> {
        let state = self.state();
        NAMES.into_iter().find(|name| {
            let stored = state.ledger.stored(*name).map(|pair| &state.ledger.pairs[pair]);
            stored.is_some_and(|pair| pair.spends > 0 && pair.ended_at.is_none())
        })
    }
}

/// The network between one process and Slack.
pub(crate) struct Network {
    pub(crate) world: World,
    pub(crate) life: Life,
}

/// What a request asks for.
pub(crate) struct Asked {
    pub(crate) method: String,
    /// Whose pair it is about; none for other calls.
    pub(crate) spends: Option<Pair>,
    /// Which pair's token is to be revoked.
    pub(crate) revokes: Option<Pair>,
}

/// What becomes of a request and its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Fine,
    Slow,
    NotSent,
    RequestLost,
    ReplyLost,
    Hangs {
        arrives: bool,
    },
    Panics {
        arrives: bool,
    },
    /// The sender's runtime is shut down.
    LosesRuntime {
        arrives: bool,
    },
    Limited(Option<u64>),
    Trouble,
    DoneButRefused,
    /// It arrives after the sender has given it up.
    Ghost,
}

impl Network {
    fn read(&self, request: &Request<Body>) -> Asked {
        let method = request.uri().path().trim_start_matches("/api/").to_owned();
        let form = String::from_utf8_lossy(request.body().as_ref()).into_owned();
        let field = |name: &str| form.split('&').find_map(|it| it.strip_prefix(name)).map(plain);
        let bearer = request.headers().get("authorization").and_then(|it| it.to_str().ok());
        let bearer = bearer.and_then(|it| it.strip_prefix("Bearer ")).map(str::to_owned);
        let state = self.world.state();
        let spends = match &*method {
            "oauth.v2.access" | "tooling.tokens.rotate" => {
                field("refresh_token=").and_then(|it| state.ledger.by_refresh(&it))
            }
            "oauth.v2.exchange" => {
                let token = field("token=").or(bearer.clone());
                token.and_then(|it| state.ledger.by_access(&it))
            }
            _ => None,
        };
        let revokes = bearer
            .filter(|_| method == "auth.revoke")
            .and_then(|it| state.ledger.by_access(&it).or_else(|| state.ledger.by_refresh(&it)));
        Asked { method, spends, revokes }
    }

    fn fate(&self, chance: &mut Chance, asked: &Asked) -> Fate {
        let world = &self.world;
        let Some(pair) = asked.spends else {
            if !world.may_fail(chance, &[]) {
                return Fate::Fine;
            }
            let hangs = Fate::Hangs { arrives: chance.once_in(2) };
            return chance.pick(&[Fate::ReplyLost, Fate::Limited(Some(3)), Fate::Trouble, hangs]);
        };
        let name = world.state().ledger.pairs[pair].name;
        let is_safe = world.in_danger().is_none();
        if !world.may_fail(chance, &[name]) {
            return Fate::Fine;
        }
        let arrives = chance.once_in(2);
        let mut fates = vec![
            Fate::Slow,
            Fate::NotSent,
            Fate::RequestLost,
            Fate::ReplyLost,
            Fate::Hangs { arrives },
            Fate::Panics { arrives },
            Fate::Trouble,
            Fate::DoneButRefused,
        ];
        let harsh = world.plan.weather == Weather::Harsh;
        if harsh || is_safe {
            let after = chance.pick(&[None, Some(1), Some(40), Some(900), Some(3_000)]);
            fates.extend([Fate::Limited(after); 2]);
        }
        if harsh && world.plan.siblings == Siblings::FirstUsedWins {
            fates.push(Fate::Ghost);
        }
        if chance.once_in(3) && world.may_shut_down() {
            fates = vec![Fate::LosesRuntime { arrives }];
        }
        let fate = chance.pick(&fates);
        world.fault(self.life, Some(name), "of the network");
        fate
    }

    /// The request has reached Slack.
    fn arrive(&self, request: &Request<Body>, asked: &Asked, fate: Fate) -> Response<Vec<u8>> {
        let world = &self.world;
        let (now, unix) = (world.now(), world.unix());
        if asked.spends.is_some() && now < world.state().limited_until {
            let left = world.state().limited_until.saturating_sub(now).as_millis().div_ceil(1000);
            return limited(Some(u64::try_from(left).unwrap()));
        }
        match fate {
            Fate::Limited(after) => {
                if asked.spends.is_some() {
                    world.state().limited_until = now + Duration::from_secs(after.unwrap_or(10));
                }
                return limited(after);
            }
            Fate::Trouble => return Response::builder().status(503).body(Vec::new()).unwrap(),
            _ => {}
        }
        if let Some(pair) = asked.spends {
            self.check_spend(pair);
        }
        if let Some(pair) = asked.revokes {
            self.check_revocation(pair);
        }
        let answer = world.state().slack.handle(request, unix);
        if let (Some(pair), Some((access, refresh))) = (asked.spends, pair_in(&answer)) {
            let mut state = world.state();
            state.figures.refreshes += 1;
            state.figures.repeated += usize::from(state.ledger.pairs[pair].spends > 0);
            let name = state.ledger.pairs[pair].name;
            let issued = state.ledger.issue(name, &access, refresh.as_deref(), now, Some(pair));
            let spent = &mut state.ledger.pairs[pair];
            spent.spent_at.get_or_insert(now);
            spent.spends += 1;
            drop(state);
            world.note(self.life, format!("  slack: pair {pair} gives pair {issued}"));
        } else if let Some(pair) = asked.spends {
            let text = String::from_utf8_lossy(answer.body()).into_owned();
            world.note(self.life, format!("  slack: pair {pair} is refused: {text}"));
        }
        if fate == Fate::DoneButRefused {
            return Response::new(br#"{"ok":false,"error":"fatal_error"}"#.to_vec());
        }
        answer
    }

    /// Ends the task that waits for the answer, unless a caller does.
    async fn lose_runtime(&self) {
        self.world.shut_down(self.life);
        self.world.runtime.sleep(Duration::from_secs(1)).await;
    }

    /// The answer has reached the process.
    fn deliver(&self, answer: Response<Vec<u8>>) -> Response<Vec<u8>> {
        if let Some((access, _)) = pair_in(&answer) {
            let mut state = self.world.state();
            if let Some(pair) = state.ledger.by_access(&access) {
                state.ledger.pairs[pair].known_to.push(self.life);
            }
        }
        answer
    }
}

#[async_trait]
impl Transport for Network {
    async fn send(&self, request: Request<Body>) -> Result<Response<Vec<u8>>, Error> {
        let world = self.world.clone();
        let asked = self.read(&request);
        let what = format!("send {} {:?}", asked.method, asked.spends);
        let mut chance = world.chance(self.life, &what);
        let fate = self.fate(&mut chance, &asked);
        world.note(self.life, format!("  {what} ({fate:?})"));
        let flight = asked.spends.map(|pair| self.begin(&asked.method, pair));
        let way = chance.millis(20, 400);
        if fate == Fate::NotSent {
            return Err(Error::unsent(ErrorKind::Connect, "the network is down"));
        }
        if fate == Fate::Ghost {
            let ghost = Self { world: world.clone(), life: self.life };
            let late = world.runtime.sleep(Duration::from_secs(31) + way);
            world.runtime.spawn(Box::pin(async move {
                late.await;
                drop(ghost.arrive(&request, &asked, Fate::Fine));
            }));
            return std::future::pending().await;
        }
        world.runtime.sleep(way).await;
        match fate {
            Fate::RequestLost => return Err(lost()),
            Fate::Hangs { arrives: false } => return std::future::pending().await,
            Fate::Panics { arrives: false } => panic!("a transport of the test's"),
            Fate::LosesRuntime { arrives: false } => {
                self.lose_runtime().await;
                return Err(lost());
            }
            _ => {}
        }
        let answer = self.arrive(&request, &asked, fate);
        let way = if fate == Fate::Slow { chance.seconds(5, 25) } else { chance.millis(20, 400) };
        world.runtime.sleep(way).await;
        match fate {
            Fate::ReplyLost => Err(lost()),
            Fate::Hangs { .. } => std::future::pending().await,
            Fate::Panics { .. } => panic!("a transport of the test's"),
            Fate::LosesRuntime { .. } => {
                self.lose_runtime().await;
                Err(lost())
            }
            _ => {
                if let Some(flight) = flight {
                    flight.end(&answer);
                }
                Ok(self.deliver(answer))
            }
        }
    }
}

fn lost() -> Error {
    Error::maybe_sent(ErrorKind::Closed, "the connection is lost")
}

fn limited(after: Option<u64>) -> Response<Vec<u8>> {
    let mut answer = Response::builder().status(429);
    if let Some(after) = after {
        answer = answer.header("retry-after", after);
    }
    answer.body(br#"{"ok":false,"error":"ratelimited"}"#.to_vec()).unwrap()
}

/// Reads the pair in an answer, by hand.
pub(crate) fn pair_in(answer: &Response<Vec<u8>>) -> Option<(String, Option<String>)> {
    let body: serde_json::Value = serde_json::from_slice(answer.body()).ok()?;
    let access = body["access_token"].as_str().or(body["token"].as_str())?.to_owned();
    Some((access, body["refresh_token"].as_str().map(str::to_owned)))
}

fn plain(field: &str) -> String {
    field.replace("%2D", "-").replace("%2B", "+")
}

pub(crate) fn network(world: &World, life: Life) -> Arc<Network> {
    Arc::new(Network { world: world.clone(), life })
}
