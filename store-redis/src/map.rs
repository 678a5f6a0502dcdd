//! Which node has which hash slots, as far as is known.

use std::{mem, sync::Arc};

use crate::{access::Address, error::Failure, node::Node, slots::Layout};

/// The layout of a cluster, as a node has told it.
pub(crate) struct Map {
    /// How often it was renewed, or tried to be.
    pub(crate) number: u64,
    /// In the order of their slots.
    ranges: Vec<(u16, u16, Arc<Node>)>,
    replicas: Vec<Arc<Node>>,
    /// Those that were named for single commands. They may have no slot yet, and nobody tells of them.
    met: Vec<Arc<Node>>,
}

impl Map {
    pub(crate) fn new(
        layout: &Layout,
        node: impl Fn(&Address) -> Result<Arc<Node>, Failure>,
    ) -> Result<Self, Failure> {
        // Ranges of one primary share its connections.
        let mut nodes = Vec::<(&Address, Arc<Node>)>::new();
        let mut shared = |address| match nodes.iter().find(|(known, _)| *known == address) {
            Some((_, node)) => Ok(node.clone()),
            None => node(address).inspect(|node| nodes.push((address, node.clone()))),
        };
        let mut ranges = Vec::new();
        for range in &layout.ranges {
            ranges.push((range.first, range.last, shared(&range.primary)?));
        }
        // They are only asked, and may be left out.
        let replicas = layout.replicas.iter().filter_map(|replica| shared(replica).ok()).collect();
        Ok(Self { number: 0, ranges, replicas, met: Vec::new() })
    }

    /// Returns the primary of a slot.
    pub(crate) fn node(&self, slot: u16) -> Option<Arc<Node>> {
        let place = self.ranges.partition_point(|(_, last, _)| *last < slot);
        let (first, _, node) = self.ranges.get(place)?;
        (*first <= slot).then(|| node.clone())
    }

    pub(crate) fn primaries(&self) -> Vec<Arc<Node>> {
        let mut primaries = Vec::<Arc<Node>>::new();
        for (_, _, node) in &self.ranges {
            if !primaries.iter().any(|known| Arc::ptr_eq(known, node)) {
                primaries.push(node.clone());
            }
        }
        primaries
    }

    /// Returns all nodes, some of them more than once.
    pub(crate) fn nodes(&self) -> Vec<Arc<Node>> {
        let mut nodes = self.primaries();
        nodes.extend(self.replicas.iter().cloned());
        nodes
    }

    /// Returns the node at an address, and with it its connections.
    pub(crate) fn known(&self, address: &Address) -> Option<Arc<Node>> {
        let is_it = |node: &&Arc<Node>| node.address.as_ref() == Some(address);
        self.nodes().iter().chain(&self.met).find(is_it).cloned()
    }

    /// Keeps a node that was named for one command.
    pub(crate) fn meet(&mut self, node: &Arc<Node>) {
        if !self.nodes().iter().chain(&self.met).any(|known| Arc::ptr_eq(known, node)) {
            self.met.push(node.clone());
        }
    }

    /// Replaces the layout by what was told now; if nobody has told anything, it stays as it is.
    pub(crate) fn renew(&mut self, fresh: Option<Self>) {
        let number = self.number + 1;
        if let Some(fresh) = fresh {
            let met = mem::replace(self, fresh).met;
            for node in &met {
                self.meet(node);
            }
        }
        self.number = number;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{access::Access, slots::Range};

    fn layout(ranges: &[(u16, u16, u16)]) -> Layout {
        let at = |port| Address { host: "127.0.0.1".into(), port };
        let range = |(first, last, port): &(u16, u16, u16)| Range {
            first: *first,
            last: *last,
            primary: at(*port),
        };
        Layout { ranges: ranges.iter().map(range).collect(), replicas: vec![at(9)] }
    }

    fn map(ranges: &[(u16, u16, u16)]) -> Map {
        let access = Access::new("redis://127.0.0.1/0", None, false).unwrap();
        Map::new(&layout(ranges), |address| access.at(address).map(Arc::new)).unwrap()
    }

    fn port(map: &Map, slot: u16) -> Option<u16> {
        Some(map.node(slot)?.address.as_ref()?.port)
    }

    #[test]
    fn a_slot_leads_to_its_primary() {
        let map = map(&[(0, 99, 1), (100, 199, 2), (300, 400, 1)]);
        let found = [0, 99, 100, 199, 200, 300, 400, 401].map(|slot| port(&map, slot));
        let expected = [Some(1), Some(1), Some(2), Some(2), None, Some(1), Some(1), None];
        assert_eq!(found, expected);
        // One that has two ranges is one node.
        assert_eq!(map.primaries().len(), 2);
        assert_eq!(map.nodes().len(), 3);
    }

    #[test]
    fn a_node_that_was_named_keeps_its_connections() {
        let access = Access::new("redis://127.0.0.1/0", None, false).unwrap();
        let mut known = map(&[(0, 16383, 1)]);
        let at = |port| Address { host: "127.0.0.1".into(), port };
        let new = access.at(&at(5)).map(Arc::new).unwrap();
        known.meet(&new);
        known.renew(Some(map(&[(0, 16383, 1)])));
        assert!(Arc::ptr_eq(&new, &known.known(&at(5)).unwrap()));
        assert!(known.known(&at(9)).is_some() && known.known(&at(7)).is_none());
        // It is not asked for the layout.
        assert!(!known.nodes().iter().any(|node| Arc::ptr_eq(node, &new)));
    }

    #[test]
    fn what_is_told_anew_counts_and_silence_changes_nothing() {
        let mut known = map(&[(0, 199, 1)]);
        known.renew(None);
        assert_eq!((known.number, port(&known, 7)), (1, Some(1)));
        known.renew(Some(map(&[(0, 199, 2)])));
        assert_eq!((known.number, port(&known, 7)), (2, Some(2)));
    }
}
