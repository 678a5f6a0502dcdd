//! What a command works with: the store, the app, and a rotator over both.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Args;
use slack_auth::oauth::ClientCredentials;
use slack_auth::rotation::RotationEvent;
use slack_auth::runtime::{Runtime, TokioRuntime};
use slack_auth::store::{SealingKey, SealingKeys};
use slack_auth::transport::Backend;
use slack_auth::{
    Client, ClientId, ClientSecret, ConfidentialClient, Endpoint, InstallationStore, PublicClient,
    Slot, StoreKey, Timestamp, TokenRotator,
};
use tokio::task::JoinHandle;

use super::place::Place;
use super::progress::Progress;
use super::sealing::parse_key;
use crate::problem::Problem;

/// Where installations are kept, and the app that they belong to.
#[derive(Args, Clone)]
#[command(next_help_heading = "Store and app")]
pub(crate) struct SessionArguments {
    /// What keeps the installations, sealed: a folder, `file:PATH`, `postgres://USER@HOST/DATABASE`, `rediss://USER@HOST/0`,
    /// or `env:NAME` for a variable that says one of these. Default: `SLACK_AUTH_STORE`.
    #[arg(long, value_name = "STORE", global = true)]
    pub(super) store: Option<String>,
    /// The file with the sealing key; the variable `SLACK_AUTH_KEY` may hold the key itself. Default: `SLACK_AUTH_KEY_FILE`.
    #[arg(long, value_name = "FILE", global = true)]
    pub(super) key_file: Option<PathBuf>,
    /// The client id of the app. Default: `SLACK_CLIENT_ID`.
    #[arg(long, value_name = "ID", global = true)]
    pub(super) client_id: Option<String>,
    /// The file with the client secret; the variable `SLACK_CLIENT_SECRET` may hold the secret itself. An app without one is
    /// a public client. Default: `SLACK_CLIENT_SECRET_FILE`.
    #[arg(long, value_name = "FILE", global = true)]
    client_secret_file: Option<PathBuf>,
    /// The origin of another Slack, for instance of `slack-auth fake`. Default: `SLACK_AUTH_ENDPOINT`.
    #[arg(long, value_name = "ORIGIN", global = true)]
    pub(super) endpoint: Option<String>,
    /// Print JSON.
    #[arg(long, global = true)]
    pub(super) json: bool,
}

fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Reads a secret from a variable or a file, without the white space around it.
pub(super) fn secret(variable: &str, file: Option<&Path>) -> Result<Option<String>, Problem> {
    if let Some(path) = file {
        let text = fs::read_to_string(path)
            .map_err(|error| Problem::misuse(format!("cannot read {}: {error}", path.display())))?;
        return Ok(Some(text.trim().to_owned()));
    }
    match std::env::var(variable) {
        Ok(text) if text.trim().is_empty() => Ok(None),
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(_) => Err(Problem::misuse(format!("the variable {variable} is not UTF-8"))),
    }
}

impl SessionArguments {
    /// Fills in from the environment what no argument says; an empty variable says nothing.
    ///
    /// clap could do so, but would then name all of these when it explains how a command is used.
    pub(crate) fn or_environment(self) -> Self {
        let text =
            |given: Option<String>, name| given.or_else(|| variable(name)?.into_string().ok());
        let path = |given: Option<PathBuf>, name| given.or_else(|| variable(name).map(Into::into));
        Self {
            store: text(self.store, "SLACK_AUTH_STORE"),
            key_file: path(self.key_file, "SLACK_AUTH_KEY_FILE"),
            client_id: text(self.client_id, "SLACK_CLIENT_ID"),
            client_secret_file: path(self.client_secret_file, "SLACK_CLIENT_SECRET_FILE"),
            endpoint: text(self.endpoint, "SLACK_AUTH_ENDPOINT"),
            json: self.json,
        }
    }

    /// Returns where the store is.
    pub(super) fn place(&self) -> Result<Place, Problem> {
        let text = self.store.as_deref().ok_or_else(|| {
            Problem::misuse("no store is named: give --store or set SLACK_AUTH_STORE")
        })?;
        Place::parse(text)
    }

    /// Opens the store of an app.
    pub(super) async fn open_store(&self, app: ClientId) -> Result<InstallationStore, Problem> {
        let place = self.place()?;
        let backend = place.open(false).await?;
        let keys = SealingKeys::new(self.needed_key()?);
        Ok(InstallationStore::new(backend, app).sealed(keys))
    }

    /// Returns the sealing key.
    pub(super) fn needed_key(&self) -> Result<SealingKey, Problem> {
        let text = secret("SLACK_AUTH_KEY", self.key_file.as_deref())?;
        let none = || Problem::misuse("no sealing key is given: set --key-file or SLACK_AUTH_KEY");
        parse_key(&text.ok_or_else(none)?)
    }

    pub(super) fn endpoint(&self) -> Result<Endpoint, Problem> {
        match &self.endpoint {
            None => Ok(Endpoint::slack()),
            Some(origin) => Endpoint::new(origin).map_err(Problem::misuse),
        }
    }

    pub(super) fn client(&self) -> Result<Client, Problem> {
        let builder = Client::builder().backend(Backend::Hyper).endpoint(self.endpoint()?);
        let builder =
            if self.endpoint.is_none() { builder.proxy_from_environment() } else { builder };
        builder.build().map_err(Problem::refused)
    }

    pub(super) fn client_id(&self) -> Result<ClientId, Problem> {
        let id = self.client_id.as_deref().ok_or_else(|| {
            Problem::misuse("no app is named: give --client-id or set SLACK_CLIENT_ID")
        })?;
        ClientId::new(id).map_err(Problem::misuse)
    }

    /// Returns the app that the store belongs to; one of configuration tokens alone belongs to none,
    /// and is marked so.
    pub(super) fn store_app(&self) -> Result<ClientId, Problem> {
        match &self.client_id {
            Some(_) => self.client_id(),
            None => ClientId::new("configuration-tokens").map_err(Problem::misuse),
        }
    }

    /// Returns the client of configuration tokens: their calls name none.
    pub(super) fn nobody(&self) -> Result<ClientCredentials, Problem> {
        Ok(PublicClient::new(self.store_app()?).into())
    }

    /// Returns the app: confidential if there is a secret, else public.
    pub(super) fn app(&self) -> Result<ClientCredentials, Problem> {
        match self.confidential()? {
            Some(app) => Ok(app.into()),
            None => Ok(PublicClient::new(self.client_id()?).into()),
        }
    }

    /// Returns the app with its secret; `None` if it has none.
    pub(super) fn confidential(&self) -> Result<Option<ConfidentialClient>, Problem> {
        let id = self.client_id()?;
        let secret = secret("SLACK_CLIENT_SECRET", self.client_secret_file.as_deref())?;
        let secret = secret.map(ClientSecret::new).transpose().map_err(Problem::misuse)?;
        Ok(secret.map(|secret| ConfidentialClient::new(id, secret)))
    }
}

/// A store, and a rotator over it that has ended its work when the session is closed.
pub(super) struct Session {
    pub(super) store: InstallationStore,
    pub(super) rotator: TokenRotator,
    tasks: Tasks,
}

impl Session {
    /// Opens a session of an app; must be called on a runtime.
    pub(super) async fn open(
        arguments: &SessionArguments,
        app: ClientCredentials,
    ) -> Result<Self, Problem> {
        Self::open_with(arguments, app, None).await
    }

    /// Opens a session for a sweep, which counts the tokens that were tried; what its report has anyway is not printed.
    pub(super) async fn of_sweep(
        arguments: &SessionArguments,
        app: ClientCredentials,
        progress: Progress,
    ) -> Result<Self, Problem> {
        Self::open_with(arguments, app, Some(progress)).await
    }

    async fn open_with(
        arguments: &SessionArguments,
        app: ClientCredentials,
        sweep: Option<Progress>,
    ) -> Result<Self, Problem> {
        let store = arguments.open_store(app.id().clone()).await?;
        let tasks = Tasks::new();
        let builder = TokenRotator::builder(arguments.client()?, app, store.clone())
            .runtime(tasks.clone())
            .observer(move |key: &StoreKey, slot: Slot, event: &RotationEvent| {
                let line = format!("{} {}: {}", key.to_text(), slot.as_str(), event.as_str());
                match (&sweep, event) {
                    (None, _) => eprintln!("slack-auth: {line}"),
                    (Some(_), RotationEvent::Due { .. }) => {}
                    (
                        Some(progress),
                        RotationEvent::Refreshed { .. } | RotationEvent::Retrying { .. },
                    ) => progress.step(),
                    (Some(progress), _) => progress.say(&line),
                }
            });
        let rotator = builder.build().map_err(Problem::misuse)?;
        Ok(Self { store, rotator, tasks })
    }

    /// Waits until the rotator has ended its work, so that no lease is left behind.
    pub(super) async fn settle(&self) {
        let _ = tokio::time::timeout(SETTLE, self.tasks.end()).await;
    }

    /// Returns all keys of the store.
    pub(super) async fn keys(&self) -> Result<Vec<StoreKey>, Problem> {
        keys_of(&self.store).await
    }

    /// Returns the key that is named, or the only one that holds a credential in `slot`.
    pub(super) async fn key(&self, named: Option<&str>, slot: Slot) -> Result<StoreKey, Problem> {
        if let Some(text) = named {
            return named_key(text);
        }
        let (mut found, mut others) = (Vec::new(), BTreeSet::new());
        for key in self.keys().await? {
            let stored = self.store.load(&key).await.map_err(Problem::refused)?;
            let Some(stored) = stored else { continue };
            let holds = |slot: &Slot| stored.installation.any_credential(*slot).is_some();
            others.extend(SLOTS.into_iter().filter(holds).map(Slot::as_str));
            if holds(&slot) {
                found.push(key);
            }
        }
        match &found[..] {
            [one] => Ok(one.clone()),
            [] => Err(no_token(slot, &others)),
            _ => Err(Problem::misuse(format!(
                "{} installations hold a {} token: name one with --key, see `slack-auth list`",
                found.len(),
                slot.as_str()
            ))),
        }
    }
}

/// Parses the name of an installation. It is not repeated: somebody may have given a token.
pub(super) fn named_key(text: &str) -> Result<StoreKey, Problem> {
    StoreKey::from_text(text).map_err(|_| {
        Problem::misuse(
            "no installation has such a name: give it as `slack-auth list` prints it, such as team/T0123456789",
        )
    })
}

/// Returns the problem of a store that holds no token in `slot`, but others.
fn no_token(slot: Slot, others: &BTreeSet<&str>) -> Problem {
    let advice = match slot {
        Slot::Configuration => "store a pair with `slack-auth config add`",
        _ if others.contains("user") => "for the person's give --slot user",
        _ if others.contains("bot") => "for the bot's give --slot bot",
        _ => "get one with `slack-auth login` or `slack-auth install`",
    };
    Problem::person(format!("the store holds no {} token: {advice}", slot.as_str()))
}

/// Returns all keys of a store; one entry that cannot be read is a failure, since a person must look.
pub(super) async fn keys_of(store: &InstallationStore) -> Result<Vec<StoreKey>, Problem> {
    let (mut keys, mut after) = (Vec::new(), None);
    loop {
        let page = store.keys(after.as_ref(), PAGE).await.map_err(Problem::refused)?;
        if !page.unreadable.is_empty() {
            let count = page.unreadable.len();
            return Err(Problem::person(format!("{count} entries of the store cannot be read")));
        }
        keys.extend(page.keys.into_iter().map(|found| found.key));
        after = page.next;
        if after.is_none() {
            keys.sort();
            return Ok(keys);
        }
    }
}

/// Runs a command on a runtime of its own.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(Problem::refused)?.block_on(work)
}

/// The tasks of a rotator, which a command waits for before it ends.
#[derive(Clone)]
struct Tasks {
    runtime: TokioRuntime,
    running: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl Tasks {
    fn new() -> Self {
        let runtime = TokioRuntime::new(tokio::runtime::Handle::current());
        Self { runtime, running: Arc::default() }
    }

    async fn end(&self) {
        loop {
            let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some(task) = running else { return };
            let _ = task.await;
        }
    }
}

impl Runtime for Tasks {
    fn now(&self) -> Timestamp {
        self.runtime.now()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.runtime.sleep(duration)
    }

    fn spawn(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>) {
        let task = tokio::spawn(task);
        self.running.lock().unwrap_or_else(PoisonError::into_inner).push(task);
    }
}

const PAGE: usize = 1000;

const SLOTS: [Slot; 3] = [Slot::Bot, Slot::User, Slot::Configuration];

/// A refresh takes at most as long as its lease.
const SETTLE: Duration = Duration::from_secs(45);
