//! The sub-districts a filter can be set to: those of every regency that is on the page.

use std::collections::BTreeSet;

use crate::domain::region::{RegionStatus, Regions};

/// What a filter by region offers.
#[derive(Debug, Clone, Default)]
pub(super) struct Places {
    /// The name of what was chosen; empty without a choice.
    pub(super) chosen: String,
    /// Code and name of each sub-district.
    pub(super) offered: Vec<(&'static str, &'static str)>,
}

/// The choice so far, and the sub-districts of the regencies that these codes (of any level) lie in.
pub(super) fn places<'a>(chosen: &str, codes: impl Iterator<Item = &'a str>) -> Places {
    let regions = Regions::embedded();
    let regencies: BTreeSet<&str> = codes.filter_map(|code| code.get(..4)).collect();
    let active = regencies.into_iter().flat_map(|code| regions.districts_of(code));
    let active = active.filter(|district| district.status() == RegionStatus::Active);
    Places {
        chosen: if chosen.is_empty() { String::new() } else { super::decoded::region_name(chosen) },
        offered: active.map(|district| (district.code, district.name)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_offers_the_sub_districts_of_the_regencies_on_the_page() {
        let found = places("320101", ["320120", "3201202003", ""].into_iter());
        assert_eq!((found.chosen.as_str(), found.offered.len()), ("Cibinong", 40));
        assert!(found.offered.contains(&("320119", "Jasinga")), "{:?}", found.offered);
        let none = places("", std::iter::empty());
        assert!(none.chosen.is_empty() && none.offered.is_empty());
    }
}
