//! Where a record is counted: its region code as it is now, and whether that lies in a region asked for.
//!
//! A regency or district that was renumbered, and went on as one, is read under its new number: who asks for either
//! finds the same rows. One that was split keeps its old number.

use std::num::NonZeroU64;

use rustc_hash::FxHashSet;

use crate::domain::region::Regions;
use crate::domain::row::PersonCore;

/// A region code as a number: of a village where it is known, else of a sub-district.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::service) struct Place(NonZeroU64);

impl Place {
    /// The place of a row.
    pub(in crate::service) fn of(core: &PersonCore) -> Option<Self> {
        Self::read(core.kode_desa.as_deref(), core.kode_kecamatan.as_deref())
    }

    /// The place of these codes of a village and a sub-district.
    pub(in crate::service) fn read(desa: Option<&str>, kecamatan: Option<&str>) -> Option<Self> {
        let read = |code: Option<&str>| Regions::embedded().read_code(code?)?.parse().ok();
        read(desa).or_else(|| read(kecamatan)).map(Self)
    }

    /// The code as a number.
    pub(in crate::service) fn number(self) -> u64 {
        self.0.get()
    }

    /// What [`Self::number`] gave; none is 0.
    pub(super) fn from_number(number: u64) -> Option<Self> {
        NonZeroU64::new(number).map(Self)
    }

    /// The code.
    pub(in crate::service) fn code(self) -> String {
        self.0.to_string()
    }
}

/// A region as a number, to be held against many places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::service) struct Area {
    code: u64,
    digits: u32,
}

impl Area {
    /// The region of a code of any level; `None` where it is no code.
    pub(in crate::service) fn of(code: &str) -> Option<Self> {
        let code = present(code);
        let digits = u32::try_from(code.len()).ok().filter(|digits| (1..=10).contains(digits))?;
        code.parse().ok().map(|code| Self { code, digits })
    }

    /// Whether the place with this number lies in it.
    pub(in crate::service) fn holds(self, place: u64) -> bool {
        let below = place.checked_ilog10().and_then(|last| (last + 1).checked_sub(self.digits));
        below.is_some_and(|below| place / 10_u64.pow(below) == self.code)
    }
}

/// Regions, of which a place may lie in any: however many they are, that takes one look for each level.
#[derive(Debug)]
pub(super) struct Areas(FxHashSet<u64>);

/// Digits of the codes of provinces, regencies, sub-districts and villages.
const LEVELS: [u32; 4] = [2, 4, 6, 10];

impl Areas {
    /// The regions of these codes; what is no code holds no place.
    pub(super) fn of<'a>(codes: impl IntoIterator<Item = &'a str>) -> Self {
        Self(codes.into_iter().filter_map(Area::of).map(|area| area.code).collect())
    }

    /// Whether a place lies in one of them.
    pub(super) fn hold(&self, place: Place) -> bool {
        let digits = place.number().ilog10() + 1;
        let above = LEVELS.into_iter().filter_map(|level| digits.checked_sub(level));
        above.map(|below| place.number() / 10_u64.pow(below)).any(|code| self.0.contains(&code))
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
            let among_others = Areas::of(["11", "760101", region, ""]);
            assert_eq!(among_others.hold(place), inside, "{desa} {kecamatan} in {region}");
            let area = Area::of(region).expect("a region");
            assert_eq!(area.holds(place.number()), inside, "{desa} {kecamatan} in {region}");
        }
        assert_eq!(Place::of(&core("", "")), None);
        for no_code in ["", "x", "32010520081"] {
            assert_eq!(Area::of(no_code), None, "{no_code}");
        }
    }
}
