//! The hot loops of string comparison. Each is the same function as its twin in `strsim`, to the last bit.
//!
//! ASCII text of at most 64 letters, which is nearly all there is, runs through bit-parallel or fixed-size loops that
//! do not allocate. Anything else goes to the twin. Every kernel takes a cut-off and answers `None` beyond it.

mod damerau;
mod jaro;
mod levenshtein;
mod osa;
#[cfg(test)]
mod tests;

pub use self::damerau::damerau;
pub use self::jaro::jaro_winkler;
pub use self::levenshtein::levenshtein;
pub use self::osa::osa;

/// Longest text, in bytes, that the fast loops take.
const WORD: usize = 64;

/// An edit distance of two texts, if it is not above the cut-off.
pub type Distance = fn(a: &str, b: &str, cutoff: usize, scratch: &mut Scratch) -> Option<usize>;

/// Buffers that one worker reuses.
pub struct Scratch {
    masks: Masks,
    grid: Box<damerau::Grid>,
}

impl Default for Scratch {
    fn default() -> Self {
        Self { masks: Masks { bits: Box::new([0; 128]) }, grid: Box::default() }
    }
}

/// For each ASCII letter, the positions at which a text has it. All zero between calls.
struct Masks {
    bits: Box<[u64; 128]>,
}

impl Masks {
    fn with<R>(&mut self, text: &[u8], work: impl FnOnce(&[u64; 128]) -> R) -> R {
        for (position, letter) in text.iter().enumerate() {
            self.bits[usize::from(*letter & 127)] |= 1 << position;
        }
        let result = work(&self.bits);
        for letter in text {
            self.bits[usize::from(*letter & 127)] = 0;
        }
        result
    }
}

/// Shorter text first, when both can go through a fast loop.
fn ordered<'a>(a: &'a str, b: &'a str) -> Option<(&'a [u8], &'a [u8])> {
    if !a.is_ascii() || !b.is_ascii() {
        return None;
    }
    let (a, b) = (a.as_bytes(), b.as_bytes());
    Some(if a.len() <= b.len() { (a, b) } else { (b, a) }).filter(|(short, _)| short.len() <= WORD)
}
