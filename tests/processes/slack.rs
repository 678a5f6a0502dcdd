//! The fake Slack of all processes, which writes down who sent which refresh token.

use std::{
    collections::{HashMap, HashSet},
    convert::Infallible,
    fmt::{self, Display, Formatter},
    future,
    net::{IpAddr, Ipv4Addr, TcpListener},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use slack_auth::tokens::Fingerprint;
use slack_fake::SharedFake;
use tokio::runtime::{Builder, Handle};

use crate::worker::Pace;

/// After this time a process has stored what Slack answered, also on a busy machine.
const ANSWERED: Duration = Duration::from_secs(Pace::TIMEOUT);

/// One life of a worker process, from its start to its kill.
pub(crate) type Life = usize;

/// Serves one fake, each life of a worker at a port of its own, so that it is known who sent what.
#[derive(Clone)]
pub(crate) struct Slack {
    fake: SharedFake,
    handle: Handle,
    address: IpAddr,
    record: Arc<Mutex<Record>>,
}

#[derive(Default)]
struct Record {
    /// Each refresh that arrived, in order: by whom, and with which token.
    sent: Vec<Sent>,
    /// Who waits for an answer that takes its time, although Slack has done what was asked.
    waiting: Option<Life>,
    /// How many had arrived when a life had ended for certain, and when that was.
    killed: HashMap<Life, (usize, Instant)>,
}

/// A refresh that arrived.
#[derive(Clone, Copy)]
pub(crate) struct Sent {
    pub(crate) by: Life,
    pub(crate) token: Fingerprint,
    pub(crate) at: Instant,
}

/// The refreshes with one refresh token, each with the time at which its sender was killed.
pub(crate) struct End(Vec<(Sent, Option<Instant>)>);

impl End {
    /// Returns whether processes sent the token over and over within the grace time, and each was killed before it could
    /// store the answer. Nobody can save such a pair.
    pub(crate) fn was_killed_each_time(&self) -> bool {
        let grace = Duration::from_secs(Pace::GRACE);
        let Some((first, _)) = self.0.first() else { return false };
        let in_time = self.0.iter().take_while(|(sent, _)| sent.at < first.at + grace);
        let mut last = first.at;
        let mut tries = 0;
        for (sent, killed) in in_time {
            // A process that is killed holds its lease until it runs out, and the next one needs the time to come to it.
            let prompt = sent.at < last + Duration::from_secs(3 * Pace::LEASE);
            let Some(killed) = killed.filter(|killed| prompt && *killed < sent.at + ANSWERED)
            else {
                return false;
            };
            (last, tries) = (killed, tries + 1);
        }
        tries > 1 && first.at + grace < last + Duration::from_secs(3 * Pace::LEASE)
    }
}

impl Display for End {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (sent, killed) in &self.0 {
            write!(f, "  sent {:.2} s ago by life {}", sent.at.elapsed().as_secs_f32(), sent.by)?;
            match killed {
                Some(at) => writeln!(f, ", killed {:.2} s after", (*at - sent.at).as_secs_f32())?,
                None => writeln!(f, ", not killed")?,
            }
        }
        Ok(())
    }
}

/// What became of the refreshes.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// How many refreshes reached Slack.
    pub(crate) refreshes: usize,
    /// With how many refresh tokens.
    pub(crate) tokens: usize,
    /// How many repeated one whose sender was killed before it could store the answer.
    pub(crate) after_kills: usize,
    /// How many repeated one whose sender was alive: two processes, or one that did not know.
    pub(crate) duplicates: usize,
    /// The longest time from a kill to the next try with the same token.
    pub(crate) longest_gap: Duration,
}

impl Slack {
    /// Starts one whose ports are at this address.
    pub(crate) fn start(address: IpAddr, fake: SharedFake) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let handle = runtime.handle().clone();
        thread::spawn(move || runtime.block_on(future::pending::<()>()));
        Self { fake, handle, address, record: Arc::default() }
    }

    pub(crate) fn fake(&self) -> &SharedFake {
        &self.fake
    }

    /// Opens a port for one life of a worker, and gives its origin.
    pub(crate) fn listen(&self, life: Life) -> String {
        self.listen_at(self.address, life)
    }

    /// Opens a port for whoever looks, on this host, once all workers have ended.
    pub(crate) fn listen_here(&self) -> String {
        self.listen_at(Ipv4Addr::LOCALHOST.into(), Life::MAX)
    }

    fn listen_at(&self, address: IpAddr, life: Life) -> String {
        let listener = TcpListener::bind((address, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let slack = self.clone();
        self.handle.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            while let Ok((socket, _)) = listener.accept().await {
                let slack = slack.clone();
                let answer = service_fn(move |request| {
                    let slack = slack.clone();
                    async move { Ok::<_, Infallible>(slack.answer(life, request).await) }
                });
                // A killed process closes its connection at any point.
                let connection =
                    http1::Builder::new().serve_connection(TokioIo::new(socket), answer);
                tokio::spawn(async move { connection.await.unwrap_or_default() });
            }
        });
        origin
    }

    /// Notes that a life has ended: what it may still have under way counts as sent before.
    pub(crate) fn killed(&self, life: Life) {
        let mut record = self.record.lock().unwrap();
        let sent = record.sent.len();
        record.killed.insert(life, (sent, Instant::now()));
    }

    /// Names a life that has spent a refresh token, and has not heard of it yet.
    pub(crate) fn waiting(&self) -> Option<Life> {
        self.record.lock().unwrap().waiting
    }

    /// Returns each refresh that arrived, in order.
    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.record.lock().unwrap().sent.clone()
    }

    pub(crate) fn tally(&self) -> Tally {
        let record = self.record.lock().unwrap();
        let mut tally = Tally { refreshes: record.sent.len(), ..Tally::default() };
        let mut last_sent_by = HashMap::<Fingerprint, Life>::new();
        for (index, sent) in record.sent.iter().enumerate() {
            let Some(before) = last_sent_by.insert(sent.token, sent.by) else { continue };
            // At this point in the row of refreshes the sender before was dead already.
            match record.killed.get(&before) {
                Some((killed, at)) if *killed <= index => {
                    tally.after_kills += 1;
                    tally.longest_gap = tally.longest_gap.max(sent.at - *at);
                }
                _ => tally.duplicates += 1,
            }
        }
        tally.tokens = last_sent_by.keys().collect::<HashSet<_>>().len();
        tally
    }

    /// Returns what became of a refresh token that is lost.
    pub(crate) fn end_of(&self, token: Fingerprint) -> End {
        let sent = self.sent().into_iter().filter(|sent| sent.token == token);
        let record = self.record.lock().unwrap();
        End(sent
            .map(|sent| (sent, record.killed.get(&sent.by).map(|(_, killed)| *killed)))
            .collect())
    }

    async fn answer(&self, life: Life, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        // Half a request of a killed process is none.
        let Ok(body) = body.collect().await else { return Response::default() };
        let request = Request::from_parts(head, body.to_bytes());
        let mut slow = false;
        let answer = {
            // In one step, so that the row of refreshes is the one that Slack saw.
            let mut record = self.record.lock().unwrap();
            let form = String::from_utf8_lossy(request.body()).into_owned();
            if let Some((_, token)) = form.split_once("grant_type=refresh_token&refresh_token=") {
                record.sent.push(Sent {
                    by: life,
                    token: Fingerprint::of(token),
                    at: Instant::now(),
                });
                // Now and then a long time lies between what Slack does and what the process hears of it.
                slow = record.sent.len() % 4 == 0;
                if slow {
                    record.waiting = Some(life);
                }
            }
            self.fake.handle(&request)
        };
        tokio::time::sleep(Duration::from_millis(if slow { 300 } else { 5 })).await;
        if slow {
            self.record.lock().unwrap().waiting.take_if(|waiting| *waiting == life);
        }
        answer.map(|body| Full::new(Bytes::from(body)))
    }
}
