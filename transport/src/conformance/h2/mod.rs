//! A server's side of HTTP/2, as far as the faults need it.

mod frame;
mod plan;

use std::io;

pub(super) use self::frame::Frame;
use self::frame::{ACK, DATA, END_STREAM, HEADERS, SETTINGS};
pub(super) use self::plan::plan;

/// What the server knows of one connection.
#[derive(Debug, Default)]
pub(super) struct Peer {
    greeted: bool,
    /// The stream of the request that was read last.
    pub(super) last: u32,
    unread: Vec<u8>,
}

/// How much of a request is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// The client's preface.
    Greeting,
    Headers,
    End,
}

impl Peer {
    /// Reads as far as `until`, and answers the client's settings.
    pub(super) fn read(
        &mut self,
        until: Until,
        mut more: impl FnMut(&mut Vec<u8>) -> io::Result<()>,
        mut write: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        if !self.greeted {
            while self.unread.len() < PREFACE.len() {
                more(&mut self.unread)?;
            }
            if !self.unread.starts_with(PREFACE) {
                return Err(io::ErrorKind::InvalidData.into());
            }
            self.unread.drain(..PREFACE.len());
            self.greeted = true;
            write(&Frame::settings(0).encode(0))?;
        }
        loop {
            if until == Until::Greeting {
                return Ok(());
            }
            while self.unread.len() < HEAD || self.unread.len() < HEAD + self.payload() {
                more(&mut self.unread)?;
            }
            let frame: Vec<u8> = self.unread.drain(..HEAD + self.payload()).collect();
            let (kind, flags) = (frame[3], frame[4]);
            let stream = u32::from_be_bytes([frame[5], frame[6], frame[7], frame[8]]);
            if kind == SETTINGS && flags & ACK == 0 {
                write(&Frame::settings(ACK).encode(0))?;
            }
            if kind == HEADERS {
                self.last = stream;
            }
            let ends = matches!(kind, HEADERS | DATA) && flags & END_STREAM != 0;
            if ends || (kind == HEADERS && until == Until::Headers) {
                return Ok(());
            }
        }
    }

    fn payload(&self) -> usize {
        let length = [0, self.unread[0], self.unread[1], self.unread[2]];
        usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX)
    }
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEAD: usize = 9;
