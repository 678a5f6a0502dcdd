//! Slack's side: the fake, and a list of what it has issued.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    rc::Rc,
};

use http::{Request, Response};
use slack_auth::{
    ApiMethod, ClientId, ClientSecret, ConfidentialClient, Endpoint, Installation, Slot, Timestamp,
    methods::{OauthV2Access, RequestBody},
    oauth::{AuthorizationCode, ClientCredentials},
};
use slack_fake::{App, Consent, Delivery, FakeSlack, Fault, Siblings, User, Workspace};

/// The number of a pair, in the order in which Slack issued them.
pub(crate) type Pair = usize;

/// Slack, in a state that many worlds may share.
#[derive(Clone)]
pub(crate) struct Slack {
    fake: Rc<FakeSlack>,
    digest: u64,
    pub(crate) issued: Rc<Vec<IssuedPair>>,
    /// Until when it refuses all calls, in milliseconds.
    pub(crate) limited_until: u64,
}

/// A pair as Slack knows it.
#[derive(Clone)]
pub(crate) struct IssuedPair {
    pub(crate) slot: Slot,
    access: String,
    refresh: String,
    /// When its refresh token first gave another pair, in milliseconds.
    pub(crate) spent_at: Option<u64>,
}

/// What Slack does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Answer {
    /// It does what was asked, and says so.
    Well,
    /// 429; nothing is done. It may say for how many seconds.
    Limited(Option<u64>),
    /// 500; nothing is done.
    Trouble,
    /// `fatal_error`; it was done all the same.
    Done,
}

/// The answer on its way back.
#[derive(Clone)]
pub(crate) struct Letter {
    pub(crate) response: Response<Vec<u8>>,
    /// The pair in it.
    pub(crate) pair: Option<Pair>,
    pub(crate) answer: Answer,
}

impl Slack {
    /// Installs the app for a bot and a person, and gives the installation that came of it.
    pub(crate) fn install(siblings: Siblings, now: u64) -> (Self, Installation) {
        let mut fake = FakeSlack::new()
            .workspace(Workspace::new("T0FAKE00001", "Fake Team"))
            .user(User::new("U0FAKE00001", "fake.person"))
            .app(App::new("1.2", "hush").redirect_url("https://app.example.com/cb").rotate_tokens())
            .consent(Consent::Allow)
            .siblings(siblings);
        let link = "https://slack.com/oauth/v2/authorize?client_id=1.2&scope=chat%3Awrite&user_scope=chat%3Awrite&state=s";
        let callback = fake.handle(&Request::get(link).body(Vec::new()).unwrap(), seconds(now));
        let callback = callback.headers()["location"].to_str().unwrap();
        let code = callback.split("code=").nth(1).unwrap().split('&').next().unwrap();
        let access = OauthV2Access::new(AuthorizationCode::new(code).unwrap());
        let response = fake.handle(&access.to_request(&Endpoint::slack(), &app()), seconds(now));
        let reply = <OauthV2Access>::parse_response(&response).unwrap();
        let installation = reply.value.into_installation(Timestamp::from_unix(seconds(now)));
        let issued = [Slot::Bot, Slot::User].map(|slot| {
            let held = installation.credential(slot).unwrap();
            IssuedPair {
                slot,
                access: held.access_token.expose().to_owned(),
                refresh: held.refresh_token.as_ref().unwrap().expose().to_owned(),
                spent_at: None,
            }
        });
        let mut slack = Self {
            fake: Rc::new(fake),
            digest: 0,
            issued: Rc::new(issued.to_vec()),
            limited_until: 0,
        };
        slack.seal();
        (slack, installation)
    }

    /// Answers a request with the refresh token of `sent`.
    pub(crate) fn answer(
        &mut self,
        request: &Request<RequestBody>,
        sent: Pair,
        answer: Answer,
        now: u64,
    ) -> Letter {
        let left = self.limited_until.saturating_sub(now).div_ceil(1000);
        let answer = if left > 0 { Answer::Limited(Some(left)) } else { answer };
        let fault = match answer {
            // What was done is read from an answer that nobody gets.
            Answer::Well | Answer::Done => None,
            Answer::Limited(retry_after) => {
                let end = now + retry_after.unwrap_or(0) * 1000;
                self.limited_until = self.limited_until.max(end);
                Some(Fault::RateLimited { retry_after })
            }
            Answer::Trouble => Some(Fault::ServerError { status: 500 }),
        };
        let before = self.refreshes(now);
        let fake = Rc::make_mut(&mut self.fake);
        if let Some(fault) = fault {
            fake.script("oauth.v2.access", fault);
        }
        let mut response = fake.handle(request, seconds(now));
        let pair = self.note(&response, sent, now);
        assert_eq!(self.refreshes(now) - before, u64::from(pair.is_some()));
        if answer == Answer::Done {
            response = Response::new(br#"{"ok":false,"error":"fatal_error"}"#.to_vec());
        }
        assert!(response.extensions().get::<Delivery>().is_none());
        self.seal();
        let pair = pair.filter(|_| answer == Answer::Well);
        Letter { response, pair, answer }
    }

    /// Tells whether a pair's refresh token would be taken.
    pub(crate) fn takes(&self, pair: Pair, now: u64) -> bool {
        self.fake.as_ref().clone().is_live(&self.issued[pair].refresh, seconds(now))
    }

    /// Tells whether a pair's access token works.
    pub(crate) fn accepts(&self, pair: Pair, now: u64) -> bool {
        self.fake.as_ref().clone().is_live(&self.issued[pair].access, seconds(now))
    }

    /// Finds a pair by its access token.
    pub(crate) fn pair_of_access(&self, token: &str) -> Option<Pair> {
        self.issued.iter().position(|pair| pair.access == token)
    }

    /// Finds a pair by its refresh token.
    pub(crate) fn pair_of_refresh(&self, token: &str) -> Option<Pair> {
        self.issued.iter().position(|pair| pair.refresh == token)
    }

    /// How many refreshes were answered with a pair.
    pub(crate) fn refreshes(&self, now: u64) -> u64 {
        let mut fake = self.fake.as_ref().clone();
        fake.credentials(seconds(now)).iter().map(|credential| credential.refreshes).sum()
    }

    /// The same, by the list of all pairs: two came with the installation.
    pub(crate) fn pairs_given(&self) -> u64 {
        (self.issued.len() - 2) as u64
    }

    /// Keeps in mind what an answer holds; read by hand, as Slack's documents have it.
    fn note(&mut self, response: &Response<Vec<u8>>, sent: Pair, now: u64) -> Option<Pair> {
        let body: serde_json::Value = serde_json::from_slice(response.body()).ok()?;
        let access = body["access_token"].as_str()?.to_owned();
        let refresh = body["refresh_token"].as_str()?.to_owned();
        let issued = Rc::make_mut(&mut self.issued);
        issued[sent].spent_at.get_or_insert(now);
        let slot = issued[sent].slot;
        issued.push(IssuedPair { slot, access, refresh, spent_at: None });
        Some(issued.len() - 1)
    }

    fn seal(&mut self) {
        let mut hasher = DefaultHasher::new();
        self.fake.save().hash(&mut hasher);
        self.digest = hasher.finish();
    }
}

impl Hash for Slack {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.digest.hash(state);
        self.limited_until.hash(state);
        // The fake counts in seconds.
        self.issued.iter().for_each(|pair| pair.spent_at.hash(state));
    }
}

pub(crate) fn client() -> ClientCredentials {
    app().into()
}

fn app() -> ConfidentialClient {
    ConfidentialClient::new(ClientId::new("1.2").unwrap(), ClientSecret::new("hush").unwrap())
}

/// Slack's time, from the model's milliseconds.
pub(crate) fn seconds(now: u64) -> u64 {
    now / 1000
}

/// For how long the fake takes a spent refresh token.
pub(crate) const GRACE: u64 = 60_000;
