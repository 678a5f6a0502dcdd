//! A proxy that delays what the server says: how often a client waits for an answer is seen by how long it takes.
//!
//! To count answers would not do: the store cleans up its indexes by commands whose answers nobody waits for.

use std::time::Duration;

use redis::{ConnectionAddr, IntoConnectionInfo as _};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::mpsc::unbounded_channel,
    time::{Instant, sleep_until},
};

/// Starts it; returns the server's address by way of the proxy.
pub(crate) async fn start(server: &str, delay: Duration) -> String {
    let info = server.into_connection_info().unwrap();
    let ConnectionAddr::Tcp(host, port) = info.addr().clone() else {
        panic!("name a server by TCP")
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let here = listener.local_addr().unwrap().to_string();
    let address = server.replacen(&format!("{host}:{port}"), &here, 1);
    assert_ne!(address, server, "name the server's port");
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let far = TcpStream::connect((host.as_str(), port)).await.unwrap();
            near.set_nodelay(true).unwrap();
            far.set_nodelay(true).unwrap();
            let (mut near_in, near_out) = near.into_split();
            let (far_in, mut far_out) = far.into_split();
            tokio::spawn(async move { copy(&mut near_in, &mut far_out).await });
            tokio::spawn(pass_later(far_in, near_out, delay));
        }
    });
    address
}

/// Passes on what comes, each piece so much later than it came: pieces do not wait for one another.
async fn pass_later(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, delay: Duration) {
    let (sender, mut receiver) = unbounded_channel::<(Instant, Vec<u8>)>();
    tokio::spawn(async move {
        while let Some((at, piece)) = receiver.recv().await {
            sleep_until(at).await;
            if to.write_all(&piece).await.is_err() {
                break;
            }
        }
    });
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if sender.send((Instant::now() + delay, buffer[..length].to_vec())).is_err() {
            break;
        }
    }
}
