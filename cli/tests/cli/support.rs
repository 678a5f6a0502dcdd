//! A running fake, and requests made by hand.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_slack-auth");

pub(crate) struct Fake {
    pub(crate) child: Child,
    pub(crate) ready: Value,
}

impl Fake {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(PROGRAM)
            .arg("fake")
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, ready: serde_json::from_str(&line).unwrap() }
    }

    pub(crate) fn client_id(&self) -> &str {
        self.ready["apps"][0]["client_id"].as_str().unwrap()
    }

    fn secret(&self) -> &str {
        self.ready["apps"][0]["client_secret"].as_str().unwrap()
    }

    /// Sends one request on a connection of its own; head and body are empty if it was closed.
    pub(crate) fn raw(&self, verb: &str, target: &str, head: &str, body: &str) -> (String, String) {
        let address = self.ready["origin"].as_str().unwrap().strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let length = body.len();
        let request = format!(
            "{verb} {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{head}content-length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let parts = answer.split_once("\r\n\r\n").map(|(head, body)| (head.into(), body.into()));
        parts.unwrap_or_default()
    }

    pub(crate) fn send(&self, verb: &str, path: &str, body: &Value) -> Value {
        let (head, answer) = self.raw(verb, &format!("/_fake{path}"), "", &body.to_string());
        assert!(head.starts_with("HTTP/1.1 200"), "{verb} {path}: {head} {answer}");
        serde_json::from_str(&answer).unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        self.send("GET", path, &Value::Null)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Value {
        self.send("POST", path, body)
    }

    /// Opens the authorize page and returns where the browser is redirected.
    pub(crate) fn authorize(&self) -> String {
        let page = format!(
            "/oauth/v2/authorize?client_id={}&scope=chat:write&state=s-1",
            self.client_id()
        );
        let (head, _) = self.raw("GET", &page, "", "");
        let location = head.lines().find_map(|line| line.strip_prefix("location: "));
        location.unwrap_or_else(|| panic!("{head}")).to_owned()
    }

    fn form(&self, method: &str, authorization: &str, fields: &str) -> (String, String) {
        let head = format!("content-type: application/x-www-form-urlencoded\r\n{authorization}");
        self.raw("POST", &format!("/api/{method}"), &head, fields)
    }

    fn client(&self) -> String {
        format!("client_id={}&client_secret={}", self.client_id(), self.secret())
    }

    pub(crate) fn install(&self) -> Value {
        let location = self.authorize();
        let code = location.split_once("code=").unwrap().1.split('&').next().unwrap();
        let (_, body) = self.form("oauth.v2.access", "", &format!("{}&code={code}", self.client()));
        let installed: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(installed["ok"], true, "{installed}");
        installed
    }

    pub(crate) fn raw_refresh(&self, pair: &Value) -> (String, String) {
        let token = pair["refresh_token"].as_str().unwrap();
        let grant = format!("grant_type=refresh_token&refresh_token={token}&{}", self.client());
        self.form("oauth.v2.access", "", &grant)
    }

    pub(crate) fn refresh(&self, pair: &Value) -> Value {
        serde_json::from_str(&self.raw_refresh(pair).1).unwrap()
    }

    pub(crate) fn call(&self, method: &str, token: &str) -> Value {
        let (_, body) = self.form(method, &format!("authorization: Bearer {token}\r\n"), "a=1");
        serde_json::from_str(&body).unwrap()
    }

    pub(crate) fn auth_test(&self, token: &str) -> Value {
        self.call("auth.test", token)
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
