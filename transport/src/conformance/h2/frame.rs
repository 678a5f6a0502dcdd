//! The frames of HTTP/2 as bytes: what no library would send must be sent.

/// One frame; its stream is the one that was last read, or the connection.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    kind: u8,
    flags: u8,
    stream: Stream,
    payload: Vec<u8>,
    /// What the frame says its length is, if that is not true.
    length: Option<u32>,
}

/// Which stream a frame is on.
#[derive(Clone, Copy, Debug)]
enum Stream {
    Connection,
    Last,
    /// One that the client has not opened.
    Idle,
}

impl Frame {
    fn on_stream(kind: u8, flags: u8, payload: Vec<u8>) -> Self {
        Self { kind, flags, stream: Stream::Last, payload, length: None }
    }

    /// A whole header block.
    pub(crate) fn headers(fields: &[(&str, &str)]) -> Self {
        Self::on_stream(HEADERS, END_HEADERS, block(fields))
    }

    /// A header block in frames of the usual length.
    pub(crate) fn long_headers(fields: &[(&str, &str)]) -> Vec<Self> {
        let block = block(fields);
        let chunks: Vec<&[u8]> = block.chunks(MOST_PAYLOAD).collect();
        let frames = chunks.iter().enumerate().map(|(index, chunk)| {
            let kind = if index == 0 { HEADERS } else { CONTINUATION };
            let flags = if index + 1 == chunks.len() { END_HEADERS } else { 0 };
            Self::on_stream(kind, flags, chunk.to_vec())
        });
        frames.collect()
    }

    /// The start of a header block, of which more is to come.
    pub(crate) fn open_headers(fields: &[(&str, &str)]) -> Self {
        Self::on_stream(HEADERS, 0, block(fields))
    }

    /// More of a header block, and not the end.
    pub(crate) fn continuation(fields: &[(&str, &str)]) -> Self {
        Self::on_stream(CONTINUATION, 0, block(fields))
    }

    /// The start of one header whose value is this long; none of it is there yet.
    pub(crate) fn open_header(name: &str, length: usize) -> Self {
        let mut block = block(&[(":status", "200")]);
        block.push(0);
        integer(name.len(), &mut block);
        block.extend_from_slice(name.as_bytes());
        integer(length, &mut block);
        Self::on_stream(HEADERS, 0, block)
    }

    /// More bytes of a header block, and not the end.
    pub(crate) fn rest_of_headers(bytes: &[u8]) -> Self {
        Self::on_stream(CONTINUATION, 0, bytes.to_vec())
    }

    /// Promises an answer to a request that was not made.
    pub(crate) fn push(fields: &[(&str, &str)]) -> Self {
        let promised = 2u32.to_be_bytes();
        Self::on_stream(PUSH_PROMISE, END_HEADERS, [&promised, &block(fields)[..]].concat())
    }

    pub(crate) fn data(bytes: &[u8]) -> Self {
        Self::on_stream(DATA, 0, bytes.to_vec())
    }

    pub(crate) fn data_without_stream(bytes: &[u8]) -> Self {
        Self { stream: Stream::Connection, ..Self::data(bytes) }
    }

    pub(crate) fn data_on_an_idle_stream(bytes: &[u8]) -> Self {
        Self { stream: Stream::Idle, ..Self::data(bytes) }
    }

    pub(crate) fn reset(code: u32) -> Self {
        Self::on_stream(RST_STREAM, 0, code.to_be_bytes().to_vec())
    }

    /// Ends the connection; the last stream that was read is processed or not.
    pub(crate) fn go_away(processed: bool, code: u32) -> Self {
        let last = if processed { u32::MAX } else { 0 };
        let payload = [last.to_be_bytes(), code.to_be_bytes()].concat();
        Self { stream: Stream::Connection, ..Self::on_stream(GO_AWAY, 0, payload) }
    }

    pub(crate) fn settings(flags: u8) -> Self {
        Self { stream: Stream::Connection, ..Self::on_stream(SETTINGS, flags, Vec::new()) }
    }

    /// Marks it as the last of its stream.
    pub(crate) fn end_stream(self) -> Self {
        Self { flags: self.flags | END_STREAM, ..self }
    }

    /// Declares a length that no frame may have.
    pub(crate) fn oversized(self) -> Self {
        Self { length: Some(0x00ff_ffff), ..self }
    }

    pub(crate) fn encode(&self, last: u32) -> Vec<u8> {
        let stream = match self.stream {
            Stream::Connection => 0,
            Stream::Last => last,
            Stream::Idle => last + 100,
        };
        let mut payload = self.payload.clone();
        if self.kind == GO_AWAY && payload.starts_with(&u32::MAX.to_be_bytes()) {
            payload[..4].copy_from_slice(&last.to_be_bytes());
        }
        let length = self.length.unwrap_or_else(|| u32::try_from(payload.len()).unwrap_or(0));
        let mut bytes = length.to_be_bytes()[1..].to_vec();
        bytes.extend_from_slice(&[self.kind, self.flags]);
        bytes.extend_from_slice(&stream.to_be_bytes());
        bytes.extend_from_slice(&payload);
        bytes
    }
}

/// Writes fields without the tables and without Huffman's code (RFC 7541 section 6.2.2).
fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            integer(text.len(), &mut block);
            block.extend_from_slice(text.as_bytes());
        }
    }
    block
}

/// RFC 7541 section 5.1, with a prefix of seven bits.
fn integer(mut value: usize, into: &mut Vec<u8>) {
    if value < 127 {
        into.push(u8::try_from(value).unwrap_or(0));
        return;
    }
    into.push(127);
    value -= 127;
    while value >= 128 {
        into.push(u8::try_from(value % 128).unwrap_or(0) | 128);
        value /= 128;
    }
    into.push(u8::try_from(value).unwrap_or(0));
}

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
const PUSH_PROMISE: u8 = 5;
const GO_AWAY: u8 = 7;
const CONTINUATION: u8 = 9;
pub(super) const ACK: u8 = 1;
pub(super) const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const MOST_PAYLOAD: usize = 16_384;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_those_of_the_rfc() {
        assert_eq!(Frame::reset(7).encode(3), [0, 0, 4, 3, 0, 0, 0, 0, 3, 0, 0, 0, 7]);
        assert_eq!(
            Frame::go_away(true, 0).encode(5),
            [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0]
        );
        assert_eq!(
            Frame::headers(&[("a", "bc")]).end_stream().encode(1),
            [0, 0, 6, 1, 5, 0, 0, 0, 1, 0, 1, b'a', 2, b'b', b'c']
        );
        let mut long = Vec::new();
        // The example of RFC 7541, appendix C.1.2, with its prefix of seven bits.
        integer(1337, &mut long);
        assert_eq!(long, [127, 186, 9]);
    }
}
