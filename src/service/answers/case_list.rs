//! Lists of cases: one for each state and order, filtered, a page at a time.

use super::view::View;
use super::views::{CaseFilter, CaseOrder};
use crate::domain::case::{Case, CaseState};
use crate::service::error::ServiceError;
use crate::service::matching::places::present;
use crate::service::stored::codec::decode;
use crate::service::stored::lookups::{Facets, Lookup, case_in};
use crate::service::stored::reading::{Pages, get_many};
use crate::store::{Row, Table, prefix_end};

/// Where the id of a case begins in the key of a list: behind the letter and eight bytes of order.
const ID_AT: usize = 9;

/// One page of a list.
pub(super) struct CaseList {
    /// The cases.
    pub(super) cases: Vec<Case>,
    /// The last of them; the next page begins behind it. `None` at the end.
    pub(super) last: Option<Cursor>,
    /// How many there are in all.
    pub(super) total: u64,
}

/// The key of the last case of a page: the next one begins behind it, wherever that case stands by then.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cursor(Vec<u8>);

impl Cursor {
    /// As text, for those who ask for the next page.
    pub(super) fn text(&self) -> String {
        hex::encode(&self.0)
    }

    /// Reads what [`Self::text`] wrote of this list.
    pub(super) fn parse(text: &str, list: Lookup) -> Option<Self> {
        let key = hex::decode(text).ok()?;
        let id = case_in(&key, ID_AT).filter(|id| !id.is_empty() && id.len() < 64)?;
        let fits = key.first() == list.prefix().first() && id.is_ascii();
        fits.then_some(Self(key))
    }
}

impl View {
    /// The cases that a filter lets through, at most `limit` of them, from behind a place.
    pub(super) async fn case_list(
        &self,
        filter: &CaseFilter,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<CaseList, ServiceError> {
        let prefix = filter.list().prefix();
        let end = prefix_end(&prefix);
        // Only a list that is not filtered has a length that is known without looking at all of it.
        let known = if filter.is_empty() { Some(self.length_of(filter.state).await?) } else { None };
        let from = match (known, after) {
            (Some(_), Some(after)) => crate::store::after(&after.0),
            _ => prefix,
        };
        let (mut keys, mut total) = (Vec::new(), 0);
        let mut pages = Pages::between(self.reader(), Table::Lookups, from, end);
        while let Some(page) = pages.next().await? {
            let filter = filter.clone();
            // A list may be long: it is looked through where nobody waits for the thread.
            let work = tokio::task::spawn_blocking(move || fitting(page, &filter));
            let page = work.await.map_err(|_| ServiceError::NotReady)??;
            total += page.len() as u64;
            let behind = page.into_iter().filter(|key| after.is_none_or(|after| *key > after.0));
            keys.extend(behind.take(limit + 1 - keys.len()));
            if known.is_some() && keys.len() > limit {
                break;
            }
        }
        let more = keys.len() > limit;
        keys.truncate(limit);
        let last = keys.last().filter(|_| more).cloned().map(Cursor);
        Ok(CaseList { cases: self.cases_at(&keys).await?, last, total: known.unwrap_or(total) })
    }

    async fn length_of(&self, state: CaseState) -> Result<u64, ServiceError> {
        let counts = self.counts().await?;
        Ok(match state {
            CaseState::Baru => counts.open_cases,
            CaseState::Istirahat => counts.resting_cases,
            CaseState::Selesai => counts.decided_cases,
        })
    }

    async fn cases_at(&self, keys: &[Vec<u8>]) -> Result<Vec<Case>, ServiceError> {
        let ids = keys.iter().filter_map(|key| key.get(ID_AT..)).map(<[u8]>::to_vec).collect();
        let found = get_many(self.reader(), Table::Cases, ids).await?;
        found.into_iter().flatten().map(|bytes| decode(&bytes, "case")).collect()
    }
}

impl CaseFilter {
    /// The list that has these cases in this order.
    pub(super) fn list(&self) -> Lookup {
        match (self.state, self.order) {
            (CaseState::Baru, CaseOrder::Heaviest) => Lookup::OpenCase,
            (CaseState::Baru, CaseOrder::Oldest) => Lookup::OldestCase,
            (CaseState::Istirahat, _) => Lookup::RestingCase,
            (CaseState::Selesai, _) => Lookup::DecidedCase,
        }
    }

    /// Whether it lets everything through.
    fn is_empty(&self) -> bool {
        self.question.is_none() && self.reason.is_none() && self.kode_wilayah.is_none()
    }
}

/// The keys of the entries that a filter lets through.
fn fitting(page: Vec<Row>, filter: &CaseFilter) -> Result<Vec<Vec<u8>>, ServiceError> {
    let region = filter.kode_wilayah.as_deref().map(present);
    let fits = |facets: &Facets| {
        filter.question.is_none_or(|question| facets.question == question)
            && filter.reason.as_ref().is_none_or(|reason| facets.reasons.contains(reason))
            && region.is_none_or(|region| facets.places.iter().any(|place| place.starts_with(region)))
    };
    let mut keys = Vec::with_capacity(page.len());
    for (key, bytes) in page {
        if filter.is_empty() || fits(&decode(&bytes, "case in a list")?) {
            keys.push(key);
        }
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::stored::lookups::Place;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        for weight in [8.25, -1.0, 0.0, f64::MIN_POSITIVE, 1.0 / 3.0] {
            let cursor = Cursor(Place::Open { weight }.key("C1-2"));
            assert_eq!(Cursor::parse(&cursor.text(), Lookup::OpenCase), Some(cursor.clone()));
            assert_eq!(Cursor::parse(&cursor.text(), Lookup::OldestCase), None, "a cursor of another order");
        }
        let decided = Cursor(Place::Decided { sequence: 7 }.key("N-3"));
        assert_eq!(Cursor::parse(&decided.text(), Lookup::DecidedCase), Some(decided.clone()));
        assert_eq!(Cursor::parse(&decided.text(), Lookup::RestingCase), None, "a cursor of another list");
        let no_id = hex::encode(Place::Decided { sequence: 7 }.key(""));
        for wrong in ["", "2", "6f", "w12.C1-2", "6g", &no_id] {
            assert_eq!(Cursor::parse(wrong, Lookup::OpenCase), None, "{wrong}");
            assert_eq!(Cursor::parse(wrong, Lookup::DecidedCase), None, "{wrong}");
        }
    }
}
