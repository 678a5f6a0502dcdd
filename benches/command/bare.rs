//! A bare hyper server that answers every request with one body: the yardstick of the fake.

use std::convert::Infallible;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;

/// Serves for good on one thread, as the fake does, and prints its port.
pub(crate) fn serve() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{{\"origin\": \"http://{}\"}}", listener.local_addr().unwrap());
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service_fn(answer));
            tokio::spawn(connection);
        }
    });
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let _ = request.into_body().collect().await;
    let body = r#"{"ok":true,"url":"https://fake-team.slack.com/","team":"Fake Team","user":"fake.person","team_id":"T0FAKE00001","user_id":"U0FAKE00001"}"#;
    let answer = Response::builder().header("content-type", "application/json; charset=utf-8");
    Ok(answer.body(Full::from(body)).unwrap())
}
