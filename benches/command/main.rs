//! What `slack-auth` costs: its start beside an empty program, and its fake beside a bare hyper server.
//!
//! `SLACK_AUTH` names the program to measure, built with `--release`. The bare server answers with the bytes that the fake has
//! answered. Rounds alternate between the two sides; the median of their ratios by wall clock counts, as one client sees it. The
//! ratio of the CPU time of the two processes stands beside it.

mod bare;
mod server;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use server::{Connection, Server};

const CREDENTIALS: u64 = 100_000;
const ROUNDS: usize = 15;
const REQUESTS: u32 = 4000;

fn main() {
    if std::env::args().nth(1).as_deref() == Some("bare") {
        return bare::serve(&std::env::args().nth(2).unwrap());
    }
    let program = std::env::var("SLACK_AUTH").expect("SLACK_AUTH must name the program");
    let itself = std::env::current_exe().unwrap();
    let mut missed = start(&program, itself.with_file_name("empty").to_str().unwrap());
    missed |= ready(&program);
    missed |= fake(&program, itself.to_str().unwrap());
    if missed && std::env::args().any(|argument| argument == "--strict") {
        std::process::exit(1);
    }
}

/// Prints a row, and returns whether the limit was missed.
fn row(what: &str, value: f64, limit: f64, is_least: bool, unit: &str) -> bool {
    let missed = if is_least { value < limit } else { value > limit };
    let bound = if is_least { "at least" } else { "at most" };
    let verdict = if missed { "MISS" } else { "pass" };
    println!("{what:<58} {value:>9.2} {unit:<4} {bound} {limit:<6} {verdict}");
    missed
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn start(program: &str, empty: &str) -> bool {
    let once = |program: &str, arguments: &[&str]| {
        let begun = Instant::now();
        let mut command = Command::new(program);
        command.args(arguments).stdout(Stdio::null());
        assert!(command.status().unwrap().success());
        begun.elapsed().as_secs_f64()
    };
    let ratios = (0..300).map(|_| once(program, &["--version"]) / once(empty, &[])).collect();
    row("start of --version, times an empty program", median(ratios), 3.0, false, "")
}

fn ready(program: &str) -> bool {
    let times = (0..30).map(|_| {
        let begun = Instant::now();
        let _server = Server::start(Command::new(program).arg("fake"));
        begun.elapsed().as_secs_f64() * 1000.0
    });
    row("fake ready", median(times.collect()), 50.0, false, "ms")
}

fn fake(program: &str, itself: &str) -> bool {
    let fake = Server::start(Command::new(program).arg("fake"));
    let app = &fake.ready["apps"][0];
    let client = format!(
        "client_id={}&client_secret={}",
        app["client_id"].as_str().unwrap(),
        app["client_secret"].as_str().unwrap()
    );
    let mut to_fake = fake.connect();
    let installed = install(&mut to_fake, &client);
    let tested = to_fake.send("POST", TEST, &text(&installed, "access_token"), "");
    let refreshed = to_fake.send("POST", ACCESS, "", &refresh(&installed, &client));
    let mut pair: Value = serde_json::from_str(&refreshed.1).unwrap();
    let token = text(&pair, "access_token");
    let answers = bare::argument(&[(TEST, &tested), (ACCESS, &refreshed)]);
    let bare = Server::start(Command::new(itself).args(["bare", &answers]));
    let mut to_bare = bare.connect();
    assert_eq!(to_bare.send("POST", TEST, &token, "").1, tested.1);
    let none = rounds(&fake, &bare, |is_fake| {
        let connection = if is_fake { &mut to_fake } else { &mut to_bare };
        let (head, _) = connection.send("POST", TEST, &token, "");
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    });
    let mut missed = print("auth.test, nothing stored", none, 0.9);

    let before = fake.memory();
    for number in 0..CREDENTIALS {
        let owner = format!("{{\"team_id\":\"T0FAKE00001\",\"user_id\":\"U{number:010}\"}}");
        let (head, _) = to_fake.send("POST", "/_fake/configuration-tokens", "", &owner);
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    }
    #[expect(clippy::cast_precision_loss, reason = "a few hundred MiB")]
    let each = (fake.memory() - before) as f64 / CREDENTIALS as f64;
    missed |= row("memory of a credential", each, 1.0, false, "KiB");

    let stored = rounds(&fake, &bare, |is_fake| {
        let connection = if is_fake { &mut to_fake } else { &mut to_bare };
        connection.send("POST", TEST, &token, "");
    });
    missed |= print("auth.test, 100,000 credentials stored", stored, 0.9);
    let refreshed = rounds(&fake, &bare, |is_fake| {
        let form = refresh(&pair, &client);
        let connection = if is_fake { &mut to_fake } else { &mut to_bare };
        let (_, body) = connection.send("POST", ACCESS, "", &form);
        if is_fake {
            pair = serde_json::from_str(&body).unwrap();
            assert_eq!(pair["ok"], true, "{body}");
        }
    });
    missed | print("oauth.v2.access, a refresh, 100,000 credentials stored", refreshed, 0.5)
}

/// Requests per second of the fake, as parts of the bare server's: by wall clock, and by CPU time.
fn rounds(fake: &Server, bare: &Server, mut send: impl FnMut(bool)) -> (f64, f64) {
    let mut round = |server: &Server, is_fake: bool| {
        let (ticks, begun) = (server.ticks(), Instant::now());
        for _ in 0..REQUESTS {
            send(is_fake);
        }
        let ticks = u32::try_from(server.ticks() - ticks).unwrap().max(1);
        (begun.elapsed(), Duration::from_millis(10) * ticks)
    };
    let (mut wall, mut cpu) = (Vec::new(), [Duration::ZERO; 2]);
    for _ in 0..ROUNDS {
        let (ours, theirs) = (round(fake, true), round(bare, false));
        wall.push(theirs.0.as_secs_f64() / ours.0.as_secs_f64());
        cpu = [cpu[0] + ours.1, cpu[1] + theirs.1];
    }
    (median(wall), cpu[1].as_secs_f64() / cpu[0].as_secs_f64())
}

fn print(what: &str, (wall, cpu): (f64, f64), limit: f64) -> bool {
    let missed = row(what, wall, limit, true, "");
    println!("{:<58} {cpu:>9.2}", format!("{what}, by CPU time"));
    missed
}

/// Writes the form of a refresh.
fn refresh(pair: &Value, client: &str) -> String {
    format!("grant_type=refresh_token&refresh_token={}&{client}", text(pair, "refresh_token"))
}

fn install(fake: &mut Connection, client: &str) -> Value {
    let id = client.split('&').next().unwrap();
    let page = format!("/oauth/v2/authorize?{id}&scope=chat:write&state=s");
    let (head, _) = fake.send("GET", &page, "", "");
    let code = head.split("code=").nth(1).expect("a code").split(['&', '\r']).next().unwrap();
    let (_, body) = fake.send("POST", "/api/oauth.v2.access", "", &format!("{client}&code={code}"));
    serde_json::from_str(&body).unwrap()
}

fn text(answer: &Value, name: &str) -> String {
    answer[name].as_str().unwrap().to_owned()
}

const TEST: &str = "/api/auth.test";
const ACCESS: &str = "/api/oauth.v2.access";
