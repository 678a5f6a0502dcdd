//! A proxy that counts how often the client waits for the server.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_postgres::{Config, config::Host};

pub(crate) struct Counter {
    /// The server's address by way of the proxy.
    pub(crate) address: String,
    count: Arc<Count>,
}

#[derive(Default)]
struct Count {
    round_trips: AtomicUsize,
    /// Whether the client has said something that the server has not answered yet.
    waits: AtomicBool,
}

impl Counter {
    pub(crate) async fn start(server: &str) -> Self {
        let config: Config = server.parse().unwrap();
        let [Host::Tcp(host)] = config.get_hosts() else { panic!("name one host by TCP") };
        let far = (host.clone(), config.get_ports().first().copied().unwrap_or(5432));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = listener.local_addr().unwrap();
        let (scheme_and_user, rest) = server.split_once('@').expect("postgres://USER@HOST/..");
        let database = rest.split_once('/').map_or("", |(_, database)| database);
        let address = format!("{scheme_and_user}@{here}/{database}");
        let count = Arc::new(Count::default());
        let counted = count.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect(far.clone()).await.unwrap();
                near.set_nodelay(true).unwrap();
                far.set_nodelay(true).unwrap();
                let (near_in, near_out) = near.into_split();
                let (far_in, far_out) = far.into_split();
                tokio::spawn(pass(near_in, far_out, counted.clone(), true));
                tokio::spawn(pass(far_in, near_out, counted.clone(), false));
            }
        });
        Self { address, count }
    }

    /// Returns how often the server has answered what the client had said, however many pieces either came in.
    pub(crate) fn round_trips(&self) -> usize {
        self.count.round_trips.load(Ordering::SeqCst)
    }
}

async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    count: Arc<Count>,
    is_request: bool,
) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if is_request {
            count.waits.store(true, Ordering::SeqCst);
        } else if count.waits.swap(false, Ordering::SeqCst) {
            count.round_trips.fetch_add(1, Ordering::SeqCst);
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            break;
        }
    }
}
