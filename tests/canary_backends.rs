//! No error of a real HTTP client shows what was to be sent.

use std::{
    error::Error,
    fmt::Write as _,
    io::{Read as _, Write as _},
    net::TcpListener,
    thread,
    time::Duration,
};

use slack_auth::{
    AccessToken, ApiMethod, Client, ClientId, ClientSecret, ConfidentialClient, Endpoint, Limits,
    error::{CallError, MethodError},
    methods::{AuthTest, OauthV2Access, OauthV2Refresh},
    oauth::AuthorizationCode,
    tokens::RefreshToken,
};

const CANARY: &str = "xoxz-C4n4ry/with+what=is%escaped";

/// What a server does with a connection.
#[derive(Clone, Copy, Debug)]
enum Server {
    /// Closes it before it reads anything.
    Closes,
    /// Reads the request, and closes it without an answer.
    ReadsAndCloses,
    /// Reads the request, and sends all of it back in place of an HTTP response.
    Echoes,
    /// Sends back what it read as the start line of a response.
    EchoesInTheStartLine,
    /// Sends back what it read as a body that is longer than allowed.
    AnswersTooMuch,
    /// Answers with half a body.
    CutsTheBody,
    /// Reads the request, and never answers.
    IsSilent,
}

const SERVERS: [Server; 7] = [
    Server::Closes,
    Server::ReadsAndCloses,
    Server::Echoes,
    Server::EchoesInTheStartLine,
    Server::AnswersTooMuch,
    Server::CutsTheBody,
    Server::IsSilent,
];

impl Server {
    /// Starts it on a port of its own, for as long as the test runs.
    fn start(self) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for mut connection in listener.incoming().flatten() {
                thread::spawn(move || {
                    if matches!(self, Self::Closes) {
                        return;
                    }
                    let mut seen = vec![0; 64 * 1024];
                    // The head and the small body come in one or two pieces.
                    let mut length = connection.read(&mut seen).unwrap_or(0);
                    connection.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
                    length += connection.read(&mut seen[length..]).unwrap_or(0);
                    seen.truncate(length);
                    let answer = match self {
                        Self::Closes | Self::ReadsAndCloses => Vec::new(),
                        Self::Echoes => seen,
                        Self::EchoesInTheStartLine => [b"HTTP/1.1 ", &*seen].concat(),
                        Self::AnswersTooMuch => {
                            let head = b"HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n";
                            [head, &*seen.repeat(99_999 / length.max(1) + 1)].concat()
                        }
                        Self::CutsTheBody => {
                            let head = b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n";
                            [head, &*seen].concat()
                        }
                        Self::IsSilent => {
                            thread::sleep(Duration::from_secs(5));
                            return;
                        }
                    };
                    // The client may be gone.
                    let _gone = connection.write_all(&answer);
                });
            }
        });
        port
    }
}

#[test]
fn no_error_of_a_backend_shows_the_request() {
    let mut endpoints: Vec<(String, Endpoint)> = SERVERS
        .iter()
        .map(|server| {
            let origin = format!("http://127.0.0.1:{}", server.start());
            (format!("{server:?}"), Endpoint::new(&origin).unwrap())
        })
        .collect();
    // TLS against a server that speaks none, and a port where nobody listens.
    let plain = Server::Echoes.start();
    endpoints
        .push(("no TLS".into(), Endpoint::new(&format!("https://127.0.0.1:{plain}")).unwrap()));
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    endpoints.push(("nobody".into(), Endpoint::new(&format!("http://{free}")).unwrap()));
    let limits = Limits::new()
        .with_connect_timeout(Duration::from_millis(500))
        .with_total_timeout(Duration::from_millis(700))
        .with_body_cap(4096);
    for (name, endpoint) in endpoints {
        for client in [
            Client::with_reqwest(endpoint.clone(), limits).unwrap(),
            Client::with_hyper(endpoint.clone(), limits).unwrap(),
            Client::with_curl(endpoint.clone(), limits).unwrap(),
        ] {
            let app = ConfidentialClient::new(
                ClientId::new("1.2").unwrap(),
                ClientSecret::new(CANARY).unwrap(),
            );
            let refresh = OauthV2Refresh::new(RefreshToken::new(CANARY).unwrap());
            let exchange = OauthV2Access::new(AuthorizationCode::new(CANARY).unwrap());
            fails_cleanly(&name, &client, &AuthTest, &AccessToken::new(CANARY).unwrap());
            fails_cleanly(&name, &client, &refresh, &app);
            fails_cleanly(&name, &client, &exchange, &app);
        }
    }
}

/// Calls a method both ways, and looks for the secret in whatever the errors show.
fn fails_cleanly<M: ApiMethod>(name: &str, client: &Client, method: &M, auth: &M::Auth) {
    let asynchronous = pollster::block_on(client.call(method, auth));
    for result in [asynchronous, client.call_blocking(method, auth)] {
        let Err(error) = result else { panic!("{name}: an answer came out of nothing") };
        assert!(matches!(error, CallError::Transport(_)), "{name}: {error}");
        let shown = everything_shown(&error);
        for form in forms_of_the_canary() {
            assert!(!shown.contains(&form), "{name}: {form} is shown in {shown}");
        }
    }
}

fn everything_shown<E: MethodError>(error: &CallError<E>) -> String {
    let mut text = format!("{error:?} {error:#?} {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        write!(text, " {cause:?} {cause:#?} {cause}").unwrap();
        source = cause.source();
    }
    text
}

/// Returns the secret as it stands in a request: by itself, in a form, in an `Authorization` header, and as bytes.
fn forms_of_the_canary() -> Vec<String> {
    use base64::prelude::{BASE64_STANDARD, Engine as _};
    // Both parts of Basic credentials are form-encoded.
    let escaped = "xoxz-C4n4ry%2Fwith%2Bwhat%3Dis%25escaped";
    let basic = BASE64_STANDARD.encode(format!("1.2:{escaped}"));
    let bytes = format!("{:?}", &CANARY.as_bytes()[..11]);
    vec!["C4n4ry".into(), escaped.into(), basic[..24].into(), bytes[1..bytes.len() - 1].into()]
}

/// The search finds what it is there to find.
#[test]
fn the_canary_is_found_where_it_is_shown() {
    let app =
        ConfidentialClient::new(ClientId::new("1.2").unwrap(), ClientSecret::new(CANARY).unwrap());
    let refresh = OauthV2Refresh::new(RefreshToken::new(CANARY).unwrap());
    let request = refresh.to_request(&Endpoint::slack(), &app);
    let mut shown = format!("{:?}", request.body().as_ref());
    shown.push_str(request.headers()["authorization"].to_str().unwrap());
    shown.push_str(&String::from_utf8_lossy(request.body().as_ref()));
    for form in forms_of_the_canary() {
        assert!(shown.contains(&form), "{form} is not in {shown}");
    }
}
