//! Guards: a value that rows with too many different other values share is nobody's, and counts as missing.

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::keys::{KeyScratch, values_of};
use crate::engine::plan::Guard;
use crate::engine::rows::{Hide, Rows};

/// Hash of the guarded value of a row, as it was given.
pub(crate) fn value_of(rows: &Rows, guard: &Guard, slot: u32) -> Option<u64> {
    let cell = rows.given(slot, guard.field);
    if cell == 0 { None } else { rows.content(guard.field, cell) }
}

/// Whether rows that share a value have more different other values than the guard allows.
pub(crate) fn trips(rows: &Rows, guard: &Guard, sharing: &[u32]) -> bool {
    if sharing.len() <= guard.max {
        return false;
    }
    let (mut scratch, mut values) = (KeyScratch::default(), Vec::new());
    let mut distinct: FxHashSet<u64> = FxHashSet::default();
    for slot in sharing {
        values_of(rows, &guard.distinct_of, *slot, &mut scratch, &mut values);
        distinct.extend(&values);
        if distinct.len() > guard.max {
            return true;
        }
    }
    false
}

/// Applies all guards to rows that have none applied yet.
pub(crate) fn apply(rows: &mut Rows) {
    let plan = std::sync::Arc::clone(rows.plan());
    let mut hidden: Vec<(u32, usize)> = Vec::new();
    for (index, guard) in plan.guards().iter().enumerate() {
        let mut shared: Vec<(u64, u32)> =
            rows.slots().filter_map(|slot| value_of(rows, guard, slot).map(|value| (value, slot))).collect();
        shared.par_sort_unstable();
        let blocks: Vec<&[(u64, u32)]> = shared.chunk_by(|x, y| x.0 == y.0).collect();
        let tripped: Vec<Vec<u32>> = blocks
            .par_iter()
            .filter(|block| block.len() > guard.max)
            .map(|block| block.iter().map(|(_, slot)| *slot).collect::<Vec<u32>>())
            .filter(|slots| trips(rows, guard, slots))
            .collect();
        hidden.extend(tripped.into_iter().flatten().map(|slot| (slot, index)));
    }
    for (slot, index) in hidden {
        rows.hide(slot, plan.guards()[index].field, Hide::Yes);
    }
}
