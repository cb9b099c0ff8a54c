//! Connected components of links and human decisions.

use crate::engine::cluster::{Component, Decisions};
use crate::engine::decide::Decision;
use crate::engine::rows::Rows;
use crate::engine::score::Scored;

/// The place of what is in no component.
const NOWHERE: u32 = u32::MAX;

/// Components of at least two rows, by their first record; decisions count where both rows are there.
pub(super) fn components(
    rows: &Rows,
    edges: &[Scored],
    decisions: &Decisions,
    slot_of: &impl Fn(u64) -> Option<u32>,
) -> Vec<Component> {
    let mut forest = Forest::new(rows.slot_limit());
    for edge in edges.iter().filter(|edge| edge.decision == Decision::Link) {
        forest.join(edge.a, edge.b);
    }
    for (a, b) in decisions.same() {
        if let (Some(a), Some(b)) = (slot_of(a), slot_of(b)) {
            forest.join(a, b);
        }
    }
    let mut place = vec![NOWHERE; rows.slot_limit()];
    let mut components: Vec<Component> = Vec::new();
    for slot in rows.slots() {
        let root = forest.root(slot);
        if forest.size[root as usize] > 1 {
            let at = &mut place[root as usize];
            if *at == NOWHERE {
                *at = components.len() as u32;
                components.push(Component::default());
            }
            components[*at as usize].members.push(slot);
        }
    }
    for edge in edges.iter().filter(|edge| edge.decision == Decision::Link) {
        let at = place[forest.root(edge.a) as usize];
        components[at as usize].links.push((edge.a, edge.b, edge.weight));
    }
    // Slots that ascend with the record numbers are in order already.
    if rows.ascending().is_none() {
        for component in &mut components {
            component.members.sort_unstable_by_key(|slot| rows.id(*slot));
        }
        components.sort_unstable_by_key(|component| rows.id(component.members[0]));
    }
    components
}

/// Disjoint sets with path halving, the larger set on top.
struct Forest {
    parent: Vec<u32>,
    size: Vec<u32>,
}

impl Forest {
    fn new(slots: usize) -> Self {
        Self { parent: (0..slots as u32).collect(), size: vec![1; slots] }
    }

    fn root(&mut self, slot: u32) -> u32 {
        let mut at = slot;
        while self.parent[at as usize] != at {
            let above = self.parent[self.parent[at as usize] as usize];
            self.parent[at as usize] = above;
            at = above;
        }
        at
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        if a != b {
            let (top, below) = if self.size[a as usize] >= self.size[b as usize] { (a, b) } else { (b, a) };
            self.parent[below as usize] = top;
            self.size[top as usize] += self.size[below as usize];
        }
    }
}
