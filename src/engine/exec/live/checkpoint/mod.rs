//! A live set as bytes: written in bulk, and read back without blocking or scoring anything.
//!
//! The bytes hold for one form and one plan; whoever keeps them must know which rows and decisions they stand for, and that
//! values were made comparable as they are now. They hold values about people: they belong where rows may lie.

mod proposals;

use std::io::{Read, Write};
use std::sync::Arc;

use super::super::copies::Copies;
use super::clusters::Clusters;
use super::halves::Halves;
use super::index::FlatIndex;
use super::slots::Slots;
use super::{Buffers, Live, Resting};
use crate::engine::cluster::{Judgement, Judgements};
use crate::engine::error::CheckpointError;
use crate::engine::flat::{Sink, Source, damaged, require};
use crate::engine::packed::postings::Flat;
use crate::engine::plan::Plan;
use crate::engine::rows::Rows;

/// How a checkpoint begins.
const BEGINNING: [u8; 8] = *b"PadanSet";
/// How one begins of a set whose postings rest elsewhere.
const BEGINNING_RESTING: [u8; 8] = *b"PadanSeW";
/// The form of what follows. Another one gets another number.
const FORM: u32 = 1;

/// Judgements as a checkpoint has them.
const JUDGEMENTS: [Judgement; 2] = [Judgement::Same, Judgement::Different];

impl Live {
    /// Writes the whole set. [`Self::read_from`] gives a set that answers, and goes on, as this one does.
    ///
    /// Costs a walk over all of it and a buffer of a few hundred kilobytes. Numbers are written in large pieces, so that
    /// `out` need not be buffered.
    pub fn write_to(&self, out: &mut impl Write) -> Result<(), CheckpointError> {
        let mut sink = Sink::new(out);
        sink.raw(beginning(self.rests()))?;
        sink.raw(&FORM.to_le_bytes())?;
        sink.section("plan", [self.plan().digest()])?;
        self.rows.write(&mut sink)?;
        write_decisions(&self.decisions, &mut sink)?;
        self.copies.write(&mut sink)?;
        self.halves.write(&mut sink)?;
        self.clusters.write(&mut sink)?;
        self.index.write(&mut sink)?;
        sink.section("questions", proposals::flat_proposals(self.review.values()))?;
        sink.section("refusals", proposals::flat_refusals(self.refusals.values()))
    }

    /// Reads a set that [`Self::write_to`] wrote under an equal plan. Refuses bytes that are cut off or changed.
    pub fn read_from(plan: Arc<Plan>, input: &mut impl Read) -> Result<Self, CheckpointError> {
        Self::read(plan, &mut Source::new(input), None)
    }

    /// The same of a set whose postings rest elsewhere, and are not among the bytes.
    pub fn read_resting(plan: Arc<Plan>, input: &mut impl Read, resting: Resting) -> Result<Self, CheckpointError> {
        Self::read(plan, &mut Source::new(input), Some(resting))
    }

    pub(super) fn read(
        plan: Arc<Plan>,
        source: &mut Source<'_>,
        resting: Option<Resting>,
    ) -> Result<Self, CheckpointError> {
        begin(&plan, source, resting.is_some())?;
        let mut rows = Rows::read(plan, source)?;
        let decisions = read_decisions(source)?;
        let copies = Copies::read(source, &rows)?;
        let halves = Halves::read(source, rows.slot_limit(), |slot| rows.holds(slot))?;
        let clusters = Clusters::read(source, &rows)?;
        let contents = if resting.is_none() { Some(Flat::read(source)?) } else { None };
        let index = FlatIndex::read(rows.plan(), source, resting.is_none())?;
        let (review, refusals): (_, Vec<u64>) = (source.section("questions")?, source.section("refusals")?);
        let review = proposals::proposals(review).ok_or_else(|| damaged("questions"))?;
        let refusals = proposals::refusals(&refusals).ok_or_else(|| damaged("refusals"))?;
        let (index, slot_of) = rayon::join(|| index.restore(&rows, contents, resting), || Slots::of(&rows));
        let slot_of = slot_of.map_err(|_| damaged("record numbers"))?;
        rows.find_again();
        Ok(Self {
            slot_of,
            decisions,
            index: index?,
            copies,
            halves,
            clusters,
            review_back: review.iter().map(|item| (item.pair.1, item.pair.0)).collect(),
            review: review.into_iter().map(|item| (item.pair, item)).collect(),
            refusals: refusals.into_iter().map(|refusal| (refusal.pair, refusal)).collect(),
            buffers: Buffers::default(),
            half_changed: false,
            prepared: false,
            rows,
        })
    }
}

fn beginning(rests: bool) -> &'static [u8; 8] {
    if rests { &BEGINNING_RESTING } else { &BEGINNING }
}

/// Reads how a checkpoint begins, and refuses it unless it is one of this form and plan.
fn begin(plan: &Plan, source: &mut Source<'_>, rests: bool) -> Result<(), CheckpointError> {
    let found: [u8; 8] = source.raw("beginning")?;
    if found != *beginning(rests) {
        return Err(CheckpointError::Foreign);
    }
    let form = u32::from_le_bytes(source.raw("beginning")?);
    if form != FORM {
        return Err(CheckpointError::Form { found: form, known: FORM });
    }
    let digest: Vec<u64> = source.exactly("plan", 1)?;
    if digest[0] != plan.digest() {
        return Err(CheckpointError::Model { name: plan.name().to_owned(), version: plan.version().to_owned() });
    }
    Ok(())
}

fn write_decisions(decisions: &Judgements, sink: &mut Sink<'_>) -> Result<(), CheckpointError> {
    let all = decisions.all();
    sink.section("decided pairs", all.iter().flat_map(|(a, b, _)| [*a, *b]))?;
    sink.section("verdicts", all.iter().map(|(_, _, judgement)| *judgement as u8))
}

fn read_decisions(source: &mut Source<'_>) -> Result<Judgements, CheckpointError> {
    let pairs: Vec<u64> = source.section("decided pairs")?;
    let (pairs, rest) = pairs.as_chunks::<2>();
    require("decided pairs", rest.is_empty())?;
    let judgements: Vec<u8> = source.exactly("verdicts", pairs.len())?;
    let mut decisions = Judgements::default();
    for ([a, b], judgement) in pairs.iter().zip(judgements) {
        let judgement = JUDGEMENTS.get(usize::from(judgement)).ok_or_else(|| damaged("verdicts"))?;
        decisions.decide(*a, *b, *judgement);
    }
    Ok(decisions)
}
