//! Levenshtein distance, bit-parallel (Myers 1999 in Hyyrö's form).

use super::prepared::Side;

/// The distance, if it is at most `cutoff`.
pub(super) fn distance(side: Side<'_>, other: &[u8], cutoff: usize) -> Option<usize> {
    let length = side.text.len();
    if length.abs_diff(other.len()) > cutoff {
        return None;
    }
    let last = length - 1;
    let (mut plus, mut minus, mut distance) = (u64::MAX, 0u64, length);
    // Each letter that is left can take one edit off.
    let mut most = cutoff.saturating_add(other.len());
    for letter in other {
        let equal = side.places(*letter);
        let diagonal = ((equal & plus).wrapping_add(plus) ^ plus) | equal | minus;
        let up = minus | !(diagonal | plus);
        let down = diagonal & plus;
        distance += (up >> last & 1) as usize;
        distance -= (down >> last & 1) as usize;
        let up = up << 1 | 1;
        plus = down << 1 | !(diagonal | up);
        minus = up & diagonal;
        most -= 1;
        if distance > most {
            return None;
        }
    }
    Some(distance).filter(|distance| *distance <= cutoff)
}
