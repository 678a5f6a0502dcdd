//! One statement at a time over a pool of connections, with a deadline.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::BytesMut;
use deadpool_postgres::{Object, Pool, PoolError};
use slack_store::SecretBytes;
use tokio::time::timeout_at;
use tokio_postgres::{
    Client, Row,
    types::{IsNull, ToSql, Type, to_sql_checked},
};

use crate::{
    error::{Cause, Failure},
    names::{Names, Statements},
    worker::Worker,
};

/// What all handles of a store share.
pub(crate) struct Database {
    pub(crate) pool: Pool,
    pub(crate) worker: Worker,
    pub(crate) timeout: Duration,
    pub(crate) names: Names,
    pub(crate) statements: Statements,
}

/// A value of a statement, and its type, so that the server is not asked for it.
pub(crate) type Parameter = (Box<dyn ToSql + Sync + Send>, Type);

pub(crate) fn text(value: impl Into<String>) -> Parameter {
    (Box::new(value.into()), Type::TEXT)
}

pub(crate) fn number(value: impl Into<Option<i64>>) -> Parameter {
    (Box::new(value.into()), Type::INT8)
}

pub(crate) fn real(value: f64) -> Parameter {
    (Box::new(value), Type::FLOAT8)
}

pub(crate) fn flag(value: bool) -> Parameter {
    (Box::new(value), Type::BOOL)
}

pub(crate) fn bytes(value: &[u8]) -> Parameter {
    (Box::new(value.to_vec()), Type::BYTEA)
}

pub(crate) fn secret(value: SecretBytes) -> Parameter {
    (Box::new(Secret(value)), Type::BYTEA)
}

impl Database {
    /// Sends one statement, and returns the rows of its answer.
    pub(crate) async fn query(
        self: &Arc<Self>,
        statement: &str,
        parameters: Vec<Parameter>,
    ) -> Result<Vec<Row>, Failure> {
        let request = Arc::new(Request::Query(statement.to_owned(), parameters));
        self.run(&request, Instant::now() + self.timeout).await
    }

    /// Sends a statement that changes nothing, and sends it again if its connection has ended without an answer.
    ///
    /// A server that restarts ends every idle connection, and each is noticed when it is used: so there are as many tries
    /// as the pool has connections, and one on a new connection.
    pub(crate) async fn read(
        self: &Arc<Self>,
        statement: &str,
        parameters: Vec<Parameter>,
    ) -> Result<Vec<Row>, Failure> {
        let request = Arc::new(Request::Query(statement.to_owned(), parameters));
        let deadline = Instant::now() + self.timeout;
        let mut result = self.run(&request, deadline).await;
        for _ in 0..self.pool.status().max_size {
            if !matches!(result, Err(Failure::Lost(_))) || Instant::now() >= deadline {
                break;
            }
            result = self.run(&request, deadline).await;
        }
        result
    }

    /// Sends statements without values that take effect together or not at all.
    pub(crate) async fn execute_together(
        self: &Arc<Self>,
        statements: String,
    ) -> Result<(), Failure> {
        let request = Arc::new(Request::Together(statements));
        self.run(&request, Instant::now() + self.timeout).await.map(drop)
    }

    /// Runs a request as a task of its own: whoever drops this future leaves no connection behind that still waits for an
    /// answer.
    async fn run(
        self: &Arc<Self>,
        request: &Arc<Request>,
        deadline: Instant,
    ) -> Result<Vec<Row>, Failure> {
        let (database, request) = (Arc::clone(self), Arc::clone(request));
        let task =
            self.worker.handle().spawn(async move { database.exchange(&request, deadline).await });
        task.await.unwrap_or_else(|_| {
            let cause = "the Tokio runtime that the store was opened in has ended";
            Err(Failure::Lost(Cause::new(cause)))
        })
    }

    async fn exchange(&self, request: &Request, deadline: Instant) -> Result<Vec<Row>, Failure> {
        let deadline = deadline.into();
        let connection = match timeout_at(deadline, self.pool.get()).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(PoolError::Backend(error))) => return Err(Failure::of_connection(&error)),
            Ok(Err(error)) => return Err(Failure::Unsent(Cause::new(error.to_string()))),
            Err(_) => return Err(Failure::Unsent(Cause::new("no connection was free in time"))),
        };
        match timeout_at(deadline, request.send(&connection)).await {
            Ok(Ok(rows)) => Ok(rows),
            Ok(Err(error)) => Err(Failure::of_statement(&error)),
            Err(_) => {
                // The next one to use it would wait for this answer.
                drop(Object::take(connection));
                Err(Failure::Lost(Cause::new("no answer came in time")))
            }
        }
    }
}

enum Request {
    Query(String, Vec<Parameter>),
    Together(String),
}

impl Request {
    async fn send(&self, client: &Client) -> Result<Vec<Row>, tokio_postgres::Error> {
        match self {
            Self::Query(statement, parameters) => {
                let parameters: Vec<(&(dyn ToSql + Sync), Type)> =
                    parameters.iter().map(|(value, kind)| (&**value as _, kind.clone())).collect();
                // One flight without a named statement: behind a pooler a name may be another client's.
                client.query_typed(statement, &parameters).await
            }
            Self::Together(statements) => {
                client.batch_execute(statements).await.map(|()| Vec::new())
            }
        }
    }
}

/// The parts that may be shown: the pool's settings hold the password.
impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("names", &self.names)
            .field("timeout", &self.timeout)
            .field("connections", &self.pool.status())
            .finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Secret(SecretBytes);

impl ToSql for Secret {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        self.0.as_ref().to_sql(kind, out)
    }

    fn accepts(kind: &Type) -> bool {
        <&[u8] as ToSql>::accepts(kind)
    }

    to_sql_checked!();
}
