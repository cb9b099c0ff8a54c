//! Persons by what somebody types: one text, and two things that narrow it.
//!
//! What is typed is read as all it can be: a number is looked for as a NIK, a KK number, an account and so on. All of it is
//! answered from indexes in the store; likeness is the business of the look-up.

mod asked;
mod names;

use std::collections::BTreeSet;

use self::asked::{Asked, Narrowing};
use self::names::NameScan;
use super::people::may_see_persons;
use super::view::View;
use super::views::{SearchAnswer, SearchQuery};
use crate::auth::Caller;
use crate::domain::feed::Feed;
use crate::domain::person::GoldenPerson;
use crate::domain::record::PersonId;
use crate::service::error::ServiceError;
use crate::service::gateway::Gateway;
use crate::service::matching::identifiers::numbers_of_any_kind;
use crate::service::matching::names::facts_of;
use crate::service::stored::codec::{decode, natural_key_of};
use crate::service::stored::head::Head;
use crate::service::stored::reading::get_many;
use crate::store::Table;

/// Most persons one search shows.
const MAX_SHOWN: usize = 50;

/// Most persons with one number or key that are looked at; placeholders are on thousands of rows.
const MAX_EXACT: usize = 2_000;

impl Gateway {
    /// Persons that fit what was typed: those it names exactly, then those whose names have all the words, whole words
    /// before beginnings.
    pub async fn search(&self, caller: &Caller, query: SearchQuery) -> Result<SearchAnswer, ServiceError> {
        may_see_persons(caller)?;
        let narrowing = Narrowing::of(&query)?;
        let asked = Asked::read(&query, self.models().names)?;
        let view = self.view().await?;
        let mut answer = SearchAnswer { complete: true, ..SearchAnswer::default() };
        let exact = self.named_exactly(&view, &asked, &query, &mut answer).await?;
        let mut left_off = view.take_exact(&exact, narrowing, &mut answer).await?;
        if !asked.words.is_empty() {
            let room = MAX_SHOWN - answer.persons.len();
            let found = NameScan::new(asked.words, narrowing, &exact, room).run(view.reader()).await?;
            answer.persons.extend(view.golden(&found.best).await?);
            answer.complete &= found.complete;
            left_off += found.fitting - found.best.len() as u64;
        }
        answer.left_off = left_off;
        Ok(answer)
    }

    /// Persons with the number, row key or id that was typed; the case goes into the answer.
    async fn named_exactly(
        &self,
        view: &View,
        asked: &Asked,
        query: &SearchQuery,
        answer: &mut SearchAnswer,
    ) -> Result<BTreeSet<PersonId>, ServiceError> {
        let mut found = BTreeSet::new();
        if let Some(person) = asked.person {
            found.extend(view.person_of(person.0).await?);
        }
        if let Some(id) = &asked.case
            && let Some(case) = view.case(id).await?
        {
            found.extend(case.persons);
            answer.case = Some(case.id);
        }
        let mut records = BTreeSet::new();
        if let Some(number) = &asked.number {
            records = view.bearers(&numbers_of_any_kind(number, self.as_of())).await?;
        }
        let keys = self.source_keys(query.feed, &asked.text);
        for bytes in get_many(view.reader(), Table::Records, keys).await?.into_iter().flatten() {
            records.insert(decode::<Head>(&bytes, "record")?.id);
        }
        let records: Vec<_> = records.into_iter().collect();
        found.extend(view.persons_of(&records).await?.into_iter().flatten());
        Ok(found)
    }

    /// Where a record with this row key would stand: in one feed or in all, of every agency that sends it.
    fn source_keys(&self, feed: Option<Feed>, id_sumber: &str) -> Vec<Vec<u8>> {
        let feeds = Feed::ALL.into_iter().filter(|each| feed.is_none_or(|feed| feed == *each));
        let agencies =
            feeds.flat_map(|feed| self.clients().agencies_sending(feed).into_iter().map(move |id| (id, feed)));
        agencies.map(|(agency, feed)| natural_key_of(&agency, feed, id_sumber)).collect()
    }
}

impl View {
    /// Puts those of them that fit into the answer; answers how many of them there was no room for.
    async fn take_exact(
        &self,
        exact: &BTreeSet<PersonId>,
        narrowing: Narrowing,
        answer: &mut SearchAnswer,
    ) -> Result<u64, ServiceError> {
        let looked_at: Vec<PersonId> = exact.iter().take(MAX_EXACT).copied().collect();
        answer.complete &= looked_at.len() == exact.len();
        let mut fitting: Vec<GoldenPerson> = self.golden(&looked_at).await?;
        fitting.retain(|person| narrowing.fits(facts_of(person)));
        let left_off = fitting.len().saturating_sub(MAX_SHOWN);
        fitting.truncate(MAX_SHOWN);
        answer.persons = fitting;
        Ok(left_off as u64)
    }
}
