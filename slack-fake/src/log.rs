//! Which requests were seen, without anything secret.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use http::{Method, Response, StatusCode};

/// One request that the fake answered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SeenCall {
    /// The method, for instance `auth.test`, or a page's path without the leading slash.
    ///
    /// `unknown_method` and `unknown_page` stand for all that the fake does not know.
    pub name: &'static str,
    /// GET or POST; of others none is kept.
    pub verb: Option<Method>,
    /// The time of the request, in Unix seconds.
    pub at: u64,
    /// The status of the answer, whether it was delivered or not.
    pub status: StatusCode,
}

#[derive(Clone, Default)]
pub(crate) struct Log {
    counts: BTreeMap<&'static str, usize>,
    latest: VecDeque<SeenCall>,
}

impl Log {
    pub(crate) fn note(
        &mut self,
        name: &'static str,
        verb: &Method,
        response: &Response<Vec<u8>>,
        at: u64,
    ) {
        *self.counts.entry(name).or_default() += 1;
        if self.latest.len() == KEPT {
            self.latest.pop_front();
        }
        let verb = [Method::GET, Method::POST].into_iter().find(|known| known == verb);
        self.latest.push_back(SeenCall { name, verb, at, status: response.status() });
    }

    pub(crate) fn count(&self, name: &str) -> usize {
        self.counts.get(name).copied().unwrap_or_default()
    }

    pub(crate) fn latest(&self) -> impl Iterator<Item = &SeenCall> {
        self.latest.iter()
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(&self.counts).finish()
    }
}

/// How many calls are kept with their time and status.
const KEPT: usize = 10_000;
