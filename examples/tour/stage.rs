//! The fake Slack, the app that is installed, and the clock that both go by.

use std::{
    error::Error,
    fs, io,
    path::{Path, PathBuf},
};

use slack_auth::{
    Client, ClientId, Endpoint, Limits, Timestamp,
    store::{FileStore, StoreError},
};
use slack_fake::{App, Clock, FakeServer, FakeSlack, SharedFake, User, Workspace};

use crate::browser::CallbackPage;

pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const SIGNING_SECRET: &str = "0123456789abcdef9876543210fedcba";
const CONFIDENTIAL: &str = "1000000001.2000000002";
const PUBLIC: &str = "1000000001.2000000003";
const KEEPING: &str = "1000000001.2000000004";
pub(crate) const SHARED: &str = "1000000001.2000000005";
pub(crate) const WORKSPACE: &str = "T0FAKE00001";
pub(crate) const FIRST: &str = "U0FAKE00001";
pub(crate) const SECOND: &str = "U0FAKE00002";
/// When the tour's clock starts, unless an earlier run has left a later time.
const BEGINNING: u64 = 1_795_219_200;

pub(crate) struct Stage {
    pub(crate) client: Client,
    pub(crate) callback: CallbackPage,
    pub(crate) clock: Clock,
    /// Where store and fake Slack are kept between two runs.
    pub(crate) folder: PathBuf,
    server: FakeServer,
}

impl Stage {
    /// Starts the fake Slack on a free port, as an earlier run has left it in `folder`, and connects by `transport`.
    pub(crate) fn set(transport: &str, folder: &Path) -> Result<Self, Box<dyn Error>> {
        let callback = CallbackPage::open()?;
        let server_app = App::new(CONFIDENTIAL, SECRET)
            .name("Tour")
            .redirect_url(callback.address()?)
            .insecure_loopback_redirects()
            .rotate_tokens();
        let desktop_app = App::new(PUBLIC, SECRET)
            .name("Tour on a desktop")
            .app_id("A0FAKE00002")
            .redirect_url(callback.address()?)
            .enable_pkce();
        let keeping_app = App::new(KEEPING, SECRET)
            .name("Tour that stays")
            .app_id("A0FAKE00003")
            .redirect_url(callback.address()?)
            .insecure_loopback_redirects()
            .rotate_tokens();
        let shared_app = App::new(SHARED, SECRET)
            .name("Tour for two")
            .app_id("A0FAKE00004")
            .signing_secret(SIGNING_SECRET)
            .redirect_url(callback.address()?)
            .insecure_loopback_redirects()
            .rotate_tokens();
        let (slack, time) = restored(folder)?;
        // The apps anew, since their callback has another port in each run.
        let fake = slack
            .app(server_app)
            .app(desktop_app)
            .app(keeping_app)
            .app(shared_app)
            .workspace(Workspace::new(WORKSPACE, "Fake Softball Team"))
            .user(
                User::new(FIRST, "fake.person")
                    .full_name("Fake", "Person")
                    .email("fake@example.com"),
            )
            .user(User::new(SECOND, "second.person"));
        let clock = Clock::manual(time);
        let server = FakeServer::start(SharedFake::new(fake, clock.clone()))?;
        // As at Slack, the issuer of ID tokens is where the API is.
        server.shared().with(|slack| slack.set_issuer(server.origin()));
        let endpoint = Endpoint::new(server.origin())?;
        let client = match transport {
            "curl" => Client::with_curl(endpoint, Limits::new())?,
            _ => Client::with_reqwest(endpoint, Limits::new())?,
        };
        Ok(Self { client, callback, clock, folder: folder.to_owned(), server })
    }

    /// Opens the store beside the fake Slack's state.
    pub(crate) fn store(&self) -> Result<FileStore, StoreError> {
        FileStore::open(self.folder.join(STORE))
    }

    /// Writes down what the fake Slack knows, and what time it is.
    pub(crate) fn save(&self) -> io::Result<()> {
        fs::write(self.folder.join(SLACK), self.slack(|slack| slack.save()))?;
        fs::write(self.folder.join(TIME), self.clock.now().to_string())
    }

    /// Deletes what earlier runs have left in `folder`.
    pub(crate) fn clear(folder: &Path) -> io::Result<()> {
        let gone = |result: io::Result<()>| match result {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
        gone(fs::remove_dir_all(folder.join(STORE)))?;
        gone(fs::remove_file(folder.join(SLACK)))?;
        gone(fs::remove_file(folder.join(TIME)))
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.clock.now())
    }

    /// Looks into the fake Slack.
    pub(crate) fn slack<R>(&self, look: impl FnOnce(&mut FakeSlack) -> R) -> R {
        self.server.shared().with(look)
    }

    pub(crate) fn confidential_id() -> Result<ClientId, slack_auth::error::InvalidValue> {
        ClientId::new(CONFIDENTIAL)
    }

    pub(crate) fn keeping_id() -> Result<ClientId, slack_auth::error::InvalidValue> {
        ClientId::new(KEEPING)
    }

    pub(crate) fn shared_id() -> Result<ClientId, slack_auth::error::InvalidValue> {
        ClientId::new(SHARED)
    }

    pub(crate) fn public_id() -> Result<ClientId, slack_auth::error::InvalidValue> {
        ClientId::new(PUBLIC)
    }
}

/// Returns the fake Slack and the time that an earlier run has left, or new ones.
fn restored(folder: &Path) -> Result<(FakeSlack, u64), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    let saved = match fs::read(folder.join(SLACK)) {
        Ok(saved) => saved,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if folder.join(STORE).exists() {
                return Err(format!(
                    "a store without its fake Slack lies in {}; {AGAIN}",
                    folder.display()
                )
                .into());
            }
            return Ok((FakeSlack::new(), BEGINNING));
        }
        Err(error) => return Err(error.into()),
    };
    let slack = FakeSlack::restore(&saved).map_err(|error| format!("{error}; {AGAIN}"))?;
    let time = fs::read_to_string(folder.join(TIME)).ok().and_then(|time| time.parse().ok());
    Ok((slack, time.ok_or_else(|| format!("the time of the last run is lost; {AGAIN}"))?))
}

const AGAIN: &str = "run the tour with --fresh to begin anew";
const STORE: &str = "tour-store";
const SLACK: &str = "tour-fake-slack.json";
const TIME: &str = "tour-time";
