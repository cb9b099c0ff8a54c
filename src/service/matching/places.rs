//! Where a record is counted: its region code as it is now, and whether that lies in a region asked for.
//!
//! A regency or district that was renumbered, and went on as one, is read under its new number: who asks for either
//! finds the same rows. One that was split keeps its old number.

use std::num::NonZeroU64;

use crate::domain::region::Regions;
use crate::domain::row::PersonCore;

/// A region code as a number: of a village where it is known, else of a sub-district.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::service) struct Place(NonZeroU64);

impl Place {
    /// The place of a row.
    pub(in crate::service) fn of(core: &PersonCore) -> Option<Self> {
        let read = |code: &Option<String>| Regions::embedded().read_code(code.as_deref()?)?.parse().ok();
        read(&core.kode_desa).or_else(|| read(&core.kode_kecamatan)).map(Self)
    }

    /// As a number.
    pub(super) fn number(self) -> u64 {
        self.0.get()
    }

    /// What [`Self::number`] gave; none is 0.
    pub(super) fn from_number(number: u64) -> Option<Self> {
        NonZeroU64::new(number).map(Self)
    }

    /// Whether it lies in a region, or is it.
    pub(in crate::service) fn lies_in(self, region: &str) -> bool {
        let digits = |number: u64| number.ilog10() + 1;
        let Ok(region) = present(region).parse::<NonZeroU64>() else { return region.is_empty() };
        let more = digits(self.0.get()).checked_sub(digits(region.get()));
        more.is_some_and(|more| self.0.get() / 10_u64.pow(more) == region.get())
    }

    /// The code.
    pub(in crate::service) fn code(self) -> String {
        self.0.to_string()
    }
}

/// The number that a region has now.
pub(in crate::service) fn present(code: &str) -> &str {
    Regions::embedded().current(code)
}

/// Whether a region code lies in a region asked for.
pub(in crate::service) fn lies_in(code: &str, region: &str) -> bool {
    present(code).starts_with(present(region))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_that_was_renumbered_is_read_under_its_new_number() {
        for (code, now) in [
            ("9101", "9301"),
            ("910101", "930101"),
            ("9101012001", "9301012001"),
            ("9301012001", "9301012001"),
            ("3201052008", "3201052008"),
            ("32", "32"),
            ("", ""),
            ("x", "x"),
            ("ñññññ", "ñññññ"),
        ] {
            assert_eq!(present(code), now, "{code}");
        }
    }

    #[test]
    fn a_place_lies_in_every_region_above_it() {
        let core = |desa: &str, kecamatan: &str| PersonCore {
            kode_desa: Some(desa.to_owned()).filter(|code| !code.is_empty()),
            kode_kecamatan: Some(kecamatan.to_owned()).filter(|code| !code.is_empty()),
            ..PersonCore::default()
        };
        for (desa, kecamatan, region, inside) in [
            ("3201052008", "", "32", true),
            ("32.01.05.2008", "", "3201052008", true),
            ("3201052008", "", "3201", true),
            ("3201052008", "", "320105", true),
            ("3201052008", "", "3201052008", true),
            ("3201052008", "", "3201052009", false),
            ("3201052008", "320106", "320106", false),
            ("", "320105", "320105", true),
            ("", "320105", "3201052008", false),
            ("9101012001", "", "93", true),
            ("9101012001", "", "9101", true),
            ("9301012001", "", "9101012001", true),
            ("9301012001", "", "91", false),
        ] {
            let place = Place::of(&core(desa, kecamatan)).expect("a place");
            assert_eq!(place.code().starts_with(present(region)), inside, "{desa} {kecamatan} in {region}");
            assert_eq!(place.lies_in(region), inside, "{desa} {kecamatan} in {region}");
        }
        assert_eq!(Place::of(&core("", "")), None);
    }
}
