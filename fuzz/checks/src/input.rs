//! Fuzz input as an HTTP response.

use http::{HeaderName, HeaderValue, Response};

/// Reads an input: on the first line the status and the headers, `200 name: value | name: value`; then the body.
///
/// An input whose first line does not begin with a status is a body with status 200, so that any reply that was saved
/// as it came can be dropped into the corpus.
#[must_use]
pub fn response(input: &[u8]) -> Response<&[u8]> {
    let end = input.iter().position(|&byte| byte == b'\n');
    let (head, body) = end.map_or((input, &[][..]), |end| (&input[..end], &input[end + 1..]));
    let Some((status, headers)) = head_of(head) else { return Response::new(input) };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    for header in headers.split(|&byte| byte == b'|') {
        let Some(colon) = header.iter().position(|&byte| byte == b':') else { continue };
        let (name, value) = (header[..colon].trim_ascii(), header[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name), HeaderValue::from_bytes(value))
        {
            response.headers_mut().append(name, value);
        }
    }
    response
}

fn head_of(head: &[u8]) -> Option<(http::StatusCode, &[u8])> {
    let digits = head.get(..3)?;
    match head.get(3) {
        None | Some(b' ') => {}
        _ => return None,
    }
    Some((http::StatusCode::from_bytes(digits).ok()?, head.get(4..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_headers_and_body_are_told_apart() {
        let read = response(b"429 retry-after: 30 | x-slack-req-id: a:b\n{}\n{}");
        assert_eq!(read.status(), 429);
        assert_eq!(read.headers()["retry-after"], "30");
        assert_eq!(read.headers()["x-slack-req-id"], "a:b");
        assert_eq!(*read.body(), b"{}\n{}");
        assert_eq!(*response(b"{\"ok\":true}\n").body(), b"{\"ok\":true}\n");
        assert_eq!(response(b"500").status(), 500);
    }
}
