//! What the environment may decide: each case in a process of its own, with variables of its own.
//!
//! A backend's tests take this file in as the module `cases`, beside their `Backend`.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::{env, fs, thread};

use http::Request;
use slack_transport::conformance::Suite;
use slack_transport::{BlockingTransport, Body, ErrorKind, Limits, Transport};

use super::Backend;

/// Runs the test of this file with that name once more, in a process with these variables.
fn again(test: &str, variables: &[(&str, &str)]) {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", &format!("cases::{test}"), "--nocapture"])
        .envs(variables.iter().copied())
        .env(AGAIN, "yes");
    for name in ["no_proxy", "NO_PROXY", "SSL_CERT_DIR"] {
        command.env_remove(name);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("1 passed"), "no such test: {said}");
}

fn is_again() -> bool {
    env::var_os(AGAIN).is_some()
}

const AGAIN: &str = "SLACK_TRANSPORT_TEST_AGAIN";

#[test]
fn the_platforms_certificates_are_trusted_and_no_others() {
    if !is_again() {
        let file = env::temp_dir().join(format!(
            "slack-transport-{}-{}.pem",
            env!("CARGO_PKG_NAME"),
            std::process::id()
        ));
        again(
            "the_platforms_certificates_are_trusted_and_no_others",
            &[("SSL_CERT_FILE", file.to_str().unwrap())],
        );
        fs::remove_file(file).unwrap();
        return;
    }
    let suite = Suite::new(|setup| {
        fs::write(env::var_os("SSL_CERT_FILE").unwrap(), setup.ca_pem()).unwrap();
        Backend::new(setup.limits())
    })
    .unwrap();
    let report = suite.run_only(&["tls", "tls-wrong-host", "tls-expired", "tls-unknown-ca"]);
    assert_eq!(report.cases(), 4);
    report.assert_passed();
}

/// Answers one request and returns its first line.
fn proxy() -> (SocketAddr, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let proxy = thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(socket.try_clone().unwrap()).lines().map_while(Result::ok);
        let first = lines.next().unwrap();
        assert!(lines.any(|line| line.is_empty()));
        socket
            .write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}")
            .unwrap();
        first
    });
    (address, proxy)
}

#[test]
fn a_proxy_is_used_only_if_asked_for() {
    if !is_again() {
        let (address, proxy) = proxy();
        let proxy_url = format!("http://{address}");
        again(
            "a_proxy_is_used_only_if_asked_for",
            &[("http_proxy", &proxy_url), ("all_proxy", &proxy_url)],
        );
        let asked = proxy.join().unwrap();
        assert!(asked.starts_with("POST http://127.0.0.1:"), "{asked}");
        return;
    }
    // The proxy answers once: were it asked for the direct ones, the last would fail.
    let request =
        |address| Request::post(format!("http://{address}/")).body(Body::empty()).unwrap();
    let direct = Backend::new(Limits::new()).unwrap();
    for blocking in [false, true] {
        let (address, server) = proxy();
        let answer = if blocking {
            direct.send_blocking(request(address))
        } else {
            pollster::block_on(direct.send(request(address)))
        };
        assert_eq!(answer.unwrap().body(), b"{}");
        assert_eq!(server.join().unwrap(), "POST / HTTP/1.1");
    }
    let proxied = Backend::builder(Limits::new()).proxy_from_environment().build().unwrap();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(pollster::block_on(proxied.send(request(nobody))).unwrap().body(), b"{}");
}

#[test]
fn a_proxy_of_the_environment_that_is_none_is_refused() {
    const TEST: &str = "a_proxy_of_the_environment_that_is_none_is_refused";
    if !is_again() {
        for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "http_proxy"] {
            for address in ["not an address", "http://", "gopher://127.0.0.1:1"] {
                again(TEST, &[(variable, address)]);
            }
        }
        return;
    }
    let error = Backend::builder(Limits::new()).proxy_from_environment().build().unwrap_err();
    assert_eq!((error.kind(), error.nothing_was_sent()), (ErrorKind::Refused, true));
    assert!(Backend::builder(Limits::new()).build().is_ok());
}

#[test]
fn certificates_beside_the_platforms_are_trusted() {
    if !is_again() {
        let folder = env::temp_dir();
        let file = folder.join(format!("extra-{}-{}", env!("CARGO_PKG_NAME"), std::process::id()));
        again(
            "certificates_beside_the_platforms_are_trusted",
            &[("SSL_CERT_FILE", file.to_str().unwrap())],
        );
        fs::remove_file(file).unwrap();
        return;
    }
    // The platform trusts the first suite's CA, and the second one's is given.
    let platform = Suite::new(|setup| {
        fs::write(env::var_os("SSL_CERT_FILE").unwrap(), setup.ca_pem()).unwrap();
        Backend::new(setup.limits())
    })
    .unwrap();
    platform.run_only(&["tls"]).assert_passed();
    let extra = Suite::new(|setup| {
        Backend::builder(setup.limits()).extra_ca_certificates(setup.ca_pem()).build()
    })
    .unwrap();
    let report = extra.run_only(&["tls", "tls-unknown-ca"]);
    assert_eq!(report.cases(), 2);
    report.assert_passed();
}

#[test]
fn certificates_that_are_none_are_refused() {
    for pem in ["", "hello", "-----BEGIN CERTIFICATE-----"] {
        let built = Backend::builder(Limits::new()).only_ca_certificates(pem).build();
        let reached = built.map(|transport| {
            let url = "https://127.0.0.1:1/";
            pollster::block_on(transport.send(Request::get(url).body(Body::empty()).unwrap()))
                .unwrap_err()
        });
        match reached {
            Ok(error) | Err(error) => assert!(error.nothing_was_sent(), "{pem:?}: {error}"),
        }
    }
    assert!(Backend::builder(Limits::new()).only_ca_certificates("hello").build().is_err());
}

#[test]
fn certificates_that_are_given_are_trusted() {
    let suite = Suite::new(|setup| {
        Backend::builder(setup.limits()).only_ca_certificates(setup.ca_pem()).build()
    })
    .unwrap();
    let report = suite.run_only(&["tls", "tls-unknown-ca"]);
    assert_eq!(report.cases(), 2);
    report.assert_passed();
}
