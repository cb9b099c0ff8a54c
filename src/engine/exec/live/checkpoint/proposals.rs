//! Questions and refusals as numbers. There are few of them, so every reason takes as much as the largest.

use crate::engine::cluster::{Proposal, ProposalReason, Refusal, RefusalReason};

/// A reason: what it is, two numbers, and one more.
type Reason = [u64; 4];

/// Stands for the weight of a refusal that has none; no 32 bits of a weight say so.
const NO_WEIGHT: u64 = u64::MAX;

pub(super) fn flat_proposals<'a>(items: impl Iterator<Item = &'a Proposal>) -> impl Iterator<Item = u64> {
    items.flat_map(|item| {
        let Proposal { pair, weight, reasons, clusters } = item;
        let head = [pair.0, pair.1, bits(*weight), clusters.0, clusters.1, reasons.len() as u64];
        head.into_iter().chain(reasons.iter().flat_map(flat_reason))
    })
}

pub(super) fn proposals(numbers: Vec<u64>) -> Option<Vec<Proposal>> {
    let (mut numbers, mut items) = (numbers.into_iter(), Vec::new());
    while let Some(first) = numbers.next() {
        let mut next = || numbers.next();
        let pair = (first, next()?);
        let (weight, clusters, count) = (weight(next()?)?, (next()?, next()?), next()?);
        let mut reasons = Vec::new();
        for _ in 0..count {
            reasons.push(reason([next()?, next()?, next()?, next()?])?);
        }
        items.push(Proposal { pair, weight, reasons, clusters });
    }
    Some(items)
}

pub(super) fn flat_refusals<'a>(refusals: impl Iterator<Item = &'a Refusal>) -> impl Iterator<Item = u64> {
    refusals.flat_map(|refusal| {
        let Refusal { pair, weight, reason } = *refusal;
        [pair.0, pair.1, weight.map_or(NO_WEIGHT, bits)].into_iter().chain(flat_refusal_reason(reason))
    })
}

pub(super) fn refusals(numbers: &[u64]) -> Option<Vec<Refusal>> {
    let (refusals, rest) = numbers.as_chunks();
    let refusal = |[a, b, of_link, what, first, second, more]: &[u64; 7]| {
        let weight = if *of_link == NO_WEIGHT { None } else { Some(weight(*of_link)?) };
        let reason = refusal_reason([*what, *first, *second, *more])?;
        Some(Refusal { pair: (*a, *b), weight, reason })
    };
    let refusals = refusals.iter().map(refusal).collect();
    if rest.is_empty() { refusals } else { None }
}

fn flat_reason(reason: &ProposalReason) -> Reason {
    match *reason {
        ProposalReason::Refused(reason) => flat_refusal_reason(reason),
        ProposalReason::Band => [6, 0, 0, 0],
        ProposalReason::NoStrongIdentifier => [7, 0, 0, 0],
        ProposalReason::Unreadable => [8, 0, 0, 0],
        ProposalReason::Veto { vetoes } => [9, 0, 0, vetoes],
        ProposalReason::Bridge { by } => [10, by, 0, 0],
    }
}

fn reason(reason: Reason) -> Option<ProposalReason> {
    Some(match reason {
        [6, ..] => ProposalReason::Band,
        [7, ..] => ProposalReason::NoStrongIdentifier,
        [8, ..] => ProposalReason::Unreadable,
        [9, _, _, vetoes] => ProposalReason::Veto { vetoes },
        [10, by, ..] => ProposalReason::Bridge { by },
        other => ProposalReason::Refused(refusal_reason(other)?),
    })
}

fn flat_refusal_reason(reason: RefusalReason) -> Reason {
    match reason {
        RefusalReason::HumanSeparated { pair: (a, b) } => [0, a, b, 0],
        RefusalReason::TooLarge { size } => [1, 0, 0, size as u64],
        RefusalReason::Veto { pair: (a, b), vetoes } => [2, a, b, vetoes],
        RefusalReason::Contradiction { pair: (a, b), weight } => [3, a, b, bits(weight)],
        RefusalReason::WeakOnAverage { mean } => [4, 0, 0, bits(mean)],
        RefusalReason::Tie { apart: (a, b) } => [5, a, b, 0],
    }
}

fn refusal_reason(reason: Reason) -> Option<RefusalReason> {
    Some(match reason {
        [0, a, b, _] => RefusalReason::HumanSeparated { pair: (a, b) },
        [1, _, _, size] => RefusalReason::TooLarge { size: size as usize },
        [2, a, b, vetoes] => RefusalReason::Veto { pair: (a, b), vetoes },
        [3, a, b, of_pair] => RefusalReason::Contradiction { pair: (a, b), weight: weight(of_pair)? },
        [4, _, _, mean] => RefusalReason::WeakOnAverage { mean: weight(mean)? },
        [5, a, b, _] => RefusalReason::Tie { apart: (a, b) },
        _ => return None,
    })
}

fn bits(weight: f32) -> u64 {
    u64::from(weight.to_bits())
}

fn weight(bits: u64) -> Option<f32> {
    u32::try_from(bits).ok().map(f32::from_bits)
}
