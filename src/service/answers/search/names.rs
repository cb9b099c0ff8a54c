//! Persons whose names have all words that were typed, from the index of words.
//!
//! An entry holds all words of a person, so that to scan the entries of one word is enough. Which of the words is rare nobody
//! knows: the entries of all of them are scanned side by side, and the first to end has seen everybody.

use std::collections::{BTreeSet, HashSet};

use super::asked::Narrowing;
use crate::domain::record::PersonId;
use crate::normalise::found_by::{AskedWord, Fit};
use crate::service::error::ServiceError;
use crate::service::stored::names::{NameEntry, beginning, whole};
use crate::store::{Read, Row, Table, after, prefix_end};

/// Entries looked at in one search.
const MAX_LOOKED_AT: usize = 100_000;

/// Entries looked at for one word that nothing narrows, of which a frequent one has many more than anybody reads: about a
/// microsecond each.
const MAX_OF_ONE_WORD: usize = 15_000;

/// Entries that are read at once.
const PAGE: usize = 2_000;

/// What was found.
pub(super) struct FoundNames {
    /// The best, best first.
    pub(super) best: Vec<PersonId>,
    /// How many fit.
    pub(super) fitting: u64,
    /// All entries were looked at.
    pub(super) complete: bool,
}

/// How good somebody is: words that are only begun, how many words there are where there is more than what was typed, the
/// words.
type Rank = (usize, usize, String);

/// A search on its way.
pub(super) struct NameScan {
    words: Vec<AskedWord>,
    narrowing: Narrowing,
    /// Who was seen already.
    seen: HashSet<PersonId>,
    best: BTreeSet<(Rank, PersonId)>,
    room: usize,
    fitting: u64,
}

/// The entries of one word: what is left to read, the next at the end.
struct Lane(Vec<(Vec<u8>, Option<Vec<u8>>)>);

impl Lane {
    fn of(word: &AskedWord) -> Self {
        let mut starts: Vec<Vec<u8>> = word.beginnings().map(beginning).chain(word.wholes().map(whole)).collect();
        starts.sort_unstable();
        starts.dedup_by(|longer, shorter| longer.starts_with(shorter));
        Self(starts.into_iter().rev().map(|start| (start.clone(), prefix_end(&start))).collect())
    }

    async fn next(&mut self, reader: &dyn Read) -> Result<Vec<Row>, ServiceError> {
        let Some((from, to)) = self.0.pop() else { return Ok(Vec::new()) };
        let page = reader.scan(Table::Lookups, from, to.clone(), PAGE).await?;
        if let Some((last, _)) = page.last().filter(|_| page.len() == PAGE) {
            self.0.push((after(last), to));
        }
        Ok(page)
    }

    fn ended(&self) -> bool {
        self.0.is_empty()
    }
}

impl NameScan {
    /// A search for the best `room` persons other than those found already.
    pub(super) fn new(words: Vec<AskedWord>, narrowing: Narrowing, found: &BTreeSet<PersonId>, room: usize) -> Self {
        let seen = found.iter().copied().collect();
        Self { words, narrowing, seen, best: BTreeSet::new(), room, fitting: 0 }
    }

    /// Looks at the entries.
    pub(super) async fn run(mut self, reader: &dyn Read) -> Result<FoundNames, ServiceError> {
        let mut lanes: Vec<Lane> = self.words.iter().map(Lane::of).collect();
        let narrow = self.words.len() > 1 || !self.narrowing.is_none();
        let (most, mut looked_at) = (if narrow { MAX_LOOKED_AT } else { MAX_OF_ONE_WORD }, 0);
        while looked_at < most {
            for lane in &mut lanes {
                let page = lane.next(reader).await?;
                looked_at += page.len();
                // A page takes a while: it is looked through where nobody waits for the thread.
                let work = tokio::task::spawn_blocking(move || self.look_at(&page).map(|()| self));
                self = work.await.map_err(|_| ServiceError::NotReady)??;
                if lane.ended() {
                    return Ok(self.found(true));
                }
            }
        }
        Ok(self.found(false))
    }

    fn found(self, complete: bool) -> FoundNames {
        let best = self.best.into_iter().map(|(_, person)| person).collect();
        FoundNames { best, fitting: self.fitting, complete }
    }

    fn look_at(&mut self, page: &[Row]) -> Result<(), ServiceError> {
        for (key, value) in page {
            let entry = NameEntry::read(key, value);
            let entry = entry.ok_or_else(|| ServiceError::Corrupt { what: "word of a name".to_owned() })?;
            if !self.narrowing.fits(entry.facts) {
                continue;
            }
            let Some((begun, more)) = how_good(&self.words, &entry) else { continue };
            if !self.seen.insert(entry.person) {
                continue;
            }
            self.fitting += 1;
            let full = self.best.len() >= self.room;
            let worse =
                |((least_begun, least_more, _), _): &(Rank, PersonId)| (begun, more) > (*least_begun, *least_more);
            if !full || !self.best.last().is_none_or(worse) {
                let words = entry.words().collect::<BTreeSet<&str>>().into_iter().collect::<Vec<_>>().join(" ");
                self.best.insert(((begun, more, words), entry.person));
            }
            if self.best.len() > self.room {
                self.best.pop_last();
            }
        }
        Ok(())
    }
}

/// How many words that were typed are only begun, and how many words there are, none where they have just the letters that
/// were typed; `None` where a word is missing.
fn how_good(asked: &[AskedWord], entry: &NameEntry<'_>) -> Option<(usize, usize)> {
    let mut begun = 0;
    for word in asked {
        begun += usize::from(word.fit(&entry.words())? == Fit::Begun);
    }
    let (typed, there) =
        (asked.iter().map(AskedWord::letters).sum::<usize>(), entry.words().map(str::len).sum::<usize>());
    Some((begun, if typed == there { 0 } else { entry.words().count() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::person::NameWords;
    use crate::domain::record::RecordId;
    use crate::normalise::NameTables;
    use crate::normalise::found_by::asked_words;
    use crate::service::answers::views::SearchQuery;
    use crate::service::stored::names::{Facts, entries};

    /// The order in which people with these words are found, by what somebody typed.
    fn order(typed: &str, names: &[&str], room: usize) -> (Vec<u64>, u64) {
        let facts = Facts { born: None, place: None };
        let mut page: Vec<Row> = Vec::new();
        for (id, name) in names.iter().enumerate() {
            page.extend(entries(PersonId(RecordId(id as u64)), facts, &NameWords::of(name.split(' '))));
        }
        page.sort();
        let anybody = Narrowing::of(&SearchQuery::default()).expect("nothing is narrowed");
        let words = asked_words(typed, NameTables::embedded());
        let mut scan = NameScan::new(words, anybody, &BTreeSet::new(), room);
        scan.look_at(&page).expect("own bytes");
        let found = scan.found(true);
        (found.best.iter().map(|person| person.0.0).collect(), found.fitting)
    }

    #[test]
    fn whole_words_come_before_beginnings_and_each_person_once() {
        let names = ["SITI AMINA", "SITI", "AMINA SITIATI", "SITI SITIATI", "BUDI"];
        assert_eq!(order("siti", &names, 9), (vec![1, 0, 3, 2], 4));
        assert_eq!(order("amin sit", &names, 9), (vec![0, 2], 2));
        assert_eq!(order("siti", &names, 2), (vec![1, 0], 4), "the rest is counted");
        assert_eq!(order("tuti", &names, 9), (vec![], 0));
        assert_eq!(order("nur ayati", &["NURAYATI", "NUR", "AYATI NUR"], 9), (vec![2, 0], 2));
        assert_eq!(order("nur hayati", &["ANI NURAYATI", "NURAYATI"], 9), (vec![1, 0], 2));
        assert_eq!(order("nurhayati", &["NURAYATI", "NUR", "AYATI NUR"], 9), (vec![2, 0], 2));
        assert_eq!(order("siti", &["SITI", "SITI", "SITI"], 2), (vec![0, 1], 3), "equal names by their numbers");
    }
}
