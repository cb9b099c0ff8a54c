//! Clusters: of each row its cluster, of each cluster its records.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::engine::error::CheckpointError;
use crate::engine::flat::{Sink, Source, require};
use crate::engine::packed::lists::Lists;
use crate::engine::rows::Rows;

/// Marks a slot that belongs to no cluster yet.
pub(super) const NO_CLUSTER: u64 = u64::MAX;

/// The clusters of a live set. A cluster is named by its lowest record; one of a single record is not kept.
#[derive(Debug, Default)]
pub(super) struct Clusters {
    of_slot: Vec<u64>,
    /// Of each cluster of two and more records its list: records ascending, each as two numbers.
    places: FxHashMap<u64, u32>,
    lists: Lists,
    packed: Vec<u32>,
}

impl Clusters {
    /// From the cluster of each slot, and the records of all clusters of two and more.
    pub(super) fn new(of_slot: Vec<u64>, clusters: impl Iterator<Item = Vec<u64>>) -> Self {
        let mut formed = Self { of_slot, ..Self::default() };
        clusters.for_each(|members| formed.put(&members));
        formed
    }

    /// Makes room for slots below `limit`.
    pub(super) fn reach(&mut self, limit: usize) {
        self.of_slot.resize(limit, NO_CLUSTER);
    }

    /// The cluster of a row.
    pub(super) fn of(&self, slot: u32) -> u64 {
        self.of_slot[slot as usize]
    }

    /// Puts a row into a cluster; the one it was in.
    pub(super) fn set(&mut self, slot: u32, cluster: u64) -> u64 {
        std::mem::replace(&mut self.of_slot[slot as usize], cluster)
    }

    /// The records of a cluster, ascending.
    pub(super) fn members(&self, cluster: u64) -> Vec<u64> {
        self.places.get(&cluster).map_or_else(|| vec![cluster], |place| unpack(self.lists.get(*place)))
    }

    /// The records of each cluster of two and more, in no particular order.
    pub(super) fn all(&self) -> impl Iterator<Item = Vec<u64>> {
        self.places.values().map(|place| unpack(self.lists.get(*place)))
    }

    /// Names the records of a cluster, ascending.
    pub(super) fn put(&mut self, members: &[u64]) {
        let [first, _, ..] = members else { return };
        self.packed.clear();
        self.packed.extend(members.iter().flat_map(|id| [*id as u32, (id >> 32) as u32]));
        let place = self.lists.add(&self.packed);
        if let Some(former) = self.places.insert(*first, place) {
            self.lists.release(former);
        }
    }

    /// Dissolves a cluster; the records it had.
    pub(super) fn take(&mut self, cluster: u64) -> Vec<u64> {
        let members = self.members(cluster);
        if let Some(place) = self.places.remove(&cluster) {
            self.lists.release(place);
        }
        members
    }
}

fn unpack(packed: &[u32]) -> Vec<u64> {
    packed.as_chunks::<2>().0.iter().map(|[low, high]| u64::from(*high) << 32 | u64::from(*low)).collect()
}

impl Clusters {
    pub(super) fn write(&self, sink: &mut Sink<'_>) -> Result<(), CheckpointError> {
        sink.section("clusters", self.of_slot.iter().copied())
    }

    /// Reads the clusters of rows.
    pub(super) fn read(source: &mut Source<'_>, rows: &Rows) -> Result<Self, CheckpointError> {
        let of_slot: Vec<u64> = source.exactly("clusters", rows.slot_limit())?;
        let mut records: Vec<(u64, u64)> = rows.slots().map(|slot| (of_slot[slot as usize], rows.id(slot))).collect();
        records.par_sort_unstable();
        let clusters = || records.chunk_by(|a, b| a.0 == b.0);
        require("clusters", clusters().all(|cluster| cluster[0].0 == cluster[0].1))?;
        let of_two = clusters().filter(|cluster| cluster.len() > 1);
        let members = of_two.map(|cluster| cluster.iter().map(|(_, id)| *id).collect());
        Ok(Self::new(of_slot, members))
    }
}
