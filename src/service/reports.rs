//! Who should receive a programme and does not, who receives one twice, and what cannot be said yet.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::codec::decode_row;
use super::error::ServiceError;
use super::gateway::Gateway;
use super::places::lies_in;
use super::reading::Pages;
use super::views::{OpenFeed, ReportCell, ReportQuery, ReportView, RuleView};
use crate::auth::{Caller, Right};
use crate::complement::{PeriodKind, Rule, World, evaluate};
use crate::domain::agency::AgencyId;
use crate::domain::case::Question;
use crate::domain::date::{Date, Period};
use crate::domain::feed::Feed;
use crate::domain::finding::{Finding, Outcome, Scope};
use crate::domain::person::{GoldenFamily, GoldenPerson};
use crate::domain::record::{PersonId, Record, Sequence};
use crate::domain::region::Regions;
use crate::engine::name::{NameScratch, PreparedName, compare_names};
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
        let asked = |finding: &&Finding| query.rule.as_deref().is_none_or(|rule| finding.rule == rule);
        let inside = |finding: &&Finding| query.kode_wilayah.as_deref().is_none_or(|region| stands_in(finding, region));
        let chosen: Vec<&Finding> = evaluated.findings.iter().filter(asked).filter(inside).collect();
        let village = query.kode_wilayah.as_deref().filter(|region| region.len() == 10);
        let unplaced = village.map_or(0, |village| {
            evaluated.findings.iter().filter(asked).filter(|finding| may_stand_in(finding, village)).count()
        });
        let shown = rules.iter().filter(|rule| query.rule.as_deref().is_none_or(|wanted| rule.id == wanted));
        Ok(ReportView {
            as_of: evaluated.as_of,
            state: evaluated.state,
            rules: rule_views(shown),
            cells: cells(&chosen),
            open_feeds: self.open_feeds(&chosen, evaluated.as_of).await?,
            without_village: unplaced as u64,
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
        let open_cases: BTreeSet<PersonId> = self.matcher(|m| {
            // That several persons bear one NIK says nothing about whose their rows are.
            let about_persons = m.all_cases().filter(|case| case.question != Question::SharedNik);
            about_persons.flat_map(|case| case.persons.clone()).collect()
        });
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

/// Whether a finding is counted in a region.
fn stands_in(finding: &Finding, region: &str) -> bool {
    let code = finding.kode_desa.as_deref().or(finding.kode_kecamatan.as_deref()).unwrap_or_default();
    lies_in(code, region)
}

/// Whether a finding is in the sub-district of a village and in none of its villages: nobody sent where.
fn may_stand_in(finding: &Finding, village: &str) -> bool {
    let kecamatan = finding.kode_kecamatan.as_deref().filter(|_| finding.kode_desa.is_none());
    kecamatan.is_some_and(|code| village.get(..6).is_some_and(|above| lies_in(code, above)))
}

fn name_score(models: &super::models::Models, account: &str, person: &str) -> f32 {
    let prepared = |raw: &str| PreparedName::new(&parse_name(raw, models.names), models.plan.names());
    let mut scratch = NameScratch::default();
    compare_names(&prepared(account), &prepared(person), models.plan.names(), &mut scratch).score
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

fn cells(findings: &[&Finding]) -> Vec<ReportCell> {
    let mut counts: BTreeMap<(&str, Scope, &str), BTreeMap<Outcome, u64>> = BTreeMap::new();
    for finding in findings {
        let kecamatan = finding.kode_kecamatan.as_deref().unwrap_or_default();
        let place = (finding.rule.as_str(), finding.subject.scope(), kecamatan);
        *counts.entry(place).or_default().entry(finding.outcome).or_default() += 1;
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
    use crate::domain::finding::Subject;
    use crate::domain::person::FamilyId;
    use crate::domain::record::RecordId;

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

    fn finding(rule: &str, subject: Subject, kecamatan: &str, desa: &str) -> Finding {
        let code = |code: &str| Some(code.to_owned()).filter(|code| !code.is_empty());
        Finding {
            rule: rule.to_owned(),
            subject,
            family: None,
            persons: Vec::new(),
            kode_kecamatan: code(kecamatan),
            kode_desa: code(desa),
            periode: Period::Quarter { year: 2025, quarter: 4 },
            outcome: Outcome::TumpangTindih,
            evidence: Vec::new(),
            note: String::new(),
        }
    }

    #[test]
    fn persons_and_families_are_not_added_up() {
        let person = |id| Subject::Person(PersonId(RecordId(id)));
        let found = [
            finding("O13", person(1), "320105", ""),
            finding("O13", person(2), "320105", ""),
            finding("O13", Subject::Family(FamilyId(RecordId(1))), "320105", ""),
        ];
        let cells = cells(&found.iter().collect::<Vec<_>>());
        let counted: Vec<(Scope, u64)> =
            cells.iter().map(|cell| (cell.scope, cell.counts[&Outcome::TumpangTindih])).collect();
        assert_eq!(counted, [(Scope::Person, 2), (Scope::Family, 1)]);
    }

    #[test]
    fn a_finding_without_a_village_is_in_no_village_and_is_told() {
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
            let found = finding("G01", Subject::Person(PersonId(RecordId(1))), kecamatan, desa);
            assert_eq!(stands_in(&found, region), inside, "{kecamatan} {desa} in {region}");
            assert_eq!(region.len() == 10 && may_stand_in(&found, region), told, "{kecamatan} {desa} in {region}");
        }
    }
}
