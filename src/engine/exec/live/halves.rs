//! Edges, kept with each of their two rows.

use crate::engine::decide::MachineDecision;
use crate::engine::error::CheckpointError;
use crate::engine::flat::{Sink, Source, damaged, require};
use crate::engine::packed::lists::{EMPTY, Lists};
use crate::engine::score::Scored;

/// Half of an edge: the other row, and what was found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Half {
    pub(super) other: u32,
    pub(super) weight: f32,
    pub(super) decision: MachineDecision,
    pub(super) vetoes: u64,
}

/// Numbers of a packed half: the other row, the weight, the number of the judgement.
pub(super) const PACKED: usize = 3;

/// A decision of the machine with the vetoes that hold.
pub(super) type Ruling = (MachineDecision, u64);

/// The halves of all rows.
#[derive(Debug, Default)]
pub(super) struct Halves {
    /// Per slot its list.
    places: Vec<u32>,
    lists: Lists,
    /// The judgements there are: few, and most edges have the first ones.
    judgements: Vec<Ruling>,
}

impl Halves {
    /// Makes room for slots below `limit`.
    pub(super) fn reach(&mut self, limit: usize) {
        self.places.resize(limit, EMPTY);
    }

    /// The edges of a row, in the order in which they were found.
    pub(super) fn of(&self, slot: u32) -> impl Iterator<Item = Half> {
        let packed = self.lists.get(self.places[slot as usize]).as_chunks::<PACKED>().0;
        packed.iter().map(|[other, weight, judgement]| {
            let (decision, vetoes) = self.judgements[*judgement as usize];
            Half { other: *other, weight: f32::from_bits(*weight), decision, vetoes }
        })
    }

    /// Whether there is an edge between two rows.
    pub(super) fn joined(&self, a: u32, b: u32) -> bool {
        self.place_in(a, b).is_some()
    }

    /// Enters an edge.
    pub(super) fn connect(&mut self, scored: &Scored) {
        let judgement = (scored.decision, scored.vetoes);
        let known = self.judgements.iter().position(|known| *known == judgement);
        let number = known.unwrap_or_else(|| {
            self.judgements.push(judgement);
            self.judgements.len() - 1
        });
        for (slot, other) in [(scored.a, scored.b), (scored.b, scored.a)] {
            self.push(slot, [other, scored.weight.to_bits(), number as u32]);
        }
    }

    fn push(&mut self, slot: u32, half: [u32; PACKED]) {
        let place = &mut self.places[slot as usize];
        let end = self.lists.get(*place).len();
        *place = self.lists.insert(*place, end, &half);
    }

    /// Takes an edge out.
    pub(super) fn cut(&mut self, a: u32, b: u32) {
        self.remove(a, b);
        self.remove(b, a);
    }

    /// Takes all edges of a row out; the rows that they led to.
    pub(super) fn cut_all(&mut self, slot: u32) -> Vec<u32> {
        let others: Vec<u32> = self.of(slot).map(|half| half.other).collect();
        for other in &others {
            self.remove(*other, slot);
        }
        let place = &mut self.places[slot as usize];
        *place = self.lists.release(*place);
        others
    }

    fn remove(&mut self, slot: u32, other: u32) {
        if let Some(at) = self.place_in(slot, other) {
            let place = &mut self.places[slot as usize];
            *place = self.lists.remove(*place, at * PACKED, PACKED);
        }
    }

    fn place_in(&self, slot: u32, other: u32) -> Option<usize> {
        let packed = self.lists.get(self.places[slot as usize]).as_chunks::<PACKED>().0;
        packed.iter().position(|[known, ..]| *known == other)
    }
}

/// Decisions as a checkpoint has them.
const DECISIONS: [MachineDecision; 3] = [MachineDecision::Link, MachineDecision::Review, MachineDecision::Distinct];

impl Halves {
    pub(super) fn write(&self, sink: &mut Sink<'_>) -> Result<(), CheckpointError> {
        let lists = || self.places.iter().map(|place| self.lists.get(*place));
        sink.section("counts of edges", lists().map(|list| (list.len() / PACKED) as u32))?;
        sink.section("edges", lists().flatten().copied())?;
        let judgements = self.judgements.iter().map(|(decision, vetoes)| [*decision as u64, *vetoes]);
        sink.section("judgements", judgements.flatten())
    }

    /// Reads the edges of so many slots, which lead to such as `holds`.
    pub(super) fn read(
        source: &mut Source<'_>,
        slots: usize,
        holds: impl Fn(u32) -> bool,
    ) -> Result<Self, CheckpointError> {
        let counts: Vec<u32> = source.exactly("counts of edges", slots)?;
        let packed: Vec<u32> = source.section("edges")?;
        let judgements: Vec<u64> = source.section("judgements")?;
        let judgement =
            |[decision, vetoes]: &[u64; 2]| DECISIONS.get(*decision as usize).map(|found| (*found, *vetoes));
        let judgements: Option<Vec<Ruling>> = judgements.as_chunks().0.iter().map(judgement).collect();
        let judgements = judgements.ok_or_else(|| damaged("judgements"))?;
        let (edges, rest) = packed.as_chunks::<PACKED>();
        let fits = |[other, _, judgement]: &[u32; PACKED]| holds(*other) && (*judgement as usize) < judgements.len();
        require("edges", rest.is_empty() && edges.iter().all(fits))?;
        let (mut halves, mut left) = (Self { judgements, ..Self::default() }, packed.as_slice());
        for count in counts {
            let of_slot = left.split_at_checked(count as usize * PACKED);
            let (of_slot, others) = of_slot.ok_or_else(|| damaged("counts of edges"))?;
            halves.places.push(halves.lists.add(of_slot));
            left = others;
        }
        require("counts of edges", left.is_empty())?;
        Ok(halves)
    }
}
