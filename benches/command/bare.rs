//! A bare hyper server that answers each path with the bytes that the fake has once answered: the yardstick of the fake.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;

/// The headers and the body for each path.
type Answers = HashMap<String, (HeaderMap, Bytes)>;

/// Writes what the fake has answered as an argument of the bare server.
pub(crate) fn argument(answers: &[(&str, &(String, String))]) -> String {
    serde_json::to_string(answers).unwrap()
}

/// Serves for good on one thread, as the fake does, and prints its port.
pub(crate) fn serve(argument: &str) {
    let answers = Arc::new(read(argument));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{{\"origin\": \"http://{}\"}}", listener.local_addr().unwrap());
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let answers = Arc::clone(&answers);
            let service = service_fn(move |request| answer(Arc::clone(&answers), request));
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service);
            tokio::spawn(connection);
        }
    });
}

async fn answer(
    answers: Arc<Answers>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let _ = body.collect().await;
    let (headers, body) = &answers[parts.uri.path()];
    let mut response = Response::new(Full::new(body.clone()));
    *response.headers_mut() = headers.clone();
    Ok(response)
}

fn read(argument: &str) -> Answers {
    let answers: Vec<(String, (String, String))> = serde_json::from_str(argument).unwrap();
    let read = |head: &str| {
        let lines = head.lines().skip(1).filter_map(|line| line.split_once(": "));
        // hyper writes these two by itself.
        let lines = lines.filter(|(name, _)| !matches!(*name, "date" | "content-length"));
        let header = |(name, value): (&str, &str)| {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            (name, HeaderValue::from_str(value).unwrap())
        };
        lines.map(header).collect()
    };
    let answers = answers.into_iter();
    answers.map(|(path, (head, body))| (path, (read(&head), body.into()))).collect()
}
