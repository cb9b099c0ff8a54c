//! Connected components of links and human decisions.

use crate::engine::cluster::{Component, Judgements};
use crate::engine::decide::MachineDecision;
use crate::engine::rows::Rows;
use crate::engine::score::Scored;

/// The place of what is in no component.
const NOWHERE: u32 = u32::MAX;

/// Components of at least two rows, by their first record. All members stand in one list and all links in another, because
/// there are hundreds of thousands of components and most are two rows.
#[derive(Default)]
pub(super) struct Components {
    members: Vec<u32>,
    links: Vec<(u32, u32, f32)>,
    /// Where the members and the links of each component end.
    ends: Vec<(usize, usize)>,
    /// The component of each slot.
    place: Vec<u32>,
}

impl Components {
    /// Finds them; decisions count where both rows are there.
    pub(super) fn of(
        rows: &Rows,
        edges: &[Scored],
        decisions: &Judgements,
        slot_of: &impl Fn(u64) -> Option<u32>,
    ) -> Self {
        let links = || edges.iter().filter(|edge| edge.decision == MachineDecision::Link);
        let mut forest = Forest::new(rows.slot_limit());
        links().for_each(|edge| forest.join(edge.a, edge.b));
        for (a, b) in decisions.same() {
            if let (Some(a), Some(b)) = (slot_of(a), slot_of(b)) {
                forest.join(a, b);
            }
        }
        let mut slots: Vec<u32> = rows.slots().filter(|slot| forest.is_joined(*slot)).collect();
        // Slots that ascend with the record numbers are in order already.
        if rows.ascending().is_none() {
            slots.sort_unstable_by_key(|slot| rows.id(*slot));
        }
        let mut found = Self { place: vec![NOWHERE; rows.slot_limit()], ..Self::default() };
        let place = &mut found.place;
        // Where the next member of each component comes to stand.
        let mut next: Vec<usize> = Vec::new();
        found.members.resize(slots.len(), 0);
        let mut taken = 0;
        for slot in slots {
            let root = forest.root(slot);
            if place[root as usize] == NOWHERE {
                place[root as usize] = next.len() as u32;
                next.push(taken);
                taken += forest.size(root) as usize;
                found.ends.push((taken, 0));
            }
            let at = place[root as usize];
            place[slot as usize] = at;
            found.members[next[at as usize]] = slot;
            next[at as usize] += 1;
        }
        for edge in links() {
            found.ends[place[edge.a as usize] as usize].1 += 1;
        }
        let mut end = 0;
        for ((_, links), next) in found.ends.iter_mut().zip(&mut next) {
            *next = end;
            end += *links;
            *links = end;
        }
        found.links.resize(end, (0, 0, 0.0));
        for edge in links() {
            let next = &mut next[place[edge.a as usize] as usize];
            found.links[*next] = (edge.a, edge.b, edge.weight);
            *next += 1;
        }
        found
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// One of them, by number.
    pub(super) fn get(&self, at: usize) -> Component<'_> {
        let (members, links) = if at == 0 { (0, 0) } else { self.ends[at - 1] };
        let end = self.ends[at];
        Component { members: &self.members[members..end.0], links: &self.links[links..end.1] }
    }

    /// Whether a row is in one.
    pub(super) fn holds(&self, slot: u32) -> bool {
        self.place[slot as usize] != NOWHERE
    }
}

/// Disjoint sets with path halving, the larger set on top.
struct Forest {
    /// Per slot the one above it; on top the size of the set, marked with [`TOP`].
    above: Vec<u32>,
}

/// The mark of a slot that has none above it. Slots number less than 2 G.
const TOP: u32 = 1 << 31;

impl Forest {
    fn new(slots: usize) -> Self {
        Self { above: vec![TOP | 1; slots] }
    }

    fn root(&mut self, slot: u32) -> u32 {
        let mut at = slot;
        loop {
            let above = self.above[at as usize];
            if above & TOP != 0 {
                return at;
            }
            let further = self.above[above as usize];
            if further & TOP != 0 {
                return above;
            }
            self.above[at as usize] = further;
            at = further;
        }
    }

    /// How many slots are in the set of a root.
    fn size(&self, root: u32) -> u32 {
        self.above[root as usize] & !TOP
    }

    /// Whether a slot stands with another one.
    fn is_joined(&self, slot: u32) -> bool {
        self.above[slot as usize] != TOP | 1
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        if a != b {
            let (top, below) = if self.size(a) >= self.size(b) { (a, b) } else { (b, a) };
            self.above[top as usize] += self.size(below);
            self.above[below as usize] = top;
        }
    }
}
