//! First signs of life, with libcurl.

#[path = "../../transport/tests/backends/loopback.rs"]
mod cases;

use std::net::TcpListener;

use slack_transport::{ErrorKind, Limits, Transport};
use slack_transport_curl::CurlTransport as Backend;

use cases::post;

#[test]
fn what_libcurl_cannot_carry_is_refused() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let transport = Backend::new(Limits::new()).unwrap();
    for value in [b"\xff".to_vec(), vec![b'x'; 40_000]] {
        let mut request = post(nobody);
        request.headers_mut().insert("x-odd", http::HeaderValue::from_bytes(&value).unwrap());
        let error = pollster::block_on(transport.send(request)).unwrap_err();
        assert_eq!((error.kind(), error.nothing_was_sent()), (ErrorKind::Refused, true));
    }
}
