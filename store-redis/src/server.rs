//! What the operations send, and what is remembered of it: to one server, or to the nodes of a cluster.

use std::{
    collections::HashSet,
    fmt,
    sync::{Arc, Mutex as SyncMutex, MutexGuard, PoisonError},
    time::Duration,
};

use redis::{Cmd, FromRedisValue, Value};
use tokio::time::Instant;

use crate::{
    cluster::Cluster,
    error::{Cause, Failure},
    names::Names,
    node::{Answers, Node},
    scripts::Read,
    worker::Worker,
};

pub(crate) struct Server {
    pub(crate) route: Route,
    pub(crate) worker: Worker,
    pub(crate) timeout: Duration,
    pub(crate) names: Names,
    /// How many replicas must have a write before it counts.
    pub(crate) replicas: usize,
    /// What was written without the word of the replicas that they have it, by name. What the primary says of these counts
    /// for nothing until they do: a failover may lose it.
    pub(crate) unconfirmed: SyncMutex<HashSet<String>>,
}

/// Where commands go.
pub(crate) enum Route {
    One(Arc<Node>),
    Cluster(Arc<Cluster>),
}

/// Whether a command may take place only if those before it did.
#[derive(Clone, Copy)]
enum Order {
    Kept,
    Any,
}

impl Route {
    /// Returns the servers that are written to.
    pub(crate) fn primaries(&self) -> Vec<Arc<Node>> {
        match self {
            Self::One(node) => vec![node.clone()],
            Self::Cluster(cluster) => cluster.primaries(),
        }
    }

    /// Sends commands, and waits for so many replicas if that is not 0. One server takes all of them in one flight, in which it
    /// keeps their order.
    async fn exchange(
        &self,
        commands: Vec<Cmd>,
        order: Order,
        replicas: usize,
        deadline: Instant,
    ) -> Result<Answers, Failure> {
        match (self, order) {
            (Self::One(node), _) => node.exchange(commands, replicas, deadline).await,
            // Boxed: a larger future, which every task would be as large as.
            (Self::Cluster(cluster), Order::Kept) => {
                Box::pin(cluster.in_order(commands, replicas, deadline)).await
            }
            (Self::Cluster(cluster), Order::Any) => {
                Ok(Box::pin(cluster.each(commands, replicas, deadline)).await)
            }
        }
    }
}

impl Server {
    /// Sends commands in their order, as a task of its own: whoever drops this future leaves nothing behind that is half
    /// done. Returns the answer to the last one.
    ///
    /// Nothing is ever sent again that might have taken place.
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
        let answers = self.answers(reads.collect(), Order::Any, None).await?;
        let read = |answer: Result<Value, Failure>| match answer {
            Ok(version) => Ok(redis::from_redis_value(version).ok().flatten()),
            // An entry that is no hash is damaged: its own reader is told, and nobody else is stopped.
            Err(Failure::Refused { code, .. }) if code == "WRONGTYPE" => Ok(None),
            Err(failure) => Err(failure),
        };
        answers.into_iter().map(read).collect()
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
            let _ = server.route.exchange(commands, Order::Any, 0, deadline).await;
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
        let mut answers = self.answers(commands, Order::Kept, written).await?;
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
        order: Order,
        written: Option<String>,
    ) -> Result<Answers, Failure> {
        let server = Arc::clone(self);
        let deadline = Instant::now() + self.timeout;
        let answers = self.worker.run(async move {
            let replicas = if written.is_some() { server.replicas } else { 0 };
            let answers = server.route.exchange(commands, order, replicas, deadline).await;
            if let (Some(name), Err(Failure::Lost(_) | Failure::Behind(_))) = (written, &answers) {
                server.unconfirmed().insert(name);
            }
            answers
        });
        answers.await.unwrap_or_else(|ended| Err(Failure::Lost(ended)))
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
