//! Who should receive a programme and does not, who receives one twice, and what cannot be said yet.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::codec::decode_row;
use super::error::ServiceError;
use super::gateway::Gateway;
use super::reading::Pages;
use super::views::{OpenFeed, ReportCell, ReportQuery, ReportView, RuleView};
use crate::auth::{Caller, Right};
use crate::complement::{PeriodKind, Rule, World, evaluate};
use crate::domain::agency::AgencyId;
use crate::domain::date::{Date, Period};
use crate::domain::feed::Feed;
use crate::domain::finding::{Finding, Outcome};
use crate::domain::person::{GoldenFamily, GoldenPerson};
use crate::domain::record::{PersonId, Record, Sequence};
use crate::domain::region::Regions;
use crate::engine::compare::name::{NameScratch, PreparedName, compare_names};
use crate::normalise::parse_name;
use crate::store::Table;

/// All findings of one state on one date.
pub(super) struct Evaluated {
    state: u64,
    as_of: Date,
    declared: u64,
    findings: Vec<Finding>,
}

impl Gateway {
    /// The complementarity report, for a caller who may read reports.
    pub async fn report(&self, caller: &Caller, query: ReportQuery) -> Result<ReportView, ServiceError> {
        if caller.has(Right::Reports) { self.report_for_operator(query).await } else { Err(ServiceError::Forbidden) }
    }

    /// The same for whoever holds the store itself. The findings of one state and date are computed once and kept.
    pub async fn report_for_operator(&self, query: ReportQuery) -> Result<ReportView, ServiceError> {
        let rules = self.models().rules.rules();
        if query.rule.as_ref().is_some_and(|wanted| !rules.iter().any(|rule| rule.id == *wanted)) {
            return Err(ServiceError::NotFound { what: "rule" });
        }
        let as_of = match query.as_of {
            Some(date) => date,
            None => self.report_date().await?,
        };
        let evaluated = self.findings(as_of).await?;
        let inside = |finding: &&Finding| {
            let code = finding.kode_desa.as_deref().or(finding.kode_kecamatan.as_deref()).unwrap_or_default();
            query.kode_wilayah.as_deref().is_none_or(|prefix| code.starts_with(prefix))
                && query.rule.as_deref().is_none_or(|rule| finding.rule == rule)
        };
        let chosen: Vec<&Finding> = evaluated.findings.iter().filter(inside).collect();
        let shown = rules.iter().filter(|rule| query.rule.as_deref().is_none_or(|wanted| rule.id == wanted));
        Ok(ReportView {
            as_of: evaluated.as_of,
            state: evaluated.state,
            rules: rule_views(shown),
            cells: cells(&chosen),
            open_feeds: self.open_feeds(&chosen, evaluated.as_of).await?,
            findings: if query.rule.is_none() {
                Vec::new()
            } else {
                chosen.into_iter().filter(|f| f.outcome != Outcome::Menerima).cloned().collect()
            },
        })
    }

    /// The date a report is made for when nobody names one: the configured one, else today, or the end of the newest
    /// period that Dinas Sosial has closed, whichever is earlier. Enrolments are for a period; after it they say nothing.
    async fn report_date(&self) -> Result<Date, ServiceError> {
        let today = self.as_of();
        if self.settings().as_of.is_some() {
            return Ok(today);
        }
        let declared = self.declared().await?;
        let closed = declared.iter().filter(|item| item.lengkap && item.feed == Feed::AnggotaKeluarga);
        let newest = closed.map(|item| item.periode).filter(|period| period.start() <= today).map(Period::end).max();
        Ok(newest.map_or(today, |end| end.min(today)))
    }

    /// All findings as of a date, from memory when nothing changed since.
    pub(super) async fn findings(&self, as_of: Date) -> Result<Arc<Evaluated>, ServiceError> {
        self.matched_state().await?;
        let (state, declared) = (self.state_number(), self.declaration_number());
        let mut kept = self.kept_findings().lock().await;
        if let Some(known) = kept.as_ref().filter(|k| k.state == state && k.as_of == as_of && k.declared == declared) {
            return Ok(known.clone());
        }
        let records = self.all_records().await?;
        let persons: Vec<GoldenPerson> = Pages::of(self.reader(), Table::Persons).decode_all().await?;
        let families: Vec<GoldenFamily> = Pages::of(self.reader(), Table::Families).decode_all().await?;
        let completeness = self.closed_together(as_of).await?;
        let open_cases: BTreeSet<PersonId> =
            self.matcher(|m| m.all_cases().flat_map(|case| case.persons.clone()).collect());
        let models = self.models().clone();
        let work = move || {
            let match_names = |account: &str, person: &str| name_score(&models, account, person);
            let open_cases = open_cases.into_iter().collect();
            let world = World {
                records: &records,
                persons: &persons,
                families: &families,
                completeness: &completeness,
                open_cases: &open_cases,
                as_of,
                name_match: &match_names,
            };
            evaluate(&models.rules, &world)
        };
        let findings = tokio::task::spawn_blocking(work).await.map_err(|_| ServiceError::NotReady)?;
        let evaluated = Arc::new(Evaluated { state, as_of, declared, findings });
        *kept = Some(evaluated.clone());
        Ok(evaluated)
    }

    /// Feeds that stood in the way, and who is awaited.
    async fn open_feeds(&self, findings: &[&Finding], as_of: Date) -> Result<Vec<OpenFeed>, ServiceError> {
        let found = feeds_in_the_way(findings, self.models().rules.rules(), as_of);
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

    /// The present state of every record.
    async fn all_records(&self) -> Result<Vec<Record>, ServiceError> {
        let present: BTreeMap<_, Sequence> = self.matcher(|m| {
            m.known.iter().filter(|(_, k)| !k.withdrawn).map(|(id, k)| (*id, k.standing.sequence)).collect()
        });
        let mut records = Vec::with_capacity(present.len());
        let mut pages = Pages::of(self.reader(), Table::Rows);
        while let Some(page) = pages.next().await? {
            for (_, bytes) in &page {
                let row = decode_row(bytes)?;
                if present.get(&row.record) == Some(&row.sequence) {
                    records.push(super::load::record_of(&row)?);
                }
            }
        }
        Ok(records)
    }
}

fn name_score(models: &super::models::Models, account: &str, person: &str) -> f32 {
    let prepared = |raw: &str| PreparedName::new(&parse_name(raw, models.names), models.plan.names());
    let mut scratch = NameScratch::default();
    compare_names(&prepared(account), &prepared(person), models.plan.names(), &mut scratch).score
}

/// Each id once. Where a rule asks about persons and about families, what to do is said for both.
fn rule_views<'a>(rules: impl Iterator<Item = &'a Rule>) -> Vec<RuleView> {
    let mut views: Vec<RuleView> = Vec::new();
    for rule in rules {
        match views.iter_mut().find(|view| view.id == rule.id) {
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

fn cells(findings: &[&Finding]) -> Vec<ReportCell> {
    let mut counts: BTreeMap<(&str, &str), BTreeMap<Outcome, u64>> = BTreeMap::new();
    for finding in findings {
        let place = (finding.rule.as_str(), finding.kode_kecamatan.as_deref().unwrap_or_default());
        *counts.entry(place).or_default().entry(finding.outcome).or_default() += 1;
    }
    let name = |code: &str| Regions::embedded().name(code).unwrap_or(code).to_owned();
    counts
        .into_iter()
        .map(|((rule, code), counts)| ReportCell {
            rule: rule.to_owned(),
            kode_kecamatan: code.to_owned(),
            kecamatan: name(code),
            counts,
        })
        .collect()
}

/// Which feeds, not closed, stood in the way of how many answers, and where: from the notes `feed_open:FEED`. The period
/// is the one that the rule asks for.
fn feeds_in_the_way(findings: &[&Finding], rules: &[Rule], as_of: Date) -> BTreeMap<Open, BTreeMap<String, u64>> {
    let mut found: BTreeMap<Open, BTreeMap<String, u64>> = BTreeMap::new();
    for finding in findings.iter().filter(|f| f.outcome == Outcome::BelumDapatDinilai) {
        let named = finding.note.split(';').filter_map(|note| note.trim().strip_prefix("feed_open:"));
        for feed in named.filter_map(|name| name.parse::<Feed>().ok()) {
            let region = finding.kode_kecamatan.clone().unwrap_or_default();
            let place = finding.kode_desa.clone().unwrap_or_else(|| region.clone());
            let mut asking = rules.iter().filter(|rule| rule.id == finding.rule).flat_map(|rule| &rule.closed);
            let monthly = asking.any(|proving| proving.feed == feed && proving.period == PeriodKind::Month);
            let period = if monthly { Period::month_of(as_of) } else { finding.periode };
            *found.entry((feed, region, period)).or_default().entry(place).or_default() += 1;
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
    fn a_rule_of_two_scopes_is_one_rule_to_people() {
        let rules = RuleSet::embedded();
        let views = rule_views(rules.rules().iter());
        let ids: BTreeSet<&str> = views.iter().map(|view| view.id.as_str()).collect();
        assert_eq!(ids.len(), views.len());
        assert!(rules.rules().len() > views.len(), "O13 stands twice in the rule set");
        let said = &views.iter().find(|view| view.id == "O13").expect("O13").message_id;
        for rule in rules.rules().iter().filter(|rule| rule.id == "O13") {
            assert!(said.contains(&rule.message_id), "{said}");
        }
    }
}
