//! One server: commands over connections that all share, each with a deadline.

use redis::{AsyncConnectionConfig, Client, Cmd, Value, aio::MultiplexedConnection};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout_at},
};

use crate::{
    access::Address,
    error::{Cause, Failure},
};

/// The answer to each command.
pub(crate) type Answers = Vec<Result<Value, Failure>>;

pub(crate) struct Node {
    client: Client,
    /// Where it listens; `None` if that is a socket in a folder.
    pub(crate) address: Option<Address>,
    current: Mutex<Current>,
}

/// The connections that are in use.
#[derive(Default)]
struct Current {
    connection: Option<MultiplexedConnection>,
    /// The one where replicas are waited for: the server does nothing else on it meanwhile.
    waiting: Option<MultiplexedConnection>,
    /// How often they were ended: whoever finds one broken ends both, since the server may have changed, and no later ones.
    number: u64,
}

impl Node {
    pub(crate) fn new(client: Client, address: Option<Address>) -> Self {
        Self { client, address, current: Mutex::new(Current::default()) }
    }

    /// Returns the host by which it was reached.
    pub(crate) fn host(&self) -> &str {
        self.address.as_ref().map_or("localhost", |address| &address.host)
    }

    #[cfg(test)]
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Sends commands in one flight, and returns the answer to each. With a number of replicas other than 0 it waits until so
    /// many have what the last one wrote.
    ///
    /// Nothing is ever sent again.
    pub(crate) async fn exchange(
        &self,
        commands: Vec<Cmd>,
        replicas: usize,
        deadline: Instant,
    ) -> Result<Answers, Failure> {
        let connected = timeout_at(deadline, self.connection(replicas > 0, deadline)).await;
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
        if replicas > 0 {
            // A part of the time stays for the answer.
            let most = deadline.saturating_duration_since(Instant::now()).mul_f32(0.8);
            pipeline.cmd("WAIT").arg(replicas).arg(most.as_millis().max(1).to_string());
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
        if replicas > 0 { replicated(answers, replicas) } else { Ok(answers) }
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

/// Returns the answers without that of `WAIT`, if enough replicas have what was written.
fn replicated(mut answers: Answers, replicas: usize) -> Result<Answers, Failure> {
    let have = answers.pop();
    match (have, answers.last()) {
        // Nothing was written, so that there is nothing to wait for.
        (_, Some(Err(_) | Ok(Value::Int(0)))) => Ok(answers),
        (Some(Ok(Value::Int(have))), _)
            if usize::try_from(have).is_ok_and(|have| have >= replicas) =>
        {
            Ok(answers)
        }
        (Some(Ok(Value::Int(have))), _) => {
            let cause = format!("{have} of {replicas} replicas have it in time");
            Err(Failure::Behind(Cause::new(cause)))
        }
        (Some(Err(failure)), _) => Err(failure.though_written()),
        _ => Err(Failure::Behind(Cause::new("the server does not say which replicas have it"))),
    }
}
