//! Records in the order they were added, found by their id.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize};

/// A record with an id of its own.
pub(crate) trait Record {
    fn id(&self) -> &Arc<str>;
}

/// An ordered list of records with an index, written as the list alone.
#[derive(Clone, Serialize, Deserialize)]
#[serde(from = "Vec<R>", into = "Vec<R>")]
#[serde(bound(
    serialize = "R: Record + Clone + Serialize",
    deserialize = "R: Record + Deserialize<'de>"
))]
pub(crate) struct Table<R> {
    records: Vec<R>,
    index: HashMap<Arc<str>, usize, RandomState>,
}

impl<R: Record> Table<R> {
    pub(crate) fn new() -> Self {
        Self { records: Vec::new(), index: HashMap::default() }
    }

    pub(crate) fn get(&self, id: &str) -> Option<&R> {
        self.records.get(*self.index.get(id)?)
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut R> {
        self.records.get_mut(*self.index.get(id)?)
    }

    /// Adds a record, or replaces the one with the same id.
    pub(crate) fn upsert(&mut self, record: R) {
        if let Some(known) = self.get_mut(record.id()) {
            *known = record;
            return;
        }
        self.index.insert(Arc::clone(record.id()), self.records.len());
        self.records.push(record);
    }

    pub(crate) fn first(&self) -> Option<&R> {
        self.records.first()
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, R> {
        self.records.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> std::slice::IterMut<'_, R> {
        self.records.iter_mut()
    }

    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }
}

impl<R: Record> From<Vec<R>> for Table<R> {
    fn from(records: Vec<R>) -> Self {
        let mut table = Self::new();
        for record in records {
            table.upsert(record);
        }
        table
    }
}

impl<R> From<Table<R>> for Vec<R> {
    fn from(table: Table<R>) -> Self {
        table.records
    }
}
