//! As much of `WebDriver` as the test needs, over `chromedriver`.
//!
//! By hand, since a client for all of it would bring a hundred crates, in versions of their own, into the lockfile.
//!
//! Source: <https://www.w3.org/TR/webdriver2/>.

use std::{
    io::{BufRead, BufReader},
    panic::resume_unwind,
    process::{Child, Command, Stdio},
    time::Duration,
};

use reqwest::{Client, Method};
use serde_json::{Value, json};

/// One window of a headless Chromium, with cookies of its own.
#[derive(Clone)]
pub(crate) struct Window {
    http: Client,
    session: String,
}

/// Runs `visit` in a new window and shuts the browser down afterwards, whatever happened there.
pub(crate) async fn with_window<F>(visit: impl FnOnce(Window) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let driver = Driver::start();
    let window = Window::open(&driver.origin).await;
    let visited = tokio::spawn(visit(window.clone())).await;
    window.close().await;
    drop(driver);
    if let Err(error) = visited {
        resume_unwind(error.into_panic());
    }
}

impl Window {
    async fn open(driver: &str) -> Self {
        // No sandbox, since it does not work for root, and all that is opened is ours; no calls of its own.
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=900,700",
        ];
        let capabilities = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {"args": arguments},
        }}});
        let driver = Self { http: Client::new(), session: driver.to_owned() };
        let opened = driver.send(Method::POST, "/session", &capabilities).await;
        let id = opened["sessionId"].as_str().unwrap();
        Self { session: format!("{}/session/{id}", driver.session), ..driver }
    }

    /// Opens an address, and waits until its page is loaded.
    pub(crate) async fn open_page(&self, url: &str) {
        self.send(Method::POST, "/url", &json!({"url": url})).await;
    }

    /// Loads the page again.
    pub(crate) async fn reload(&self) {
        self.send(Method::POST, "/refresh", &json!({})).await;
    }

    /// Returns the address of the page.
    pub(crate) async fn url(&self) -> String {
        self.send(Method::GET, "/url", &Value::Null).await.as_str().unwrap().to_owned()
    }

    /// Clicks on the first element that matches the CSS selector.
    pub(crate) async fn click(&self, selector: &str) {
        self.of_element(selector, Method::POST, "/click", &json!({})).await;
    }

    /// Returns the text that a person sees there.
    pub(crate) async fn text(&self, selector: &str) -> String {
        let text = self.of_element(selector, Method::GET, "/text", &Value::Null).await;
        text.as_str().unwrap().to_owned()
    }

    /// Returns a property of the style that the element has in the end.
    pub(crate) async fn style(&self, selector: &str, property: &str) -> String {
        let path = format!("/css/{property}");
        let value = self.of_element(selector, Method::GET, &path, &Value::Null).await;
        value.as_str().unwrap().to_owned()
    }

    /// Returns the cookies that the page's host would get.
    pub(crate) async fn cookies(&self) -> Vec<Value> {
        self.send(Method::GET, "/cookie", &Value::Null).await.as_array().unwrap().clone()
    }

    /// Does something with an element, as soon as there is one: a click may have begun to load another page.
    async fn of_element(&self, selector: &str, method: Method, path: &str, body: &Value) -> Value {
        let by = json!({"using": "css selector", "value": selector});
        let mut told = String::new();
        for _ in 0..TRIES {
            let done = match self.try_send(Method::POST, "/element", &by).await {
                Ok(found) => {
                    // The name of the one member is a constant of the standard's.
                    let id = found.as_object().and_then(|found| found.values().next()?.as_str());
                    let path = format!("/element/{}{path}", id.unwrap());
                    self.try_send(method.clone(), &path, body).await
                }
                Err(error) => Err(error),
            };
            match done {
                Ok(value) => return value,
                Err(error) => told = error,
            }
            tokio::time::sleep(PAUSE).await;
        }
        panic!("{selector} at {}: {told}", self.url().await);
    }

    async fn close(self) {
        self.send(Method::DELETE, "", &Value::Null).await;
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> Value {
        self.try_send(method, path, body).await.unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    async fn try_send(&self, method: Method, path: &str, body: &Value) -> Result<Value, String> {
        let mut request = self.http.request(method, format!("{}{path}", self.session));
        if !body.is_null() {
            request = request.body(body.to_string());
        }
        let text = request.send().await.unwrap().text().await.unwrap();
        let mut answer: Value = serde_json::from_str(&text).unwrap();
        let value = answer["value"].take();
        match value["error"].as_str() {
            Some(error) => Err(format!("{error}: {}", value["message"])),
            None => Ok(value),
        }
    }
}

/// How often, and how long in between, is looked whether a page has come: 20 s, since the machine may be busy.
pub(crate) const TRIES: u32 = 200;
pub(crate) const PAUSE: Duration = Duration::from_millis(100);

/// The program that drives the browser; it is stopped when dropped.
struct Driver {
    process: Child,
    origin: String,
}

impl Driver {
    /// Starts it on a port that it chooses. It wants the same one for IPv4 and IPv6, and ends if one of them is taken.
    fn start() -> Self {
        let mut told = String::new();
        for _ in 0..10 {
            match Self::try_start() {
                Ok(driver) => return driver,
                Err(error) => told = error,
            }
        }
        panic!("chromedriver does not start: {told}");
    }

    fn try_start() -> Result<Self, String> {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .spawn()
            .expect("chromedriver must be installed: .ci/run browser does it on Debian");
        let mut lines =
            BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut told = String::new();
        for line in &mut lines {
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                let origin = format!("http://127.0.0.1:{}", port.trim_end_matches('.'));
                // It goes on to write; a closed pipe would end it.
                std::thread::spawn(move || lines.for_each(drop));
                return Ok(Self { process, origin });
            }
            told = line;
        }
        let _ = process.wait();
        Err(told)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
