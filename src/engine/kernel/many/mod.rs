//! One prepared text and many others, sixteen at a time.
//!
//! Sixteen texts are compared in step, each in its own word of the machine's widest registers. It pays where the same
//! text meets many and all their answers are wanted; with a sharp cut-off the loops for one pair may stop earlier.
//! Texts of more than 32 letters, texts that are not ASCII, and machines without such registers go through the loops
//! for one pair; the answers are the same.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(not(target_arch = "x86_64"))]
mod none;

#[cfg(target_arch = "x86_64")]
use self::avx2::{Group, LANES, LETTERS, Wide};
#[cfg(not(target_arch = "x86_64"))]
use self::none::{Group, LANES, LETTERS, Wide};
use super::prepared::Prepared;

/// Fewer texts than this are faster compared one by one.
const FEW: usize = 6;

/// Whether two neighbours that are swapped are one edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Swaps {
    /// They are: OSA.
    Count,
    /// They are two: Levenshtein.
    AreEdits,
}

impl Prepared {
    /// [`Prepared::jaro_winkler`] of each of the other texts, in their order.
    ///
    /// ```
    /// use padan::engine::kernel::Prepared;
    ///
    /// let (mut martha, mut found) = (Prepared::default(), Vec::new());
    /// martha.prepare("MARTHA");
    /// martha.jaro_winkler_many(["MARTHA", "AHMAD"], 0.9, &mut found);
    /// assert_eq!(found, [Some(1.0), None]);
    /// ```
    pub fn jaro_winkler_many<'t>(
        &self,
        others: impl IntoIterator<Item = &'t str>,
        cutoff: f64,
        found: &mut Vec<Option<f64>>,
    ) {
        let similarity = |similarity: f64| Some(similarity).filter(|similarity| *similarity >= cutoff);
        let alone = |other: &str| self.jaro_winkler(other, cutoff);
        let many = |wide: &Wide<'_>, group: &Group| wide.similarities(group);
        self.in_groups(others, found, alone, many, similarity);
    }

    /// [`Prepared::levenshtein`] of each of the other texts, in their order.
    pub fn levenshtein_many<'t>(
        &self,
        others: impl IntoIterator<Item = &'t str>,
        cutoff: usize,
        found: &mut Vec<Option<usize>>,
    ) {
        let alone = |other: &str| self.levenshtein(other, cutoff);
        let many = |wide: &Wide<'_>, group: &Group| wide.distances(group, Swaps::AreEdits);
        self.in_groups(others, found, alone, many, |distance| near(distance, cutoff));
    }

    /// [`Prepared::osa`] of each of the other texts, in their order.
    pub fn osa_many<'t>(
        &self,
        others: impl IntoIterator<Item = &'t str>,
        cutoff: usize,
        found: &mut Vec<Option<usize>>,
    ) {
        let alone = |other: &str| self.osa(other, cutoff);
        let many = |wide: &Wide<'_>, group: &Group| wide.distances(group, Swaps::Count);
        self.in_groups(others, found, alone, many, |distance| near(distance, cutoff));
    }

    /// Sorts texts into groups of short ones and of longer ones; those that belong to neither are compared alone.
    #[inline]
    fn in_groups<'t, N: Copy, R: Copy>(
        &self,
        others: impl IntoIterator<Item = &'t str>,
        found: &mut Vec<Option<R>>,
        alone: impl Fn(&str) -> Option<R>,
        many: impl Fn(&Wide<'_>, &Group) -> [N; LANES],
        result: impl Fn(N) -> Option<R>,
    ) {
        found.clear();
        let others = others.into_iter();
        let wide = Some(others.size_hint().0).filter(|count| *count >= FEW).and_then(|_| self.side_without_zeros());
        let Some(wide) = wide.and_then(Wide::new) else {
            found.extend(others.map(alone));
            return;
        };
        let mut groups = [Group::default(), Group::default()];
        let compare = |group: &mut Group, found: &mut [Option<R>]| {
            let numbers = many(&wide, group);
            for (place, number) in group.empty().iter().zip(numbers) {
                found[*place] = result(number);
            }
        };
        for (place, other) in others.enumerate() {
            found.push(None);
            let group = &mut groups[usize::from(other.len() > LETTERS / 2)];
            if !group.take(place, other) {
                found[place] = alone(other);
            } else if group.is_full() {
                compare(group, found);
            }
        }
        for group in &mut groups {
            compare(group, found);
        }
    }
}

/// A distance, if it is at most the cut-off.
fn near(distance: u32, cutoff: usize) -> Option<usize> {
    Some(distance as usize).filter(|distance| *distance <= cutoff)
}
