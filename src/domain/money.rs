//! Rupiah.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Whole rupiah. `Display` writes them as Indonesia does: `Rp1.234.567`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rupiah(pub i64);

impl fmt::Display for Rupiah {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}Rp{}", group_thousands(self.0.unsigned_abs()))
    }
}

impl std::iter::Sum for Rupiah {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        Self(iter.map(|r| r.0).sum())
    }
}

/// Writes a count with dots between thousands: `1.234.567`.
pub fn group_thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('.');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rupiah_are_written_with_dots() {
        for (amount, text) in [(0, "Rp0"), (999, "Rp999"), (1_234_567, "Rp1.234.567"), (-5000, "-Rp5.000")] {
            assert_eq!(Rupiah(amount).to_string(), text);
        }
    }
}
