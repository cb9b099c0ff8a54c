//! One prepared text and many others, eight at a time.
//!
//! Eight texts are compared in step, each in its own lane of 16 or 32 bits, so that the compiler can put the lanes into
//! the machine's wide registers. It pays where the same text meets many and all their answers are wanted; with a sharp
//! cut-off the loops for one pair may stop earlier. Texts of more than 32 letters and texts that are not ASCII go
//! through the loops for one pair; the answers are the same.

mod edit;
mod jaro;
mod lane;

use self::edit::Swaps;
use self::lane::{Eight, LANES, Lane};
use super::prepared::{Prepared, Side};

impl Prepared {
    /// [`Prepared::jaro_winkler`] of each of the other texts, in their order.
    ///
    /// ```
    /// use padan::engine::kernel::Prepared;
    ///
    /// let (mut martha, mut found) = (Prepared::default(), Vec::new());
    /// martha.prepare("MARTHA");
    /// martha.jaro_winkler_many(&["MARTHA", "AHMAD"], 0.9, &mut found);
    /// assert_eq!(found, [Some(1.0), None]);
    /// ```
    pub fn jaro_winkler_many(&self, others: &[&str], cutoff: f64, found: &mut Vec<Option<f64>>) {
        let similarity = |similarity: f64| Some(similarity).filter(|similarity| *similarity >= cutoff);
        found.clear();
        found.extend(others.iter().map(|_| None));
        self.in_eights(
            others,
            |side, eight| jaro::similarities::<u16, 16>(side, eight).map(similarity),
            |side, eight| jaro::similarities::<u32, 32>(side, eight).map(similarity),
            |other| self.jaro_winkler(other, cutoff),
            found,
        );
    }

    /// [`Prepared::levenshtein`] of each of the other texts, in their order.
    pub fn levenshtein_many(&self, others: &[&str], cutoff: usize, found: &mut Vec<Option<usize>>) {
        self.distances(others, Swaps::AreEdits, cutoff, found, |other| self.levenshtein(other, cutoff));
    }

    /// [`Prepared::osa`] of each of the other texts, in their order.
    pub fn osa_many(&self, others: &[&str], cutoff: usize, found: &mut Vec<Option<usize>>) {
        self.distances(others, Swaps::Count, cutoff, found, |other| self.osa(other, cutoff));
    }

    #[inline]
    fn distances(
        &self,
        others: &[&str],
        swaps: Swaps,
        cutoff: usize,
        found: &mut Vec<Option<usize>>,
        alone: impl Fn(&str) -> Option<usize>,
    ) {
        let near = |distance: usize| Some(distance).filter(|distance| *distance <= cutoff);
        found.clear();
        found.extend(others.iter().map(|_| None));
        self.in_eights(
            others,
            |side, eight| edit::distances::<u16, 16>(side, eight, swaps).map(near),
            |side, eight| edit::distances::<u32, 32>(side, eight, swaps).map(near),
            alone,
            found,
        );
    }

    /// Sorts texts into groups of eight short ones and of eight longer ones; the others are compared alone.
    #[inline]
    fn in_eights<R: Copy>(
        &self,
        others: &[&str],
        short: impl Fn(Side<'_>, &Eight<16>) -> [R; LANES],
        long: impl Fn(Side<'_>, &Eight<32>) -> [R; LANES],
        alone: impl Fn(&str) -> R,
        found: &mut [R],
    ) {
        let lanes = self.side_without_zeros().filter(|side| side.text.len() <= 32);
        let Some(side) = lanes else {
            found.iter_mut().zip(others).for_each(|(found, other)| *found = alone(other));
            return;
        };
        let (mut shorts, mut longs) = (Eight::default(), Eight::default());
        for (place, other) in others.iter().enumerate() {
            match other.len().max(side.text.len()) {
                0..=32 if other.is_empty() || !other.is_ascii() => found[place] = alone(other),
                0..=16 => {
                    if shorts.push(place, other.as_bytes()) {
                        shorts.hand_out(short(side, &shorts), found);
                    }
                }
                17..=32 => {
                    if longs.push(place, other.as_bytes()) {
                        longs.hand_out(long(side, &longs), found);
                    }
                }
                _ => found[place] = alone(other),
            }
        }
        if shorts.count > 0 {
            shorts.hand_out(short(side, &shorts), found);
        }
        if longs.count > 0 {
            longs.hand_out(long(side, &longs), found);
        }
    }
}
