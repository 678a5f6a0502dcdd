//! No HTTP client at all: the core's request written to a socket, and what comes back handed to the core.
//!
//! For loopback only; TLS, timeouts and limits are what a transport is for.

use std::{
    error::Error,
    io::{Read, Write},
    net::TcpStream,
};

use http::{Request, Response};
use slack_auth::{
    AccessToken, ApiMethod, Endpoint,
    methods::{AuthTest, RequestBody},
};
use slack_fake::{Clock, FakeServer, FakeSlack, SharedFake};

fn main() -> Result<(), Box<dyn Error>> {
    let server = FakeServer::start(SharedFake::new(FakeSlack::new(), Clock::real()))?;
    let endpoint = Endpoint::new(server.origin())?;

    let request = AuthTest.to_request(&endpoint, &AccessToken::new("xoxb-not-a-real-token")?);
    let response = exchange(&request)?;
    match AuthTest::parse_response(&response) {
        Ok(reply) => println!("{:?}", reply.value),
        // The fake knows no such token, so this is what it says.
        Err(error) => println!("{error}"),
    }
    Ok(())
}

/// Sends a request over a connection of its own, and reads until the server closes it.
fn exchange(request: &Request<RequestBody>) -> Result<Response<Vec<u8>>, Box<dyn Error>> {
    let uri = request.uri();
    let authority = uri.authority().ok_or("no authority")?;
    let mut stream =
        TcpStream::connect((authority.host(), authority.port_u16().ok_or("no port")?))?;
    let body = request.body().as_ref();
    // HTTP/1.0: the answer comes in one piece and ends with the connection.
    write!(
        stream,
        "POST {} HTTP/1.0\r\nhost: {authority}\r\ncontent-length: {}\r\n",
        uri.path(),
        body.len()
    )?;
    for (name, value) in request.headers() {
        write!(stream, "{name}: ")?;
        stream.write_all(value.as_bytes())?;
        stream.write_all(b"\r\n")?;
    }
    stream.write_all(b"\r\n")?;
    stream.write_all(body)?;

    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let end =
        answer.windows(4).position(|four| four == b"\r\n\r\n").ok_or("no end of the headers")?;
    let mut lines = std::str::from_utf8(&answer[..end])?.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).ok_or("no status")?;
    let mut response = Response::builder().status(status.parse::<u16>()?);
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        response = response.header(name, value.trim());
    }
    Ok(response.body(answer[end + 4..].to_vec())?)
}
