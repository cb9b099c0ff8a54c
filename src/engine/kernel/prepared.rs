//! One text made ready for comparison with many.

use super::{WORD, damerau, jaro, levenshtein, osa};

/// A text, and for each letter the places where it has it. Preparing another text reuses the buffers.
///
/// Every measure answers `None` beyond its cut-off.
///
/// ```
/// use padan::engine::kernel::Prepared;
///
/// let mut martha = Prepared::default();
/// martha.prepare("MARTHA");
/// assert_eq!(martha.jaro_winkler("MARHTA", 0.9), Some(strsim::jaro_winkler("MARTHA", "MARHTA")));
/// assert_eq!(martha.jaro_winkler("AHMAD", 0.9), None);
/// assert_eq!(martha.osa("MARHTA", 1), Some(1));
/// assert_eq!(martha.levenshtein("MARHTA", 1), None);
/// ```
pub struct Prepared {
    text: String,
    /// Per ASCII letter one bit a place; all zero when the text is not `fast`.
    masks: Box<[u64; 128]>,
    /// The text has 1 to 64 letters, all of them ASCII.
    fast: bool,
    /// Only made when the distance that needs it is asked for.
    grid: Option<Box<damerau::Grid>>,
}

impl Default for Prepared {
    fn default() -> Self {
        Self { text: String::new(), masks: Box::new([0; 128]), fast: false, grid: None }
    }
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prepared").field("letters", &self.text.len()).finish_non_exhaustive()
    }
}

impl Prepared {
    /// Prepares a text. Costs next to nothing when it is prepared already.
    pub fn prepare(&mut self, text: &str) {
        if self.text == text {
            return;
        }
        if self.fast {
            for letter in self.text.as_bytes() {
                self.masks[usize::from(letter & 127)] = 0;
            }
        }
        self.text.clear();
        self.text.push_str(text);
        self.fast = !text.is_empty() && text.len() <= WORD && text.is_ascii();
        if self.fast {
            for (place, letter) in text.bytes().enumerate() {
                self.masks[usize::from(letter & 127)] |= 1 << place;
            }
        }
    }

    /// Prepares one of two texts, the one that is prepared already if there is one, and returns the other.
    pub fn prepare_either<'a>(&mut self, one: &'a str, two: &'a str) -> &'a str {
        if self.text == one {
            return two;
        }
        self.prepare(two);
        one
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Jaro-Winkler similarity, if it is at least `cutoff`.
    pub fn jaro_winkler(&self, other: &str, cutoff: f64) -> Option<f64> {
        if self.takes(other) {
            return jaro::similarity(self.side(), other.as_bytes(), cutoff);
        }
        Some(strsim::jaro_winkler(&self.text, other)).filter(|similarity| *similarity >= cutoff)
    }

    /// Levenshtein distance, if it is at most `cutoff`.
    pub fn levenshtein(&self, other: &str, cutoff: usize) -> Option<usize> {
        if self.fast && other.is_ascii() {
            return levenshtein::distance(self.side(), other.as_bytes(), cutoff);
        }
        Some(strsim::levenshtein(&self.text, other)).filter(|distance| *distance <= cutoff)
    }

    /// Optimal string alignment distance, if it is at most `cutoff`.
    pub fn osa(&self, other: &str, cutoff: usize) -> Option<usize> {
        if self.fast && other.is_ascii() {
            return osa::distance(self.side(), other.as_bytes(), cutoff);
        }
        Some(strsim::osa_distance(&self.text, other)).filter(|distance| *distance <= cutoff)
    }

    /// Damerau-Levenshtein distance, if it is at most `cutoff`.
    pub fn damerau(&mut self, other: &str, cutoff: usize) -> Option<usize> {
        let distance = if self.takes(other) {
            // An edit here is at most two of Levenshtein, whose loop is far faster.
            self.levenshtein(other, cutoff.saturating_mul(2))?;
            self.grid.get_or_insert_default().fill(self.text.as_bytes(), other.as_bytes())
        } else {
            strsim::damerau_levenshtein(&self.text, other)
        };
        Some(distance).filter(|distance| *distance <= cutoff)
    }

    /// Whether both texts are made for the loops of one word.
    fn takes(&self, other: &str) -> bool {
        self.fast && !other.is_empty() && other.len() <= WORD && other.is_ascii()
    }

    /// The prepared side of a fast loop.
    pub(super) fn side(&self) -> Side<'_> {
        Side { text: self.text.as_bytes(), masks: &self.masks }
    }

    /// The prepared side of a loop over several texts that are filled up with zeros, if it is made for that.
    pub(super) fn side_without_zeros(&self) -> Option<Side<'_>> {
        (self.fast && self.masks[0] == 0).then(|| self.side())
    }
}

/// A prepared text of 1 to 64 ASCII letters.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) text: &'a [u8],
    masks: &'a [u64; 128],
}

impl Side<'_> {
    /// The places where the text has a letter; that of the other text must be ASCII.
    #[inline]
    pub(super) fn places(&self, letter: u8) -> u64 {
        self.masks[usize::from(letter & 127)]
    }
}
