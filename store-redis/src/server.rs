//! Commands over a connection that all share, each with a deadline.

use std::{
    collections::HashSet,
    fmt,
    sync::{Arc, Mutex as SyncMutex, MutexGuard, PoisonError},
    time::Duration,
};

use redis::{
    AsyncConnectionConfig, Client, Cmd, FromRedisValue, Value, aio::MultiplexedConnection,
};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout_at},
};

use crate::{
    error::{Cause, Failure},
    names::Names,
    scripts::Read,
    worker::Worker,
};

pub(crate) struct Server {
    pub(crate) client: Client,
    pub(crate) worker: Worker,
    pub(crate) timeout: Duration,
    pub(crate) names: Names,
    /// How many replicas must have a write before it counts.
    pub(crate) replicas: usize,
    pub(crate) current: Mutex<Current>,
    /// What was written without the word of the replicas that they have it, by name. What the primary says of these counts
    /// for nothing until they do: a failover may lose it.
    pub(crate) unconfirmed: SyncMutex<HashSet<String>>,
}

/// The answer to each command.
type Answers = Vec<Result<Value, Failure>>;

/// The connections that are in use.
#[derive(Default)]
pub(crate) struct Current {
    connection: Option<MultiplexedConnection>,
    /// The one where replicas are waited for: the server does nothing else on it meanwhile.
    waiting: Option<MultiplexedConnection>,
    /// How often they were ended: whoever finds one broken ends both, since the server may have changed, and no later ones.
    number: u64,
}

impl Server {
    /// Sends commands in one flight, as a task of its own: whoever drops this future leaves nothing behind that is half
    /// done. Returns the answer to the last one.
    ///
    /// Nothing is ever sent again.
    pub(crate) async fn send<T>(self: &Arc<Self>, commands: Vec<Cmd>) -> Result<T, Failure>
    where
        T: FromRedisValue + Send + 'static,
    {
        self.run(commands, None).await
    }

    /// Sends commands that write under a name, and waits until enough replicas have what they wrote.
    pub(crate) async fn send_write<T>(
        self: &Arc<Self>,
        name: &str,
        commands: Vec<Cmd>,
    ) -> Result<T, Failure>
    where
        T: FromRedisValue + Send + 'static,
    {
        self.run(commands, (self.replicas > 0).then(|| name.to_owned())).await
    }

    /// Reads what is under a name. If that may be what this process wrote and replicas did not confirm, it is written once
    /// more as it is, and they are waited for.
    pub(crate) async fn send_read<T>(self: &Arc<Self>, name: &str, read: Read) -> Result<T, Failure>
    where
        T: FromRedisValue + Send + 'static,
    {
        if !self.unconfirmed().contains(name) {
            return self.send(vec![read.plain.on([name])]).await;
        }
        let found = self.send_write(name, vec![read.confirming.on([name])]).await?;
        self.unconfirmed().remove(name);
        Ok(found)
    }

    fn unconfirmed(&self) -> MutexGuard<'_, HashSet<String>> {
        self.unconfirmed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the versions of entries, by their names; `None` of one that is not there.
    pub(crate) async fn versions(
        self: &Arc<Self>,
        names: &[String],
    ) -> Result<Vec<Option<String>>, Failure> {
        let reads = names.iter().map(|name| {
            let mut read = redis::cmd("HGET");
            read.arg(name).arg("version");
            read
        });
        // An entry that is no hash is damaged: its own reader is told, and nobody else is stopped.
        let read = |answer: Result<Value, _>| redis::from_redis_value(answer.ok()?).ok()?;
        Ok(self.answers(reads.collect(), None).await?.into_iter().map(read).collect())
    }

    /// Sends commands whose answers nobody waits for.
    pub(crate) fn send_later(self: &Arc<Self>, commands: Vec<Cmd>) {
        if commands.is_empty() {
            return;
        }
        let server = Arc::clone(self);
        self.worker.handle().spawn(async move {
            let deadline = Instant::now() + server.timeout;
            // What is left undone is done by whoever finds it.
            let _ = server.exchange(commands, false, deadline).await;
        });
    }

    async fn run<T>(
        self: &Arc<Self>,
        commands: Vec<Cmd>,
        written: Option<String>,
    ) -> Result<T, Failure>
    where
        T: FromRedisValue + Send + 'static,
    {
        let mut answers = self.answers(commands, written).await?;
        let last = answers.pop().unwrap_or(Ok(Value::Nil))?;
        if let Some(Err(failure)) = answers.into_iter().find(Result::is_err) {
            return Err(failure.though_written());
        }
        let altered = |_| Failure::Altered(Cause::new("an answer is not of the type it should be"));
        redis::from_redis_value(last).map_err(altered)
    }

    /// Returns the answer to each command; waits for replicas if something is written.
    async fn answers(
        self: &Arc<Self>,
        commands: Vec<Cmd>,
        written: Option<String>,
    ) -> Result<Answers, Failure> {
        let server = Arc::clone(self);
        let deadline = Instant::now() + self.timeout;
        let task = self.worker.handle().spawn(async move {
            let answers = server.exchange(commands, written.is_some(), deadline).await;
            if let (Some(name), Err(Failure::Lost(_) | Failure::Behind(_))) = (written, &answers) {
                server.unconfirmed().insert(name);
            }
            answers
        });
        let ended = "the Tokio runtime that the store was opened in has ended";
        task.await.unwrap_or_else(|_| Err(Failure::Lost(Cause::new(ended))))
    }

    async fn exchange(
        &self,
        commands: Vec<Cmd>,
        waits: bool,
        deadline: Instant,
    ) -> Result<Answers, Failure> {
        let connected = timeout_at(deadline, self.connection(waits, deadline)).await;
        let (mut connection, number) = match connected {
            Ok(connected) => connected?,
            Err(_) => return Err(Failure::Unsent(Cause::new("no connection was made in time"))),
        };
        let mut pipeline = redis::pipe();
        // Each answer stands for itself: the error of all together names no code.
        pipeline.ignore_errors();
        for command in commands {
            pipeline.add_command(command);
        }
        if waits {
            // A part of the time stays for the answer.
            let most = deadline.saturating_duration_since(Instant::now()).mul_f32(0.8);
            pipeline.cmd("WAIT").arg(self.replicas).arg(most.as_millis().max(1).to_string());
        }
        let sent = pipeline.query_async::<Vec<Value>>(&mut connection);
        let answered = match timeout_at(deadline, sent).await {
            Ok(Ok(values)) => Ok(values),
            Ok(Err(error)) => Err(Failure::of_command(&error)),
            Err(_) => Err(Failure::Lost(Cause::new("no answer came in time"))),
        };
        let failed = |error| Failure::of_command(&error);
        let answers = answered.map(|values| -> Answers {
            values.into_iter().map(|value| value.extract_error().map_err(failed)).collect()
        });
        let ends = match &answers {
            Ok(answers) => {
                answers.iter().any(|answer| answer.as_ref().is_err_and(Failure::ends_connection))
            }
            Err(failure) => failure.ends_connection(),
        };
        if ends {
            self.end(number).await;
        }
        let answers = answers?;
        if waits { self.replicated(answers) } else { Ok(answers) }
    }

    /// Returns the answers without that of `WAIT`, if enough replicas have what was written.
    fn replicated(&self, mut answers: Answers) -> Result<Answers, Failure> {
        let have = answers.pop();
        match (have, answers.last()) {
            // Nothing was written, so that there is nothing to wait for.
            (_, Some(Err(_) | Ok(Value::Int(0)))) => Ok(answers),
            (Some(Ok(Value::Int(have))), _)
                if usize::try_from(have).is_ok_and(|have| have >= self.replicas) =>
            {
                Ok(answers)
            }
            (Some(Ok(Value::Int(have))), _) => {
                let cause = format!("{have} of {} replicas have it in time", self.replicas);
                Err(Failure::Behind(Cause::new(cause)))
            }
            (Some(Err(failure)), _) => Err(failure.though_written()),
            _ => Err(Failure::Behind(Cause::new("the server does not say which replicas have it"))),
        }
    }

    async fn connection(
        &self,
        waits: bool,
        deadline: Instant,
    ) -> Result<(MultiplexedConnection, u64), Failure> {
        let mut current = self.current.lock().await;
        let Current { connection, waiting, number } = &mut *current;
        let current = if waits { waiting } else { connection };
        if let Some(connection) = current {
            return Ok((connection.clone(), *number));
        }
        let left = deadline.saturating_duration_since(Instant::now());
        // The crate's own limit of an answer, 500 ms, would be below the store's.
        let settings = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(left))
            .set_response_timeout(None);
        // A future of some kilobytes, which every task would be as large as.
        let opening = self.client.get_multiplexed_async_connection_with_config(&settings);
        let connection = Box::pin(opening).await.map_err(|error| Failure::of_connection(&error))?;
        *current = Some(connection.clone());
        Ok((connection, *number))
    }

    async fn end(&self, number: u64) {
        let mut current = self.current.lock().await;
        if current.number == number {
            *current = Current { number: number + 1, ..Current::default() };
        }
    }
}

/// The parts that may be shown: the client's settings hold the password.
impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("names", &self.names)
            .field("timeout", &self.timeout)
            .field("replicas", &self.replicas)
            .finish_non_exhaustive()
    }
}
