//! Which feeds are closed for which region and period. A quarter stands for its months: it is closed when they are.

use rustc_hash::FxHashMap;

use crate::domain::batch::Completeness;
use crate::domain::date::Period;
use crate::domain::feed::Feed;
use crate::domain::region::Regions;

/// Lookup of closed feeds. A closed region closes everything inside it, unless a smaller region was opened again.
#[derive(Default)]
pub(in crate::complement) struct Closed<'a>(FxHashMap<(Feed, Period, &'a str), bool>);

impl<'a> Closed<'a> {
    /// Of two entries for the same region and period the later one counts.
    pub(in crate::complement) fn new(entries: &'a [Completeness]) -> Self {
        let regions = Regions::embedded();
        let keyed = entries.iter().flat_map(|entry| {
            let region = regions.current(&entry.kode_wilayah);
            entry.periode.months().into_iter().map(move |month| ((entry.feed, month, region), entry.lengkap))
        });
        Self(keyed.collect())
    }

    /// Whether a feed is closed for a place: the most exact region that has been spoken of decides.
    pub(in crate::complement) fn holds(&self, feed: Feed, period: Period, place: Option<&str>) -> bool {
        let Some(code) = place else { return false };
        let code = Regions::embedded().current(code);
        let closed = |month: Period| {
            let mut regions = [10, 6, 4, 2].into_iter().filter_map(|digits| code.get(..digits));
            regions.find_map(|region| self.0.get(&(feed, month, region)).copied()).unwrap_or(false)
        };
        period.months().into_iter().all(closed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_exact_region_decides() {
        let period: Period = "2025-T4".parse().expect("a period");
        let entry = |region: &str, lengkap| Completeness {
            feed: Feed::Rekening,
            kode_wilayah: region.to_owned(),
            periode: period,
            lengkap,
        };
        let entries = [entry("32", true), entry("320124", false), entry("3201242008", true), entry("320110", true)];
        let closed = Closed::new(&entries);
        for (place, expected) in [
            (Some("3273010001"), true),
            (Some("320124"), false),
            (Some("3201242012"), false),
            (Some("3201242008"), true),
            (Some("1801"), false),
            (None, false),
        ] {
            assert_eq!(closed.holds(Feed::Rekening, period, place), expected, "{place:?}");
        }
        let month: Period = "2025-11".parse().expect("a period");
        assert!(closed.holds(Feed::Rekening, month, Some("320110")), "a quarter closes its months");
        let before: Period = "2025-09".parse().expect("a period");
        assert!(!closed.holds(Feed::Rekening, before, Some("320110")), "another period");
        assert!(!closed.holds(Feed::Penyaluran, period, Some("320110")), "another feed");
        let months = ["2025-10", "2025-11", "2025-12"]
            .map(|month| Completeness { periode: month.parse().expect("a period"), ..entry("9101", true) });
        let of_months = |months: &[Completeness]| Closed::new(months).holds(Feed::Rekening, period, Some("930101"));
        assert!(of_months(&months), "its months close a quarter, and a retired code is its successor");
        assert!(!of_months(&months[1..]), "two months are no quarter");
        let reopened = [entry("320110", true), entry("320110", false)];
        assert!(!Closed::new(&reopened).holds(Feed::Rekening, period, Some("320110")), "the later entry counts");
        let renamed = [entry("910101", true)];
        assert!(
            Closed::new(&renamed).holds(Feed::Rekening, period, Some("9301012001")),
            "Merauke has another code now"
        );
    }
}
