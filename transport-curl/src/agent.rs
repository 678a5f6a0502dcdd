//! The thread that owns libcurl's multi handle.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::mpsc::{self, SyncSender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use curl::MultiError;
use curl::easy::Easy2;
use curl::multi::{Easy2Handle, Multi};
use futures_channel::oneshot;
use slack_transport::{Error, ErrorKind};

use crate::exchange::Exchange;
use crate::inbox::{Answer, Command, Inbox};
use crate::setup::Handles;
use crate::sockets::Kept;

/// Starts the thread and waits until it is ready to be woken.
pub(crate) fn start(inbox: &Arc<Inbox>, handles: &Arc<Handles>) -> Result<JoinHandle<()>, Error> {
    let (ready, is_ready) = mpsc::sync_channel(1);
    let (inbox, handles) = (Arc::clone(inbox), Arc::clone(handles));
    let thread = thread::Builder::new()
        .name("slack-curl".into())
        .spawn(move || run(&inbox, &handles, &ready))
        .map_err(|error| {
            Error::unsent(ErrorKind::Refused, "the agent thread cannot start").with_source(error)
        })?;
    match is_ready.recv() {
        Ok(Ok(())) => Ok(thread),
        Ok(Err(error)) => {
            Err(Error::unsent(ErrorKind::Refused, "libcurl cannot start").with_source(error))
        }
        Err(_) => Err(Error::unsent(ErrorKind::Refused, "libcurl cannot start")),
    }
}

fn run(inbox: &Inbox, handles: &Handles, ready: &SyncSender<Result<(), MultiError>>) {
    let _closes = CloseOnDrop(inbox);
    let mut multi = Multi::new();
    let set_up = multi
        .set_max_connects(IDLE_CONNECTIONS)
        .and_then(|()| multi.set_max_total_connections(MOST_CONNECTIONS));
    if let Err(error) = set_up {
        drop(ready.send(Err(error)));
        return;
    }
    inbox.attach(multi.waker());
    drop(ready.send(Ok(())));
    Agent { handles, kept: Vec::new(), running: HashMap::new(), multi }.serve(inbox);
}

/// Closes the inbox however the agent ends, so that nobody waits for a dead one.
struct CloseOnDrop<'a>(&'a Inbox);

impl Drop for CloseOnDrop<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

struct Agent<'a> {
    handles: &'a Handles,
    /// The connections that libcurl keeps, those in use included.
    kept: Vec<Kept>,
    /// Before the multi handle, so that the transfers are detached first.
    running: HashMap<usize, Running>,
    multi: Multi,
}

struct Running {
    handle: Easy2Handle<Exchange>,
    answer: oneshot::Sender<Answer>,
}

impl Agent<'_> {
    /// Works until the inbox is closed or libcurl refuses to go on.
    fn serve(&mut self, inbox: &Inbox) {
        let mut commands = Vec::new();
        while inbox.take(&mut commands).is_some() {
            if commands.iter().any(|command| matches!(command, Command::Start { .. })) {
                self.look_at_idle_connections();
            }
            for command in commands.drain(..) {
                self.obey(command);
            }
            if self.multi.perform().is_err() {
                return;
            }
            if self.deliver() > 0 {
                linger(inbox);
            }
            if inbox.fall_asleep() {
                // A libcurl that waits by select(2) cannot where one socket's number is too high: that
                // request fails in the next round, and the others must not with it.
                if self.multi.poll(&mut [], LONG).is_err() {
                    thread::sleep(Duration::from_millis(1));
                }
                inbox.wake_up();
            }
        }
    }

    /// Checks the idle connections; if one must not be used again, new ones are opened for a while.
    ///
    /// No transfer begins between this look and libcurl's choice of a connection.
    fn look_at_idle_connections(&mut self) {
        if self.kept.is_empty() {
            return;
        }
        let in_use: HashSet<u16> =
            self.running.values().filter_map(|running| running.handle.local_port().ok()).collect();
        let is_idle = |kept: &Kept| kept.port.is_some_and(|port| !in_use.contains(&port));
        if self.handles.sockets.remove_ended(&mut self.kept, is_idle) {
            self.handles.suspect();
        }
    }

    /// Records the connections that a finished transfer has opened.
    fn note_connections(&mut self, handle: &mut Easy2Handle<Exchange>) {
        let port = handle.local_port().ok().filter(|port| *port != 0);
        let exchange = handle.get_mut();
        let http2 = exchange.is_http2();
        for opened in exchange.opened().drain(..) {
            // The number of a closed socket may be that of another one now.
            self.kept.retain(|kept| kept.socket != opened.socket);
            self.kept.push(Kept { port, http2, ..opened });
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Start { answer, easy, .. } if answer.is_canceled() => self.handles.rest(easy),
            Command::Start { id, easy, answer } => match self.add(id, easy) {
                Ok(handle) => drop(self.running.insert(token(id), Running { handle, answer })),
                Err(error) => drop(answer.send(Err(error))),
            },
            // Its connection is closed, since a transfer was under way.
            Command::Cancel { id } => {
                if let Some(Running { mut handle, .. }) = self.running.remove(&token(id)) {
                    self.note_connections(&mut handle);
                    self.detach(handle, |exchange| drop(exchange.finish(Ok(()))));
                }
            }
            #[cfg(test)]
            Command::Panic => panic!("asked to"),
        }
    }

    fn add(&self, id: u64, mut easy: Easy2<Exchange>) -> Result<Easy2Handle<Exchange>, Error> {
        self.handles.choose_connection(&mut easy)?;
        let mut handle = self.multi.add2(easy).map_err(|error| stuck().with_source(error))?;
        handle.set_token(token(id)).map_err(|error| stuck().with_source(error))?;
        Ok(handle)
    }

    /// Removes a transfer from libcurl, returns what `take` finds in it, and keeps its handle for another.
    fn detach<T>(
        &self,
        mut handle: Easy2Handle<Exchange>,
        take: impl FnOnce(&mut Exchange) -> T,
    ) -> T {
        let taken = take(handle.get_mut());
        if let Ok(easy) = self.multi.remove2(handle) {
            self.handles.rest(easy);
        }
        taken
    }

    /// Sends every finished transfer's answer to its caller, and returns how many there were.
    fn deliver(&mut self) -> usize {
        let mut done = Vec::new();
        let running = &self.running;
        self.multi.messages(|message| {
            let Ok(token) = message.token() else { return };
            let result =
                running.get(&token).and_then(|running| message.result_for2(&running.handle));
            done.extend(result.map(|result| (token, result)));
        });
        let count = done.len();
        for (token, result) in done {
            if let Some(Running { mut handle, answer }) = self.running.remove(&token) {
                self.note_connections(&mut handle);
                if result.is_ok() && handle.get_ref().is_cut() {
                    self.handles.suspect();
                }
                // Whoever waited may have gone.
                drop(answer.send(self.detach(handle, |exchange| exchange.finish(result))));
            }
        }
        count
    }
}

/// Waits a moment for the next request of a caller that has its answer: to sleep and be woken costs more.
fn linger(inbox: &Inbox) {
    for _ in 0..YIELDS {
        if inbox.is_filled() {
            return;
        }
        thread::yield_now();
    }
}

/// Tokens are as wide as a pointer; two requests whose numbers agree in those bits are never under way at once.
fn token(id: u64) -> usize {
    #[expect(clippy::cast_possible_truncation, reason = "see above")]
    let token = id as usize;
    token
}

fn stuck() -> Error {
    Error::unsent(ErrorKind::Refused, "libcurl refuses the request")
}

const YIELDS: u32 = 16;
const IDLE_CONNECTIONS: usize = 128;
/// Requests beyond that wait for a connection. curl-sys builds libcurl to wait by select(2), which takes
/// socket numbers below 1024 only.
const MOST_CONNECTIONS: usize = 1000;
/// libcurl wakes by itself for its timers, and the inbox wakes it for commands.
const LONG: Duration = Duration::from_secs(24 * 60 * 60);
