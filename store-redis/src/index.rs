//! Finding entries by the indexes.
//!
//! An index has a member for each version of an entry: it is added before the entry is written, and taken out after the
//! next version was. So every entry is in the indexes, and what is in them besides is passed over: members of versions
//! that are no longer stored, or not yet.

use std::{sync::Arc, time::Duration};

use slack_store::{Cursor, Item, Page, Query, Unreadable};

use crate::{
    error::Failure,
    millis,
    names::{ALL, ATTENTION, DUE, parse_member},
    scripts,
    server::Server,
};

/// A member that was found, and when it is due by the server's clock in milliseconds.
struct Found {
    member: Vec<u8>,
    due_at: u64,
}

/// What was found in one flight.
struct Chunk {
    found: Vec<Found>,
    now: u64,
}

/// Where the next flight begins: behind this member, or behind this key.
#[derive(Clone)]
struct Place {
    due_at: u64,
    behind: Vec<u8>,
}

pub(crate) async fn find(
    server: &Arc<Server>,
    query: &Query,
    after: Option<&Cursor>,
    limit: usize,
) -> Result<Page, Failure> {
    let mut place = after.map(|after| Place {
        due_at: after.position,
        // Behind every version of the key.
        behind: [after.key.as_str().as_bytes(), b"\x01"].concat(),
    });
    let (mut listed, mut stale) = (Vec::new(), Vec::new());
    let mut size = CHUNK.min(limit.saturating_add(2));
    // One more than was asked for tells whether another page follows.
    while listed.len() <= limit {
        let chunk = read(server, query, place.as_ref(), size).await?;
        let is_last = chunk.found.len() < size;
        let fresh: Vec<Found> = chunk
            .found
            .into_iter()
            .filter(|found| place.as_ref().is_none_or(|place| place.is_before(found)))
            .collect();
        match fresh.last() {
            Some(last) => {
                place = Some(Place { due_at: last.due_at, behind: last.member.clone() });
            }
            // More of them are due in one millisecond than were asked for.
            None => size = size.saturating_mul(2),
        }
        for (found, is_stored) in check(server, fresh).await? {
            match parse_member(&found.member) {
                Some(_) if !is_stored => stale.push(found.member),
                Some((key, _)) => {
                    let due_in = Duration::from_millis(found.due_at.saturating_sub(chunk.now));
                    listed.push((Item::from_row(key, Some(due_in)), found.due_at));
                }
                None => listed.push((Err(foreign(&found.member)), found.due_at)),
            }
        }
        if is_last {
            break;
        }
    }
    if !stale.is_empty() {
        let mut note = scripts::NOTE_STALE.on(server.names.all_indexes());
        note.arg(STALE_FOR.as_secs()).arg(stale);
        server.send_later(vec![note]);
    }
    Ok(Page::collect(listed, limit))
}

impl Place {
    fn is_before(&self, found: &Found) -> bool {
        (self.due_at, &*self.behind) < (found.due_at, &*found.member)
    }
}

async fn read(
    server: &Arc<Server>,
    query: &Query,
    place: Option<&Place>,
    size: usize,
) -> Result<Chunk, Failure> {
    let index = |which: usize| [&*server.names.indexes[which]];
    let (which, prefix) = match query {
        Query::Keys { prefix } => (ALL, prefix.as_bytes()),
        Query::Attention => (ATTENTION, &b""[..]),
        Query::DueWithin(length) => {
            let mut due = scripts::FIND_DUE.on(index(DUE));
            due.arg(place.map_or("-inf".to_owned(), |place| place.due_at.to_string()));
            due.arg(millis(*length)).arg(size);
            let (now, found): (u64, Vec<(Vec<u8>, f64)>) = server.send(vec![due]).await?;
            let found = found.into_iter();
            let found = found.map(|(member, due_at)| Found { member, due_at: whole(due_at) });
            return Ok(Chunk { found: found.collect(), now });
        }
    };
    let mut find = scripts::FIND.on(index(which));
    match place {
        Some(place) if place.behind.as_slice() >= prefix => {
            find.arg([b"(", &*place.behind].concat())
        }
        _ => find.arg([b"[", prefix].concat()),
    };
    // No key has a character as high as the last of ASCII.
    find.arg([b"[", prefix, b"\x7f"].concat()).arg(size);
    let found: Vec<Vec<u8>> = server.send(vec![find]).await?;
    let found = found.into_iter().map(|member| Found { member, due_at: 0 }).collect();
    Ok(Chunk { found, now: 0 })
}

/// Says of each member whether the version that it stands for is stored.
async fn check(server: &Arc<Server>, found: Vec<Found>) -> Result<Vec<(Found, bool)>, Failure> {
    let keys: Vec<_> = found
        .iter()
        .filter_map(|found| parse_member(&found.member))
        .map(|(key, _)| server.names.entry(key))
        .collect();
    if keys.is_empty() {
        return Ok(found.into_iter().map(|found| (found, false)).collect());
    }
    let mut versions = server.versions(&keys).await?.into_iter();
    let check = |found: Found| {
        let is_stored = parse_member(&found.member).is_some_and(|(_, version)| {
            versions.next().flatten().as_deref().and_then(|stored| stored.parse().ok())
                == Some(version.as_i64())
        });
        (found, is_stored)
    };
    Ok(found.into_iter().map(check).collect())
}

fn foreign(member: &[u8]) -> Unreadable {
    let name = String::from_utf8_lossy(member);
    match Item::from_row(&name, None) {
        Err(unreadable) => unreadable,
        // It looks like a key, and is not what the store writes.
        Ok(_) => Unreadable::new(
            &name,
            slack_store::StoreError::new(
                slack_store::StoreErrorKind::Foreign,
                "an index holds something that the store has not written; remove it",
            ),
        ),
    }
}

/// A time in milliseconds, which a double holds as it is.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
fn whole(due_at: f64) -> u64 {
    due_at as u64
}

/// How many members are read in one flight.
const CHUNK: usize = 512;

/// How long a member must have been stale before it is taken out: far longer than any write takes.
const STALE_FOR: Duration = Duration::from_secs(3600);
