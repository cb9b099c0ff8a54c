//! Who should receive a programme and does not, who receives one twice, and what cannot be said yet.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::evaluating::{Day, PORTION, findings_of};
use super::kept::{Kept, OutcomesMark, index_prefix, outcomes_mark, subject_in};
use super::outcomes::tally_of;
use super::tally::{Slot, Tally};
use crate::auth::{Caller, Right};
use crate::complement::{PeriodKind, Rule};
use crate::domain::agency::AgencyId;
use crate::domain::date::{Date, Period};
use crate::domain::feed::Feed;
use crate::domain::finding::{Finding, Outcome, Scope};
use crate::domain::region::Regions;
use crate::service::answers::view::View;
use crate::service::answers::views::{OpenFeed, ReportCell, ReportQuery, ReportView, RuleView};
use crate::service::error::ServiceError;
use crate::service::gateway::Gateway;
use crate::service::matching::places::{lies_in, present};
use crate::service::stored::codec::decode;
use crate::service::stored::reading::{Pages, get_many};
use crate::store::{Table, prefix_end};

/// What the rules say on a day.
struct Outcomes {
    /// The position of the journal that it follows from.
    state: u64,
    as_of: Date,
    tally: Tally,
    /// The findings of the rule that was asked for.
    findings: Vec<Finding>,
}

impl Gateway {
    /// The complementarity report, for a caller who may read reports.
    pub async fn report(&self, caller: &Caller, query: ReportQuery) -> Result<ReportView, ServiceError> {
        if caller.has(Right::Reports) { self.report_for_operator(query).await } else { Err(ServiceError::Forbidden) }
    }

    /// The same for whoever holds the store itself. For the day that outcomes are kept for, counts are read; for another
    /// day everything is evaluated.
    pub async fn report_for_operator(&self, query: ReportQuery) -> Result<ReportView, ServiceError> {
        let rules = self.models().rules.rules();
        if query.rule.as_ref().is_some_and(|wanted| !rules.iter().any(|rule| rule.id == *wanted)) {
            return Err(ServiceError::NotFound { what: "rule" });
        }
        let outcomes = match self.kept_for(query.as_of).await? {
            Some((view, mark)) => self.kept_outcomes(&view, mark, &query).await?,
            None => self.evaluated(&query).await?,
        };
        let as_of = outcomes.as_of;
        let region = query.kode_wilayah.as_deref();
        let asked = |slot: &Slot| query.rule.as_deref().is_none_or(|rule| slot.rule == rule);
        let counted: Vec<(&str, &Slot, u64)> = outcomes.tally.iter().filter(|(_, slot, _)| asked(slot)).collect();
        let inside = |kecamatan: &str, slot: &Slot| region.is_none_or(|region| stands_in(kecamatan, slot, region));
        let chosen: Vec<(&str, &Slot, u64)> =
            counted.iter().copied().filter(|(at, slot, _)| inside(at, slot)).collect();
        let village = region.filter(|region| region.len() == 10);
        let without_village = village.map_or(0, |village| {
            counted.iter().filter(|(at, slot, _)| may_stand_in(at, slot, village)).map(|(.., count)| count).sum()
        });
        let shown = rules.iter().filter(|rule| query.rule.as_deref().is_none_or(|wanted| rule.id == wanted));
        Ok(ReportView {
            as_of,
            state: outcomes.state,
            rules: rule_views(shown),
            cells: cells(&chosen),
            open_feeds: self.open_feeds(&chosen, as_of).await?,
            without_village,
            findings: outcomes.findings,
        })
    }

    /// A view with outcomes, if they are kept for the day that is asked for; without one the day is theirs. They may be of
    /// an earlier position than the view. Where there are none yet they soon will be.
    async fn kept_for(&self, as_of: Option<Date>) -> Result<Option<(Arc<View>, OutcomesMark)>, ServiceError> {
        let view = self.view().await?;
        if let Some(mark) = self.whole_outcomes(&view).await? {
            return Ok(as_of.is_none_or(|day| day == mark.as_of).then_some((view, mark)));
        }
        if as_of.is_some() {
            return Ok(None);
        }
        self.matching().evaluated_through(view.position).await;
        let view = self.view().await?;
        Ok(self.whole_outcomes(&view).await?.map(|mark| (view, mark)))
    }

    async fn whole_outcomes(&self, view: &View) -> Result<Option<OutcomesMark>, ServiceError> {
        let (_, mark) = outcomes_mark(view.reader()).await?;
        Ok(mark.filter(|mark| mark.whole && mark.by == self.models().rules_by()))
    }

    /// Evaluates everything for a day, a portion at a time; only what is counted is held, and the findings asked for.
    ///
    /// One at a time; the counts of the last day are kept, so that a page and its parts evaluate once.
    async fn evaluated(&self, query: &ReportQuery) -> Result<Outcomes, ServiceError> {
        let mut kept = self.rules().other_day.lock().await;
        let now = self.view().await?.position.0;
        if let Some((state, as_of, tally)) = kept.as_ref().filter(|_| query.rule.is_none())
            && (*state, Some(*as_of)) == (now, query.as_of)
        {
            return Ok(Outcomes { state: now, as_of: *as_of, tally: tally.clone(), findings: Vec::new() });
        }
        let outcomes = self.evaluated_anew(query).await?;
        *kept = Some((outcomes.state, outcomes.as_of, outcomes.tally.clone()));
        Ok(outcomes)
    }

    async fn evaluated_anew(&self, query: &ReportQuery) -> Result<Outcomes, ServiceError> {
        // As long as it is held nothing is matched: the portions are those of the view.
        let tail = self.tail().await?;
        let view = self.view().await?;
        let gateway = self.clone();
        let work = tokio::task::spawn_blocking(move || {
            gateway.matching().read(|matcher| {
                let portions = matcher.portions(None, PORTION).into_iter();
                portions.map(|portion| matcher.surroundings(portion)).collect::<Vec<_>>()
            })
        });
        let portions = work.await.map_err(|_| ServiceError::NotReady)??;
        drop(tail);
        let as_of = match query.as_of {
            Some(day) => day,
            None => self.report_date(&view).await?,
        };
        let completeness = Arc::new(self.closed_together(&view, as_of).await?);
        let day = Day { as_of, completeness };
        let mut outcomes = Outcomes { state: view.position.0, as_of, tally: Tally::default(), findings: Vec::new() };
        for portion in portions {
            for finding in findings_of(view.reader(), self.models(), &day, portion).await? {
                let (kecamatan, slot) = Slot::of(&finding);
                let listed = query.rule.as_ref() == Some(&finding.rule) && finding.outcome != Outcome::Menerima;
                let region = query.kode_wilayah.as_deref();
                let inside = region.is_none_or(|region| stands_in(&kecamatan, &slot, region));
                outcomes.tally.add((kecamatan, slot));
                outcomes.findings.extend(Some(finding).filter(|_| listed && inside));
            }
        }
        outcomes.findings.sort_by(|a, b| a.subject.cmp(&b.subject));
        Ok(outcomes)
    }

    /// What is kept, and of the rule that is asked for the findings in the region.
    async fn kept_outcomes(
        &self,
        view: &View,
        mark: OutcomesMark,
        query: &ReportQuery,
    ) -> Result<Outcomes, ServiceError> {
        let findings = match &query.rule {
            Some(rule) => view.findings(rule, query.kode_wilayah.as_deref().unwrap_or_default()).await?,
            None => Vec::new(),
        };
        let tally = match self.rules().counted(&mark) {
            Some(tally) => tally,
            None => tally_of(view.reader()).await?,
        };
        if view.is_held() {
            // Elsewhere something else may be counted by now than the mark says.
            self.rules().put_counted(mark.clone(), tally.clone());
        }
        Ok(Outcomes { state: mark.reached.through, as_of: mark.as_of, tally, findings })
    }

    /// Feeds that stood in the way, and who is awaited.
    async fn open_feeds(&self, counted: &[(&str, &Slot, u64)], as_of: Date) -> Result<Vec<OpenFeed>, ServiceError> {
        let found = feeds_in_the_way(counted, self.models().rules.rules(), as_of);
        let regions = Regions::embedded();
        let place = |code: &str| regions.current(code).to_owned();
        let asked: Vec<(Feed, Period, String)> = found
            .iter()
            .flat_map(|((feed, _, period), places)| places.keys().map(|code| (*feed, *period, place(code))))
            .collect();
        let awaited = self.awaited(&asked).await?;
        let open = |((feed, region, period), places): (Open, BTreeMap<String, u64>)| {
            let here = places.keys().filter_map(|code| awaited.get(&(feed, period, place(code))));
            let agencies: BTreeSet<AgencyId> = here.flatten().cloned().collect();
            OpenFeed {
                feed,
                kode_wilayah: region,
                periode: period,
                answers: places.values().sum(),
                awaited: agencies.into_iter().collect(),
            }
        };
        Ok(found.into_iter().map(open).collect())
    }
}

impl View {
    /// The findings of a rule in a region, by subject.
    async fn findings(&self, rule: &str, region: &str) -> Result<Vec<Finding>, ServiceError> {
        let prefix = index_prefix(rule, present(region));
        let end = prefix_end(&prefix);
        let mut found = Vec::new();
        let mut pages = Pages::between(self.reader(), Table::Outcomes, prefix, end);
        while let Some(page) = pages.next().await? {
            let subjects = page.iter().filter_map(|(key, _)| Some(subject_in(key)?.to_vec())).collect();
            let kept = get_many(self.reader(), Table::Outcomes, subjects).await?;
            let wanted = rule.to_owned();
            let work = tokio::task::spawn_blocking(move || of_rule(kept, &wanted));
            found.extend(work.await.map_err(|_| ServiceError::NotReady)??);
        }
        found.sort_by(|a, b| a.subject.cmp(&b.subject));
        Ok(found)
    }
}

/// The findings of one rule among what is kept of subjects.
fn of_rule(kept: Vec<Option<Vec<u8>>>, rule: &str) -> Result<Vec<Finding>, ServiceError> {
    let mut found = Vec::with_capacity(kept.len());
    for bytes in kept.into_iter().flatten() {
        let of_subject: Vec<Kept> = decode(&bytes, "outcomes")?;
        found.extend(of_subject.into_iter().filter_map(|kept| match kept {
            Kept::Finding(finding) if finding.rule == rule => Some(finding),
            Kept::Finding(_) | Kept::Receives(_) => None,
        }));
    }
    Ok(found)
}

/// Whether what is counted in a slot lies in a region.
fn stands_in(kecamatan: &str, slot: &Slot, region: &str) -> bool {
    let code = if slot.desa.is_empty() { kecamatan } else { &slot.desa };
    lies_in(code, region)
}

/// Whether it is in the sub-district of a village and in none of its villages: nobody sent where.
fn may_stand_in(kecamatan: &str, slot: &Slot, village: &str) -> bool {
    slot.desa.is_empty() && village.get(..6).is_some_and(|above| lies_in(kecamatan, above))
}

/// One entry for each rule and what it asks about: a rule of persons and of families is counted apart for both.
fn rule_views<'a>(rules: impl Iterator<Item = &'a Rule>) -> Vec<RuleView> {
    let mut views: Vec<RuleView> = Vec::new();
    for rule in rules {
        match views.iter_mut().find(|view| view.id == rule.id && view.scope == rule.scope) {
            None => views.push(rule_view(rule)),
            Some(view) => {
                for (said, more) in [(&mut view.message_id, &rule.message_id), (&mut view.message_en, &rule.message_en)]
                {
                    if !said.contains(more.as_str()) {
                        *said = format!("{said} {more}");
                    }
                }
            }
        }
    }
    views
}

fn rule_view(rule: &Rule) -> RuleView {
    RuleView {
        id: rule.id.clone(),
        kind: rule.kind,
        scope: rule.scope,
        severity: rule.severity,
        name_id: rule.name_id.clone(),
        name_en: rule.name_en.clone(),
        legal_basis: rule.legal_basis.clone(),
        message_id: rule.message_id.clone(),
        message_en: rule.message_en.clone(),
    }
}

fn cells(counted: &[(&str, &Slot, u64)]) -> Vec<ReportCell> {
    let mut counts: BTreeMap<(&str, Scope, &str), BTreeMap<Outcome, u64>> = BTreeMap::new();
    for (kecamatan, slot, count) in counted {
        let place = (slot.rule.as_str(), slot.scope, *kecamatan);
        *counts.entry(place).or_default().entry(slot.outcome).or_default() += count;
    }
    let name = |code: &str| Regions::embedded().name(code).unwrap_or(code).to_owned();
    counts
        .into_iter()
        .map(|((rule, scope, code), counts)| ReportCell {
            rule: rule.to_owned(),
            scope,
            kode_kecamatan: code.to_owned(),
            kecamatan: name(code),
            counts,
        })
        .collect()
}

/// Which feeds, not closed, stood in the way of how many answers, and where. The period is the one that the rule asks for.
fn feeds_in_the_way(
    counted: &[(&str, &Slot, u64)],
    rules: &[Rule],
    as_of: Date,
) -> BTreeMap<Open, BTreeMap<String, u64>> {
    let mut found: BTreeMap<Open, BTreeMap<String, u64>> = BTreeMap::new();
    for (region, slot, count) in counted {
        let place = if slot.desa.is_empty() { region } else { slot.desa.as_str() };
        for feed in &slot.open {
            let mut asking = rules.iter().filter(|rule| rule.id == slot.rule).flat_map(|rule| &rule.closed);
            let monthly = asking.any(|proving| proving.feed == *feed && proving.period == PeriodKind::Month);
            let period = if monthly { Period::month_of(as_of) } else { Period::quarter_of(as_of) };
            let places = found.entry((*feed, (*region).to_owned(), period)).or_default();
            *places.entry(place.to_owned()).or_default() += count;
        }
    }
    found
}

/// A feed, a region and a period.
type Open = (Feed, String, Period);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::complement::RuleSet;

    #[test]
    fn a_rule_of_two_scopes_is_told_for_each() {
        let rules = RuleSet::embedded();
        let views = rule_views(rules.rules().iter());
        let told: BTreeSet<(&str, Scope)> = views.iter().map(|view| (view.id.as_str(), view.scope)).collect();
        assert_eq!(told.len(), views.len());
        for rule in rules.rules() {
            let view = views.iter().find(|view| view.id == rule.id && view.scope == rule.scope).expect("its view");
            assert!(view.message_id.contains(&rule.message_id), "{}", rule.id);
        }
        assert_eq!(views.iter().filter(|view| view.id == "O13").count(), 2, "persons and families");
    }

    fn slot(rule: &str, scope: Scope, desa: &str) -> Slot {
        Slot { rule: rule.to_owned(), scope, desa: desa.to_owned(), outcome: Outcome::TumpangTindih, open: Vec::new() }
    }

    #[test]
    fn persons_and_families_are_not_added_up() {
        let (persons, families) = (slot("O13", Scope::Person, ""), slot("O13", Scope::Family, ""));
        let cells = cells(&[("320105", &persons, 2), ("320105", &families, 1)]);
        let counted: Vec<(Scope, u64)> =
            cells.iter().map(|cell| (cell.scope, cell.counts[&Outcome::TumpangTindih])).collect();
        assert_eq!(counted, [(Scope::Person, 2), (Scope::Family, 1)]);
    }

    #[test]
    fn what_has_no_village_is_in_no_village_and_is_told() {
        for (kecamatan, desa, region, inside, told) in [
            ("320105", "3201052008", "3201052008", true, false),
            ("320105", "3201052009", "3201052008", false, false),
            ("320105", "", "3201052008", false, true),
            ("320106", "", "3201052008", false, false),
            ("", "", "3201052008", false, false),
            ("320105", "", "320105", true, false),
            ("910101", "", "9301", true, false),
            ("930101", "", "9101", true, false),
        ] {
            let slot = slot("G01", Scope::Person, desa);
            assert_eq!(stands_in(kecamatan, &slot, region), inside, "{kecamatan} {desa} in {region}");
            let may = region.len() == 10 && may_stand_in(kecamatan, &slot, region);
            assert_eq!(may, told, "{kecamatan} {desa} in {region}");
        }
    }
}
