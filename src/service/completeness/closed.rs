//! What is closed, from what agencies have said.
//!
//! Each agency speaks of its own rows. Its last word that covers a place and a month decides: a region covers what lies in
//! it, a quarter its months. A quarter is closed when its months are. A feed is closed for a place when every agency that
//! is to send it there has closed it; where nobody is to send it, nothing can be said.

use std::collections::{BTreeSet, HashMap};

use super::expected::{Senders, present_region};
use crate::domain::agency::AgencyId;
use crate::domain::batch::{Completeness, Declaration};
use crate::domain::date::{Period, Timestamp};
use crate::domain::feed::Feed;

/// All declarations, ready to be asked.
#[derive(Default)]
pub(in crate::service) struct Words {
    /// By feed and agency. Early programs did not note the agency.
    said: HashMap<(Feed, Option<AgencyId>), Said>,
}

/// What one agency said of one feed.
#[derive(Default)]
pub(in crate::service) struct Said(HashMap<String, Vec<Word>>);

/// One word: about a period in a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Word {
    period: Period,
    closed: bool,
    at: Option<Timestamp>,
}

impl Said {
    /// Adds a word; of two about the same region and period the later one counts.
    fn add(&mut self, item: &Declaration) {
        let region = present_region(&item.kode_wilayah).unwrap_or_else(|| item.kode_wilayah.clone());
        let words = self.0.entry(region).or_default();
        let word = Word { period: item.periode, closed: item.lengkap, at: item.at };
        match words.iter_mut().find(|known| known.period == word.period) {
            Some(known) if known.at <= word.at => *known = word,
            Some(_) => {}
            None => words.push(word),
        }
    }

    /// The word that decides about a place and a month: the last that covers them, of several at one time the most exact.
    fn word(&self, place: &str, month: Period) -> Option<Word> {
        let covering = |digits: usize| {
            let words = place.get(..digits).and_then(|region| self.0.get(region));
            words.into_iter().flatten().filter(|word| word.period.covers(month)).map(move |word| (digits, *word))
        };
        let exactness = |(digits, word): &(usize, Word)| (word.at, *digits, word.period == month);
        [2, 4, 6, 10].into_iter().flat_map(covering).max_by_key(exactness).map(|(_, word)| word)
    }

    /// Whether everything that is said of a place and a period is one thing: closed, or not; inside it, too.
    pub(in crate::service) fn is(&self, closed: bool, place: &str, period: Period) -> bool {
        let of = |place: &str, month: Period| self.word(place, month).is_some_and(|word| word.closed) == closed;
        let months = period.months();
        let inside = self.0.iter().filter(|(region, _)| region.starts_with(place));
        months.iter().all(|month| of(place, *month))
            && inside.into_iter().all(|(region, words)| {
                let spoken_of = |month: &&Period| words.iter().any(|word| word.period.covers(**month));
                months.iter().filter(spoken_of).all(|month| of(region, *month))
            })
    }
}

impl Words {
    pub(in crate::service) fn new(declared: &[Declaration]) -> Self {
        let mut words = Self::default();
        for item in declared {
            words.said.entry((item.feed, item.agency.clone())).or_default().add(item);
        }
        words
    }

    /// What an agency said of a feed.
    pub(in crate::service) fn of(&self, feed: Feed, agency: &AgencyId) -> Option<&Said> {
        self.said.get(&(feed, Some(agency.clone())))
    }

    /// The agencies that are to send a feed for a place and have not closed the period there.
    pub(in crate::service) fn awaited(
        &self,
        senders: Senders<'_>,
        feed: Feed,
        period: Period,
        place: &str,
    ) -> Vec<AgencyId> {
        let mut agencies = senders.at(feed, place);
        let alone = agencies.len() == 1;
        agencies.retain(|agency| !period.months().iter().all(|month| self.closed(feed, agency, alone, place, *month)));
        agencies
    }

    /// A word without an agency, from an early program, is that of the one agency that sends the feed; where several do,
    /// nobody can tell whose it was, and each has to say it again.
    fn closed(&self, feed: Feed, agency: &AgencyId, alone: bool, place: &str, month: Period) -> bool {
        let own = self.of(feed, agency).and_then(|said| said.word(place, month));
        let early = || self.said.get(&(feed, None)).filter(|_| alone).and_then(|said| said.word(place, month));
        own.or_else(early).is_some_and(|word| word.closed)
    }

    /// The same for all agencies together, for the months of a period: for every region that somebody spoke of, and every
    /// one where others are to send. The most exact of them decides about a place.
    pub(in crate::service) fn together(&self, senders: Senders<'_>, period: Period) -> Vec<Completeness> {
        let mut entries = Vec::new();
        for feed in Feed::ALL {
            let of_feed = self.said.iter().filter(|((named, _), _)| *named == feed);
            let mut regions: BTreeSet<&str> = of_feed.flat_map(|(_, said)| said.0.keys()).map(String::as_str).collect();
            regions.extend(senders.regions(feed));
            for region in regions {
                let to_send = !senders.at(feed, region).is_empty();
                entries.extend(period.months().into_iter().map(|month| Completeness {
                    feed,
                    kode_wilayah: region.to_owned(),
                    periode: month,
                    lengkap: to_send && self.awaited(senders, feed, month, region).is_empty(),
                }));
            }
        }
        entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{Client, Directory, Right, token_hash};
    use crate::domain::agency::AgencyKind;

    const FEED: Feed = Feed::Rekening;

    fn agency(name: &str) -> AgencyId {
        AgencyId::new(name).expect("a good name")
    }

    fn banks(names: &[&str]) -> Directory {
        let client = |name: &&str| Client {
            name: (*name).to_owned(),
            token_sha256: token_hash(name),
            rights: vec![Right::Push],
            agency: Some(agency(name)),
            kind: Some(AgencyKind::Bank),
            regions: Vec::new(),
            purpose: None,
        };
        Directory::new(&names.iter().map(client).collect::<Vec<_>>()).expect("good clients")
    }

    /// `x 3201 2025-T4 +` closes, `-` opens; `?` is an early program that did not say who. Each is a minute later.
    fn declared(text: &str) -> Vec<Declaration> {
        let line = |(nth, line): (i64, &str)| {
            let parts: Vec<&str> = line.split_whitespace().collect();
            let early = parts[0] == "?";
            let at = Timestamp::from_second(60 * nth).expect("a time");
            Declaration {
                agency: (!early).then(|| agency(parts[0])),
                feed: FEED,
                kode_wilayah: parts[1].to_owned(),
                periode: parts[2].parse().expect("a period"),
                lengkap: parts[3] == "+",
                at: (!early).then_some(at),
                by: None,
                closed_at: None,
                before: None,
            }
        };
        (0..).zip(text.split(',').filter(|line| !line.trim().is_empty())).map(line).collect()
    }

    #[test]
    fn every_agency_closes_its_own() {
        // Who may push the feed; what was said, in this order; place and period; who is awaited.
        type Case = (&'static [&'static str], &'static str, &'static str, &'static str, &'static [&'static str]);
        let cases: &[Case] = &[
            (&["x", "y"], "x 3201 2025-T4 +", "320105", "2025-T4", &["y"]),
            (&["x", "y"], "x 3201 2025-T4 +, y 3201 2025-T4 -", "320105", "2025-T4", &["y"]),
            (&["x", "y"], "x 3201 2025-T4 +, y 32 2025-T4 +", "320105", "2025-T4", &[]),
            (&["x", "y"], "x 3201 2025-T4 +, y 3271 2025-T4 +", "320105", "2025-T4", &["y"]),
            (&["x"], "", "320105", "2025-T4", &["x"]),
            (&["x"], "x 3201 2025-T4 +, x 3201 2025-T4 -", "320105", "2025-T4", &["x"]),
            (&["x"], "x 3201 2025-T4 +, x 3201 2025-T4 -, x 3201 2025-T4 +", "320105", "2025-T4", &[]),
            // Regions cover, and the last word counts.
            (&["x"], "x 3201 2025-T4 +", "3201052008", "2025-T4", &[]),
            (&["x"], "x 320105 2025-T4 +", "320106", "2025-T4", &["x"]),
            (&["x"], "x 320105 2025-T4 +", "3201", "2025-T4", &["x"]),
            (&["x"], "x 3201 2025-T4 +, x 320105 2025-T4 -", "320105", "2025-T4", &["x"]),
            (&["x"], "x 3201 2025-T4 +, x 320105 2025-T4 -", "320106", "2025-T4", &[]),
            (&["x"], "x 320105 2025-T4 -, x 3201 2025-T4 +", "320105", "2025-T4", &[]),
            // Periods cover.
            (&["x"], "x 3201 2025-T4 +", "320105", "2025-11", &[]),
            (&["x"], "x 3201 2025-T4 +", "320105", "2025-09", &["x"]),
            (&["x"], "x 3201 2025-10 +, x 3201 2025-11 +", "320105", "2025-T4", &["x"]),
            (&["x"], "x 3201 2025-10 +, x 3201 2025-11 +, x 32 2025-12 +", "320105", "2025-T4", &[]),
            (&["x"], "x 3201 2025-T4 +, x 3201 2025-11 -", "320105", "2025-T4", &["x"]),
            (&["x"], "x 3201 2025-T4 +, x 3201 2025-11 -", "320105", "2025-10", &[]),
            (&["x"], "x 3201 2025-11 -, x 3201 2025-T4 +", "320105", "2025-11", &[]),
            // A retired code is the one that took its place.
            (&["x"], "x 9101 2025-T4 +", "930101", "2025-T4", &[]),
            // Early programs did not say who.
            (&["x"], "? 3201 2025-T4 +", "320105", "2025-T4", &[]),
            (&["x"], "? 3201 2025-T4 +, x 3201 2025-T4 -", "320105", "2025-T4", &["x"]),
            (&["x", "y"], "? 3201 2025-T4 +", "320105", "2025-T4", &["x", "y"]),
        ];
        for (names, text, place, period, awaited) in cases {
            let clients = banks(names);
            let senders = Senders { expected: &[], clients: &clients };
            let words = Words::new(&declared(text));
            let period: Period = period.parse().expect("a period");
            let wanted: Vec<AgencyId> = awaited.iter().map(|name| agency(name)).collect();
            assert_eq!(words.awaited(senders, FEED, period, place), wanted, "{names:?} {text} at {place}");
            // All together say the same, where the most exact region that is named decides.
            let together = words.together(senders, Period::quarter_of(period.start()));
            let decides = |month: &Period| {
                let of_month = together.iter().filter(|entry| entry.feed == FEED && entry.periode == *month);
                let covering = of_month.filter(|entry| place.starts_with(&entry.kode_wilayah));
                covering.max_by_key(|entry| entry.kode_wilayah.len()).is_some_and(|entry| entry.lengkap)
            };
            assert_eq!(period.months().iter().all(decides), awaited.is_empty(), "{names:?} {text} at {place}");
        }
    }

    #[test]
    fn where_nobody_is_to_send_nothing_is_closed() {
        let clients = banks(&[]);
        let senders = Senders { expected: &[], clients: &clients };
        let together =
            Words::new(&declared("x 3201 2025-T4 +")).together(senders, "2025-T4".parse().expect("a period"));
        assert!(!together.is_empty() && together.iter().all(|entry| !entry.lengkap));
    }

    #[test]
    fn what_changes_is_told_from_what_does_not() {
        for (text, region, period, closed, same) in [
            ("", "3201", "2025-T4", false, true),
            ("", "3201", "2025-T4", true, false),
            ("x 3201 2025-T4 +", "3201", "2025-T4", true, true),
            ("x 3201 2025-T4 +", "320105", "2025-11", true, true),
            ("x 3201 2025-T4 +", "32", "2025-T4", true, false),
            ("x 3201 2025-T4 +, x 320105 2025-11 -", "3201", "2025-T4", true, false),
            ("x 3201 2025-T4 +, x 320105 2025-11 -", "3201", "2025-10", true, true),
            ("x 320105 2025-T4 +", "3201", "2025-T4", false, false),
        ] {
            let words = Words::new(&declared(text));
            let none = Said::default();
            let said = words.of(FEED, &agency("x")).unwrap_or(&none);
            assert_eq!(said.is(closed, region, period.parse().expect("a period")), same, "{text}: {region} {period}");
        }
    }
}
