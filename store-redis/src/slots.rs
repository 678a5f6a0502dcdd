//! Hash slots: which one a key is in, and what the cluster says of who has which.

use redis::{Arg, Cmd, Value};

use crate::access::Address;

/// Who has which slots, by the answer to `CLUSTER SLOTS`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) ranges: Vec<Range>,
    pub(crate) replicas: Vec<Address>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) first: u16,
    pub(crate) last: u16,
    pub(crate) primary: Address,
}

/// Returns the slot of a command's first key: no command has keys in two slots.
pub(crate) fn of_command(command: &Cmd) -> u16 {
    let mut words = command.args_iter();
    // `EVAL SCRIPT NUMBER KEY`, and others as `HGET KEY`.
    let key = match words.next() {
        Some(Arg::Simple(b"EVAL")) => words.nth(2),
        _ => words.next(),
    };
    match key {
        Some(Arg::Simple(key)) => of_key(key),
        _ => 0,
    }
}

/// Only what stands in the first pair of braces counts, if there is something in it.
fn of_key(key: &[u8]) -> u16 {
    let tag = key.iter().position(|byte| *byte == b'{').and_then(|open| {
        let tag = &key[open + 1..];
        let close = tag.iter().position(|byte| *byte == b'}')?;
        (close > 0).then(|| &tag[..close])
    });
    crc16::State::<crc16::XMODEM>::calculate(tag.unwrap_or(key)) % COUNT
}

impl Layout {
    /// Reads the answer to `CLUSTER SLOTS` of a server that was asked at this host; `None` if it is of another form.
    pub(crate) fn read(answer: &Value, asked: &str) -> Option<Self> {
        let Value::Array(rows) = answer else { return None };
        let (mut ranges, mut replicas) = (Vec::new(), Vec::new());
        for row in rows {
            let Value::Array(row) = row else { return None };
            let [Value::Int(first), Value::Int(last), nodes @ ..] = &**row else { return None };
            let mut nodes = nodes.iter().map(|node| address(node, asked));
            let (first, last) = (u16::try_from(*first).ok()?, u16::try_from(*last).ok()?);
            if let Some(Some(primary)) = nodes.next() {
                ranges.push(Range { first, last, primary });
            }
            replicas.extend(nodes.flatten());
        }
        ranges.sort_by_key(|range| range.first);
        Some(Self { ranges, replicas })
    }
}

/// Returns the address of a node; `None` if nobody knows it.
fn address(node: &Value, asked: &str) -> Option<Address> {
    let Value::Array(node) = node else { return None };
    let [host, Value::Int(port), ..] = &**node else { return None };
    let host = match host {
        // It has no other name than the one by which it was asked.
        Value::Nil => "",
        Value::BulkString(host) => std::str::from_utf8(host).ok()?,
        Value::SimpleString(host) => host,
        _ => return None,
    };
    let host = match host {
        "" => asked,
        "?" => return None,
        host => host,
    };
    Some(Address { host: host.to_owned(), port: u16::try_from(*port).ok()? })
}

const COUNT: u16 = 16384;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{names::Names, scripts};

    #[test]
    fn slots_are_those_of_the_specification() {
        // The check value of Redis' specification, and slots that a server has told.
        assert_eq!(of_key(b"123456789"), 0x31c3);
        for (key, slot) in [("foo", 12182), ("a{foo}b", 12182), ("{foo}{bar}", 12182)] {
            assert_eq!(of_key(key.as_bytes()), slot, "{key}");
        }
        assert_ne!(of_key(b"{}foo"), of_key(b"foo"));
        assert_eq!(of_key(b"foo{{bar}}zap"), of_key(b"{bar"));
    }

    #[test]
    fn commands_are_routed_by_their_key() {
        let names = Names::new("slack-auth").unwrap();
        let entry = names.entry("foo");
        let put = scripts::PUT.on([&*entry]);
        let mut read = redis::cmd("HGET");
        read.arg(&entry).arg("version");
        assert_eq!((of_command(&put), of_command(&read)), (12182, 12182));
        let add = scripts::ADD.on(names.all_indexes());
        assert_eq!(of_command(&add), of_key(b"slack-auth"));
    }

    fn node(host: Value, port: i64) -> Value {
        Value::Array(vec![host, Value::Int(port), Value::BulkString(b"id".to_vec())])
    }

    #[test]
    fn what_the_cluster_says_is_read() {
        let host = |host: &str| Value::BulkString(host.as_bytes().to_vec());
        let row = |first, last, nodes: Vec<Value>| {
            Value::Array([vec![Value::Int(first), Value::Int(last)], nodes].concat())
        };
        let answer = Value::Array(vec![
            row(6000, 16383, vec![node(host(""), 7), node(host("10.0.0.3"), 9)]),
            row(0, 100, vec![node(Value::Nil, 8)]),
            row(101, 5999, vec![node(host("?"), 8)]),
        ]);
        let layout = Layout::read(&answer, "asked").unwrap();
        let at = |host: &str, port| Address { host: host.to_owned(), port };
        let ranges = vec![
            Range { first: 0, last: 100, primary: at("asked", 8) },
            Range { first: 6000, last: 16383, primary: at("asked", 7) },
        ];
        assert_eq!(layout, Layout { ranges, replicas: vec![at("10.0.0.3", 9)] });
        for bad in [Value::Nil, Value::Array(vec![Value::Int(1)]), row(1, 70000, Vec::new())] {
            assert_eq!(Layout::read(&Value::Array(vec![bad]), "asked"), None);
        }
    }
}
