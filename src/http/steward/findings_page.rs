//! The list behind one cell of the report: the findings of a rule, in one sub-district or all.

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::decoded::region_name;
use super::layout::{Lang, Layout, Steward, render};
use super::report_page::Choice;
use super::texts::Texts;
use super::{format, labels};
use crate::auth::Right;
use crate::domain::finding::{Finding, Outcome, Subject};
use crate::domain::person::FamilyId;
use crate::domain::record::PersonId;
use crate::http::api::reports::subject_name;
use crate::http::config::Config;
use crate::http::extract::{Backend, percent};
use crate::http::problem::{Code, Problem};
use crate::service::views::{Names, ReportView, RuleView};

#[derive(Template)]
#[template(path = "findings.html")]
pub(super) struct FindingsPage {
    page: Layout,
    t: &'static Texts,
    rule: String,
    name: String,
    severity: &'static str,
    legal: String,
    to_do: String,
    place: String,
    as_of: String,
    found: String,
    held: Option<String>,
    rows: Vec<FindingRow>,
    back: String,
    previous: Option<String>,
    next: Option<String>,
}

struct FindingRow {
    kind: &'static str,
    subject: Called,
    /// The subject has a page of its own.
    linked: bool,
    /// Persons to look at, when the subject itself is not one.
    persons: Vec<Called>,
    family: Option<Called>,
    village: String,
    kecamatan: String,
    period: String,
    outcome: &'static str,
    class: &'static str,
    evidence: usize,
    note: String,
}

/// A number, and the name behind it where the reader may see it.
struct Called {
    id: String,
    name: Option<String>,
}

/// Which part of the list.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Part {
    #[serde(default)]
    tanggal: String,
    #[serde(default)]
    wilayah: String,
    kecamatan: Option<String>,
    #[serde(default)]
    hal: String,
}

impl Part {
    fn choice(&self) -> Choice {
        Choice { tanggal: self.tanggal.clone(), wilayah: self.wilayah.clone() }
    }

    /// The page's number, from 0.
    fn number(&self) -> usize {
        self.hal.parse::<usize>().unwrap_or(1).saturating_sub(1)
    }

    fn link(&self, rule: &str, number: usize) -> String {
        let place = self.kecamatan.as_deref().map(|code| format!("&kecamatan={}", percent(code))).unwrap_or_default();
        let (day, region) = (percent(&self.tanggal), percent(&self.wilayah));
        format!("/komplementaritas/{}?tanggal={day}&wilayah={region}{place}&hal={}", percent(rule), number + 1)
    }
}

/// One page of a list, and how long the list is.
pub(super) struct Listed<'a> {
    rows: Vec<&'a Finding>,
    found: usize,
    held: usize,
    number: usize,
    more: bool,
}

impl<'a> Listed<'a> {
    /// The findings of a rule in the place asked for, what was found before what cannot be assessed; one page of `size`.
    pub(super) fn new(part: &Part, rule: &RuleView, view: &'a ReportView, size: usize) -> Self {
        let here = |finding: &&Finding| {
            let place = finding.kode_kecamatan.as_deref().unwrap_or_default();
            finding.rule == rule.id && part.kecamatan.as_deref().is_none_or(|code| code == place)
        };
        let mut all: Vec<&Finding> = view.findings.iter().filter(here).collect();
        all.sort_by_key(|finding| finding.outcome);
        let held = all.iter().filter(|finding| finding.outcome == Outcome::BelumDapatDinilai).count();
        let number = part.number().min(all.len().saturating_sub(1) / size);
        Self {
            rows: all.iter().skip(number * size).take(size).copied().collect(),
            found: all.len() - held,
            held,
            number,
            more: (number + 1) * size < all.len(),
        }
    }

    /// Persons and families on the page.
    fn mentioned(&self) -> (Vec<PersonId>, Vec<FamilyId>) {
        let mut persons: BTreeSet<PersonId> = BTreeSet::new();
        let mut families: BTreeSet<FamilyId> = BTreeSet::new();
        for finding in &self.rows {
            persons.extend(&finding.persons);
            families.extend(finding.family);
            match finding.subject {
                Subject::Person(id) => persons.extend([id]),
                Subject::Family(id) => families.extend([id]),
                Subject::Account(_) => {}
            }
        }
        (persons.into_iter().collect(), families.into_iter().collect())
    }
}

impl FindingsPage {
    /// One page of the list.
    pub(super) fn new(
        page: Layout,
        part: &Part,
        rule: &RuleView,
        view: &ReportView,
        listed: &Listed<'_>,
        names: &Names,
    ) -> Self {
        let lang = page.lang;
        let number = listed.number;
        let (day, region) = (percent(&part.tanggal), percent(&part.wilayah));
        Self {
            t: lang.texts(),
            rule: rule.id.clone(),
            name: lang.pick(&rule.name_id, &rule.name_en).clone(),
            severity: labels::severity(rule.severity, lang),
            legal: rule.legal_basis.clone(),
            to_do: lang.pick(&rule.message_id, &rule.message_en).clone(),
            place: match part.kecamatan.as_deref() {
                None => lang.texts().all_kecamatan.to_owned(),
                Some("") => lang.texts().no_region.to_owned(),
                Some(code) => place_name(code, view),
            },
            as_of: format::date(view.as_of, lang),
            found: format::count(listed.found as u64, lang),
            held: (listed.held > 0).then(|| format::count(listed.held as u64, lang)),
            rows: listed.rows.iter().map(|finding| finding_row(finding, names, lang)).collect(),
            back: format!("/komplementaritas?tanggal={day}&wilayah={region}"),
            previous: (number > 0).then(|| part.link(&rule.id, number - 1)),
            next: listed.more.then(|| part.link(&rule.id, number + 1)),
            page,
        }
    }
}

fn place_name(code: &str, view: &ReportView) -> String {
    let cell = view.cells.iter().find(|cell| cell.kode_kecamatan == code);
    cell.map_or_else(|| region_name(code), |cell| cell.kecamatan.clone())
}

fn finding_row(finding: &Finding, names: &Names, lang: Lang) -> FindingRow {
    let person = |id: &PersonId| Called { id: id.to_string(), name: names.persons.get(id).cloned() };
    let family = |id: &FamilyId| Called { id: id.to_string(), name: names.families.get(id).cloned() };
    let subject = match &finding.subject {
        Subject::Person(id) => person(id),
        Subject::Family(id) => family(id),
        Subject::Account(_) => Called { id: subject_name(&finding.subject), name: None },
    };
    let persons = finding.persons.iter().filter(|id| finding.subject != Subject::Person(**id));
    let other_family = finding.family.filter(|id| finding.subject != Subject::Family(*id));
    FindingRow {
        kind: labels::subject_kind(&finding.subject, lang),
        linked: matches!(finding.subject, Subject::Person(_)),
        persons: persons.map(person).collect(),
        family: other_family.as_ref().map(family),
        village: finding.kode_desa.as_deref().map(region_name).unwrap_or_default(),
        kecamatan: finding.kode_kecamatan.as_deref().map(region_name).unwrap_or_default(),
        period: format::period(finding.periode, lang),
        outcome: labels::outcome(finding.outcome, lang),
        class: labels::outcome_class(finding.outcome),
        evidence: finding.evidence.len(),
        note: labels::note(&finding.note, lang),
        subject,
    }
}

/// The findings of a rule.
pub(super) async fn show(
    steward: Steward,
    rule: web::Path<String>,
    request: HttpRequest,
    config: web::Data<Config>,
    gateway: Backend,
) -> Result<HttpResponse, Problem> {
    let caller = steward.with(Right::Reports)?;
    let part = web::Query::<Part>::from_query(request.query_string()).map(web::Query::into_inner).unwrap_or_default();
    let view = gateway.get()?.report(caller, part.choice().question(Some(rule.to_string()))?).await?;
    let known = view.rules.iter().find(|known| known.id == *rule);
    let known = known.ok_or_else(|| Problem::new(Code::NotFound, "there is no such rule"))?;
    let listed = Listed::new(&part, known, &view, config.limits.page_findings);
    let (persons, families) = listed.mentioned();
    let names = gateway.get()?.names(caller, &persons, &families).await?;
    render(&FindingsPage::new(steward.page, &part, known, &view, &listed, &names))
}
