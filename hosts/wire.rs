//! The way from a process to Slack: plain HTTP goes to loopback alone, and Slack is on another host.

use std::{
    io,
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    thread,
};

/// Opens a port on loopback that leads to `origin`, and returns its own. It ends with the process.
pub(crate) fn beside(origin: &str) -> String {
    let address = origin.strip_prefix("http://").unwrap().to_owned();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let here = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for near in listener.incoming().map_while(Result::ok) {
            let address = address.clone();
            thread::spawn(move || {
                // Whatever ends one side ends the other, and the client sees it.
                let Ok(far) = TcpStream::connect(address) else { return };
                let back = (far.try_clone().unwrap(), near.try_clone().unwrap());
                thread::spawn(move || pass(back.0, back.1));
                pass(near, far);
            });
        }
    });
    here
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    let _ended = io::copy(&mut from, &mut to);
    let _ended = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
