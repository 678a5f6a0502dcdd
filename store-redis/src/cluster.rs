//! The nodes of a cluster: each command goes to the primary that has its key.
//!
//! What a node refuses because another one has the key took place nowhere, and is sent there. Nothing is sent again whose outcome
//! is not known.

use std::{
    sync::{Arc, Mutex as SyncMutex, MutexGuard, PoisonError},
    time::Duration,
};

use redis::{Cmd, Value};
use tokio::{
    sync::Mutex,
    task::JoinSet,
    time::{Instant, sleep, sleep_until, timeout, timeout_at},
};

use crate::{
    access::{Access, Address},
    error::{Cause, Failure},
    map::Map,
    node::{Answers, Node},
    slots::{self, Layout},
};

pub(crate) struct Cluster {
    access: Access,
    /// Those that the program has named.
    seeds: Vec<Arc<Node>>,
    timeout: Duration,
    map: SyncMutex<Map>,
    /// When the map was renewed last; held while it is.
    renewed: Mutex<Instant>,
}

/// A command on its way.
struct Errand {
    /// Its place among those that were sent with it.
    place: usize,
    slot: u16,
    command: Cmd,
    /// The node that another one has named for it, and whether it is to be asked though it does not have the slot yet.
    named: Option<(Arc<Node>, bool)>,
}

/// Commands that go to one node together.
struct Flight {
    node: Arc<Node>,
    asks: bool,
    errands: Vec<Errand>,
}

/// When a refused command is sent once more.
enum Next {
    AtOnce,
    AfterPause,
}

impl Cluster {
    /// Asks a node who else is there.
    pub(crate) async fn open(
        access: Access,
        seeds: Vec<Arc<Node>>,
        seed: &Node,
        timeout: Duration,
    ) -> Result<Arc<Self>, Failure> {
        let layout = layout(seed, Instant::now() + timeout).await?;
        let map = Map::new(&layout, |address| match find(&seeds, address) {
            Some(node) => Ok(node),
            None => access.at(address).map(Arc::new),
        })?;
        let (map, renewed) = (SyncMutex::new(map), Mutex::new(Instant::now()));
        Ok(Arc::new(Self { access, seeds, timeout, map, renewed }))
    }

    pub(crate) fn primaries(&self) -> Vec<Arc<Node>> {
        self.map().primaries()
    }

    /// Sends each command once the one before it has taken place: their keys may be on several nodes.
    pub(crate) async fn in_order(
        self: &Arc<Self>,
        commands: Vec<Cmd>,
        replicas: usize,
        deadline: Instant,
    ) -> Result<Answers, Failure> {
        let mut answers = Answers::new();
        let mut left = commands.len();
        for command in commands {
            left -= 1;
            let answer = self.each(vec![command], replicas, deadline).await.pop();
            match answer {
                Some(Err(failure)) if left > 0 => return Err(failure.before_another()),
                Some(Err(failure)) => return Err(failure),
                Some(answer) => answers.push(answer),
                None => {}
            }
        }
        Ok(answers)
    }

    /// Sends commands that do not depend on one another, those of one node in one flight, and returns the answer to each.
    pub(crate) async fn each(
        self: &Arc<Self>,
        commands: Vec<Cmd>,
        replicas: usize,
        deadline: Instant,
    ) -> Answers {
        let mut done = Vec::with_capacity(commands.len());
        let errand = |(place, command): (usize, Cmd)| {
            let slot = slots::of_command(&command);
            Errand { place, slot, command, named: None }
        };
        let mut errands: Vec<Errand> = commands.into_iter().enumerate().map(errand).collect();
        let (mut hops, mut pause) = (0, FIRST_PAUSE);
        loop {
            let number = self.map().number;
            let (flights, mut again) = self.flights(errands);
            let mut must_pause = !again.is_empty();
            for (mut errand, node, answer) in fly(flights, replicas, deadline).await {
                let failure = match answer {
                    Err(failure) => failure,
                    Ok(value) => {
                        done.push((errand.place, Ok(value)));
                        continue;
                    }
                };
                match self.follow(&mut errand, &node, &failure, number, deadline).await {
                    Ok(next) => {
                        must_pause |= matches!(next, Next::AfterPause);
                        again.push((errand, failure));
                    }
                    Err(failure) => done.push((errand.place, Err(failure))),
                }
            }
            if again.is_empty() {
                break;
            }
            hops += 1;
            must_pause |= hops > HOPS;
            let now = Instant::now();
            if now + if must_pause { pause } else { Duration::ZERO } >= deadline {
                let given_up =
                    |(errand, failure): (Errand, _)| (errand.place, Err(unsettled(failure)));
                done.extend(again.into_iter().map(given_up));
                break;
            }
            if must_pause {
                self.renew_later(number);
                sleep(pause).await;
                (hops, pause) = (0, (pause * 2).min(LAST_PAUSE));
            }
            errands = again.into_iter().map(|(errand, _)| errand).collect();
        }
        done.sort_by_key(|(place, _)| *place);
        done.into_iter().map(|(_, answer)| answer).collect()
    }

    /// Groups commands by their nodes; those that no node has are returned beside them.
    fn flights(&self, errands: Vec<Errand>) -> (Vec<Flight>, Vec<(Errand, Failure)>) {
        let map = self.map();
        let (mut flights, mut unserved) = (Vec::<Flight>::new(), Vec::new());
        for mut errand in errands {
            let served = || map.node(errand.slot).map(|node| (node, false));
            let Some((node, asks)) = errand.named.take().or_else(served) else {
                let cause = Cause::new("no node has the key's hash slot");
                unserved.push((errand, Failure::Refused { code: "CLUSTERDOWN".into(), cause }));
                continue;
            };
            let mut known = flights.iter_mut();
            match known.find(|flight| flight.asks == asks && Arc::ptr_eq(&flight.node, &node)) {
                Some(flight) => flight.errands.push(errand),
                None => flights.push(Flight { node, asks, errands: vec![errand] }),
            }
        }
        (flights, unserved)
    }

    /// Decides what becomes of a command that failed. Returns when to send it once more, or the failure if it is not.
    async fn follow(
        self: &Arc<Self>,
        errand: &mut Errand,
        from: &Arc<Node>,
        failure: &Failure,
        number: u64,
        deadline: Instant,
    ) -> Result<Next, Failure> {
        match failure {
            Failure::Elsewhere { address, is_once, .. } => {
                let node = self.named(address, from)?;
                if !is_once {
                    self.renew_later(number);
                }
                self.map().meet(&node);
                errand.named = Some((node, *is_once));
                Ok(Next::AtOnce)
            }
            Failure::Refused { code, .. } => match &**code {
                "TRYAGAIN" | "CLUSTERDOWN" => Ok(Next::AfterPause),
                "READONLY" | "MASTERDOWN" | "LOADING" => {
                    self.renew_later(number);
                    Err(failure.clone())
                }
                _ => Err(failure.clone()),
            },
            // Nothing was sent, and another node may have the slot by now.
            Failure::Unsent(_) => {
                self.renew_later(number);
                self.renew(number, deadline).await;
                match self.map().node(errand.slot) {
                    Some(node) if !Arc::ptr_eq(&node, from) => Ok(Next::AtOnce),
                    _ => Err(failure.clone()),
                }
            }
            Failure::Lost(_) => {
                self.renew_later(number);
                Err(failure.clone())
            }
            _ => Err(failure.clone()),
        }
    }

    /// Returns the node at an address that another one has named.
    fn named(&self, address: &str, by: &Node) -> Result<Arc<Node>, Failure> {
        let mut address = Address::parse(address).ok_or_else(|| {
            Failure::Altered(Cause::new("a node sends to what is not an address"))
        })?;
        if address.host.is_empty() {
            by.host().clone_into(&mut address.host);
        }
        self.node_at(&address)
    }

    fn node_at(&self, address: &Address) -> Result<Arc<Node>, Failure> {
        let known = self.map().known(address).or_else(|| find(&self.seeds, address));
        known.map_or_else(|| self.access.at(address).map(Arc::new), Ok)
    }

    fn renew_later(self: &Arc<Self>, seen: u64) {
        let cluster = Arc::clone(self);
        tokio::spawn(async move {
            let deadline = Instant::now() + cluster.timeout;
            cluster.renew(seen, deadline).await;
        });
    }

    /// Asks the nodes who has which slots, unless somebody did since the map had this number.
    async fn renew(&self, seen: u64, deadline: Instant) {
        let Ok(mut renewed) = timeout_at(deadline, self.renewed.lock()).await else { return };
        if self.map().number != seen {
            return;
        }
        sleep_until((*renewed + REST).min(deadline)).await;
        let found = self.ask_around(seen, deadline).await;
        let fresh =
            found.and_then(|layout| Map::new(&layout, |address| self.node_at(address)).ok());
        self.map().renew(fresh);
        *renewed = Instant::now();
    }

    /// Returns the first layout that a node tells. Whoever does not answer soon is not waited for.
    async fn ask_around(&self, turn: u64, deadline: Instant) -> Option<Layout> {
        let mut nodes = self.map().nodes();
        nodes.extend(
            self.seeds
                .iter()
                .filter(|seed| {
                    seed.address.as_ref().is_none_or(|address| find(&nodes, address).is_none())
                })
                .cloned()
                .collect::<Vec<_>>(),
        );
        // Each time another one is the first: what one says may be old.
        let first = usize::try_from(turn).unwrap_or(0) % nodes.len().max(1);
        nodes.rotate_left(first);
        let mut asked = JoinSet::new();
        for node in nodes {
            asked.spawn(async move { layout(&node, deadline).await });
            while let Ok(Some(told)) = timeout(STEP, asked.join_next()).await {
                if let Ok(Ok(layout)) = told
                    && !layout.ranges.is_empty()
                {
                    return Some(layout);
                }
            }
        }
        while let Some(told) = asked.join_next().await {
            if let Ok(Ok(layout)) = told
                && !layout.ranges.is_empty()
            {
                return Some(layout);
            }
        }
        None
    }

    fn map(&self) -> MutexGuard<'_, Map> {
        self.map.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends flights at once, and returns the answer to each command with the node that gave it.
async fn fly(
    mut flights: Vec<Flight>,
    replicas: usize,
    deadline: Instant,
) -> Vec<(Errand, Arc<Node>, Result<Value, Failure>)> {
    if flights.len() == 1
        && let Some(flight) = flights.pop()
    {
        return flight.fly(replicas, deadline).await;
    }
    let mut flying = JoinSet::new();
    for flight in flights {
        flying.spawn(flight.fly(replicas, deadline));
    }
    flying.join_all().await.into_iter().flatten().collect()
}

impl Flight {
    async fn fly(
        self,
        replicas: usize,
        deadline: Instant,
    ) -> Vec<(Errand, Arc<Node>, Result<Value, Failure>)> {
        let Self { node, asks, errands } = self;
        let mut commands = Vec::with_capacity(errands.len() * 2);
        for errand in &errands {
            commands.extend(asks.then(|| redis::cmd("ASKING")));
            commands.push(errand.command.clone());
        }
        let answers = match node.exchange(commands, replicas, deadline).await {
            Ok(answers) if asks => in_pairs(answers),
            Ok(answers) => answers,
            Err(failure) => errands.iter().map(|_| Err(failure.clone())).collect(),
        };
        let named = |answer: Result<_, Failure>| {
            answer.map_err(|failure| failure.at(node.address.as_ref()))
        };
        let answers = answers.into_iter().map(named);
        errands.into_iter().zip(answers).map(|(errand, it)| (errand, node.clone(), it)).collect()
    }
}

/// Returns the answers to commands, before each of which `ASKING` was sent.
fn in_pairs(answers: Answers) -> Answers {
    let mut answers = answers.into_iter();
    std::iter::from_fn(|| Some(answers.next()?.and(answers.next()?))).collect()
}

async fn layout(node: &Node, deadline: Instant) -> Result<Layout, Failure> {
    let mut slots = redis::cmd("CLUSTER");
    slots.arg("SLOTS");
    let answer = node.exchange(vec![slots], 0, deadline).await.map(|mut answers| answers.pop());
    let altered = || Failure::Altered(Cause::new("the answer to CLUSTER SLOTS is of another form"));
    let answer = answer.and_then(|answer| answer.unwrap_or_else(|| Err(altered())));
    answer
        .and_then(|answer| Layout::read(&answer, node.host()).ok_or_else(altered))
        .map_err(|failure| failure.at(node.address.as_ref()))
}

fn find(nodes: &[Arc<Node>], address: &Address) -> Option<Arc<Node>> {
    nodes.iter().find(|node| node.address.as_ref() == Some(address)).cloned()
}

/// Returns the failure of a command that was refused for as long as there was time.
fn unsettled(failure: Failure) -> Failure {
    match failure {
        Failure::Elsewhere { cause, .. } => Failure::Refused { code: "TRYAGAIN".into(), cause },
        other => other,
    }
}

/// How often a command is sent to another node without a pause.
const HOPS: u32 = 5;

/// How long the pauses are before a refused command is sent once more.
const FIRST_PAUSE: Duration = Duration::from_millis(25);
const LAST_PAUSE: Duration = Duration::from_millis(200);

/// How long nobody asks for the layout after it was told.
const REST: Duration = Duration::from_millis(100);

/// How long a node has for its answer before the next one is asked as well.
const STEP: Duration = Duration::from_millis(250);
