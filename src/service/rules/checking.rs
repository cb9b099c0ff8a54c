//! Holding kept outcomes against a full evaluation.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::evaluating::{Day, PORTION, findings_of};
use super::kept::{Kept, OutcomesMark, Touched, index_prefix, outcomes_mark, subject_key, subject_prefix, subjects_of};
use super::outcomes::tally_of;
use super::tally::Tally;
use crate::domain::record::RecordId;
use crate::service::answers::view::View;
use crate::service::error::ServiceError;
use crate::service::gateway::Gateway;
use crate::service::stored::codec::{encode, plain};
use crate::service::stored::reading::{Pages, get_many};
use crate::store::{Table, prefix_end};

impl Gateway {
    /// How many kept outcomes, lists and counts differ from what evaluating everything says; `None` where they are not
    /// kept up to the present state. Nothing is matched meanwhile.
    pub async fn outcome_differences(&self) -> Result<Option<u64>, ServiceError> {
        let _tail = self.tail().await?;
        let view = self.view().await?;
        let (_, mark) = outcomes_mark(view.reader()).await?;
        let fits = |mark: &OutcomesMark| mark.whole && mark.by == self.models().rules_by();
        let Some(mark) = mark.filter(fits) else { return Ok(None) };
        if view.count(Touched::prefix()).await? > 0 {
            return Ok(None);
        }
        let completeness = Arc::new(self.closed_together(&view, mark.as_of).await?);
        let day = Day { as_of: mark.as_of, completeness };
        let mut check = Check { view: &view, tally: Tally::default(), subjects: 0, listed: 0, wrong: 0 };
        for portion in self.matching().read(|matcher| matcher.portions(None, PORTION))? {
            let surroundings = self.matching().read(|matcher| matcher.surroundings(portion))?;
            let records = surroundings.records.clone();
            let findings = findings_of(view.reader(), self.models(), &day, surroundings).await?;
            check
                .portion(&records, findings.into_iter().map(|finding| (subject_key(&finding.subject), finding)))
                .await?;
        }
        check.end().await.map(Some)
    }
}

impl View {
    /// How many entries of outcomes begin with `prefix`.
    async fn count(&self, prefix: Vec<u8>) -> Result<u64, ServiceError> {
        let end = prefix_end(&prefix);
        let mut count = 0;
        let mut pages = Pages::between(self.reader(), Table::Outcomes, prefix, end);
        while let Some(page) = pages.next().await? {
            count += page.len() as u64;
        }
        Ok(count)
    }
}

struct Check<'a> {
    view: &'a View,
    tally: Tally,
    subjects: u64,
    listed: u64,
    wrong: u64,
}

impl Check<'_> {
    async fn portion(
        &mut self,
        records: &[RecordId],
        findings: impl Iterator<Item = (Vec<u8>, crate::domain::finding::Finding)>,
    ) -> Result<(), ServiceError> {
        let mut wanted: BTreeMap<Vec<u8>, Vec<Kept>> = BTreeMap::new();
        let mut lists = Vec::new();
        for (key, finding) in findings {
            let scope = finding.subject.scope();
            let kept = Kept::of(finding);
            self.tally.add(kept.slot(scope));
            lists.extend(kept.index_key());
            wanted.entry(key).or_default().push(kept);
        }
        self.subjects += wanted.len() as u64;
        self.listed += lists.len() as u64;
        let keys: Vec<Vec<u8>> = records.iter().flat_map(|id| subjects_of(*id)).map(|one| subject_key(&one)).collect();
        let stored = get_many(self.view.reader(), Table::Outcomes, keys.clone()).await?;
        for (key, stored) in keys.iter().zip(stored) {
            let stored = stored.as_deref().map(|bytes| plain(bytes, "outcomes")).transpose()?;
            let right = wanted.get(key).map(encode);
            let right = right.as_deref().map(|bytes| plain(bytes, "outcomes")).transpose()?;
            self.wrong += u64::from(stored != right);
        }
        let there = get_many(self.view.reader(), Table::Outcomes, lists).await?;
        self.wrong += there.iter().filter(|entry| entry.is_none()).count() as u64;
        Ok(())
    }

    /// What is there besides, and what is counted otherwise.
    async fn end(self) -> Result<u64, ServiceError> {
        let subjects = self.view.count(subject_prefix()).await?;
        let mut listed = index_prefix("", "");
        listed.truncate(1);
        let listed = self.view.count(listed).await?;
        let counted = u64::from(tally_of(self.view.reader()).await?.without_empty() != self.tally.without_empty());
        Ok(self.wrong + subjects.abs_diff(self.subjects) + listed.abs_diff(self.listed) + counted)
    }
}
