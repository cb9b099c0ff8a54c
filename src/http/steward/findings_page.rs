//! The list behind one cell of the report: the findings of a rule, in one sub-district or all.

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::decoded::region_name;
use super::layout::{Lang, Layout, Steward, render};
use super::report_page::Choice;
use super::signs::filters;
use super::texts::Texts;
use super::{format, labels};
use crate::auth::Right;
use crate::domain::finding::{Finding, Outcome, Scope, Subject};
use crate::domain::person::FamilyId;
use crate::domain::record::{PersonId, RecordId};
use crate::http::access;
use crate::http::api::reports::{outcome_name, scope_name, subject_name};
use crate::http::config::Config;
use crate::http::extract::{Backend, percent};
use crate::http::problem::{Code, Problem};
use crate::service::answers::views::{Names, ReportView, RuleView};

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
    /// Only findings about persons, families or accounts, where the rule has several.
    #[serde(default)]
    subjek: String,
    /// The page begins behind this finding.
    #[serde(default)]
    mulai: String,
    /// The page ends before this finding.
    #[serde(default)]
    sebelum: String,
}

/// The place of a finding in the list of its rule: what was found comes before what cannot be assessed. It does not move
/// when others come and go, so pages begin and end at findings and not at numbers.
type Key<'a> = (Outcome, &'a Subject);

fn key_of(finding: &Finding) -> Key<'_> {
    (finding.outcome, &finding.subject)
}

fn written(finding: &Finding) -> String {
    format!("{}.{}", outcome_name(finding.outcome), subject_name(&finding.subject))
}

/// A key as [`written`]; `None` for anything else, and then the list begins at its start.
fn read_key(text: &str) -> Option<(Outcome, Subject)> {
    let (outcome, subject) = text.split_once('.')?;
    let all = [Outcome::Menerima, Outcome::BelumMenerima, Outcome::TumpangTindih, Outcome::BelumDapatDinilai];
    let outcome = all.into_iter().find(|known| outcome_name(*known) == outcome)?;
    let (kind, digits) = subject.split_at_checked(1)?;
    let record = RecordId(digits.parse().ok()?);
    let subject = match kind {
        "P" => Subject::Person(PersonId(record)),
        "K" => Subject::Family(FamilyId(record)),
        "R" => Subject::Account(record),
        _ => return None,
    };
    Some((outcome, subject))
}

impl Part {
    fn choice(&self) -> Choice {
        Choice { tanggal: self.tanggal.clone(), wilayah: self.wilayah.clone() }
    }

    fn counts(&self, scope: Scope) -> bool {
        self.subjek.is_empty() || self.subjek == scope_name(scope)
    }

    fn link(&self, rule: &str, from: &str, finding: &Finding) -> String {
        let place = self.kecamatan.as_deref().map(|code| format!("&kecamatan={}", percent(code))).unwrap_or_default();
        let subject = if self.subjek.is_empty() { String::new() } else { format!("&subjek={}", percent(&self.subjek)) };
        let (day, region) = (percent(&self.tanggal), percent(&self.wilayah));
        let from = format!("{from}={}", percent(&written(finding)));
        format!("/komplementaritas/{}?tanggal={day}&wilayah={region}{place}{subject}&{from}", percent(rule))
    }
}

/// One page of a list, and how long the list is.
pub(super) struct Listed<'a> {
    rows: Vec<&'a Finding>,
    found: usize,
    held: usize,
    /// There are findings before the page.
    before: bool,
    /// There are findings behind it.
    behind: bool,
}

impl<'a> Listed<'a> {
    /// The findings of a rule in the place asked for; one page of about `size`: findings about one subject stay together.
    pub(super) fn new(part: &Part, rule: &RuleView, view: &'a ReportView, size: usize) -> Self {
        let here = |finding: &&Finding| {
            let place = finding.kode_kecamatan.as_deref().unwrap_or_default();
            let placed = part.kecamatan.as_deref().is_none_or(|code| code == place);
            finding.rule == rule.id && placed && part.counts(finding.subject.scope())
        };
        let mut all: Vec<&Finding> = view.findings.iter().filter(here).collect();
        all.sort_by(|a, b| key_of(a).cmp(&key_of(b)));
        let held = all.iter().filter(|finding| finding.outcome == Outcome::BelumDapatDinilai).count();
        let (start, end) = match (read_key(&part.mulai), read_key(&part.sebelum)) {
            (Some((outcome, subject)), _) => {
                let start = all.partition_point(|finding| key_of(finding) <= (outcome, &subject));
                (start, end_of(&all, start, size))
            }
            (None, Some((outcome, subject))) => {
                let end = all.partition_point(|finding| key_of(finding) < (outcome, &subject));
                (start_of(&all, end, size), end)
            }
            (None, None) => (0, end_of(&all, 0, size)),
        };
        Self {
            rows: all[start..end].to_vec(),
            found: all.len() - held,
            held,
            before: start > 0,
            behind: end < all.len(),
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

/// The end of a page that begins at `start`.
fn end_of(all: &[&Finding], start: usize, size: usize) -> usize {
    let Some(last) = all.get(start..).and_then(|rest| rest[..size.min(rest.len())].last()) else { return all.len() };
    all.partition_point(|finding| key_of(finding) <= key_of(last))
}

/// The start of a page that ends before `end`.
fn start_of(all: &[&Finding], end: usize, size: usize) -> usize {
    let Some(first) = all.get(end.saturating_sub(size)..end).and_then(<[_]>::first) else { return 0 };
    all.partition_point(|finding| key_of(finding) < key_of(first))
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
        let (first, last) = (listed.rows.first(), listed.rows.last());
        let (day, region) = (percent(&part.tanggal), percent(&part.wilayah));
        Self {
            t: lang.texts(),
            rule: rule.id.clone(),
            name: lang.pick(&rule.name_id, &rule.name_en).clone(),
            severity: labels::severity(rule.severity, lang),
            legal: rule.legal_basis.clone(),
            to_do: to_do(part, rule, view, lang),
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
            previous: first.filter(|_| listed.before).map(|first| part.link(&rule.id, "sebelum", first)),
            next: last.filter(|_| listed.behind).map(|last| part.link(&rule.id, "mulai", last)),
            page,
        }
    }
}

/// What to do about the findings of a rule: said for persons and for families where both are listed.
fn to_do(part: &Part, rule: &RuleView, view: &ReportView, lang: Lang) -> String {
    let listed = view.rules.iter().filter(|other| other.id == rule.id && part.counts(other.scope));
    let mut said: Vec<&str> = Vec::new();
    for text in listed.map(|rule| lang.pick(&rule.message_id, &rule.message_en).as_str()) {
        if !said.contains(&text) {
            said.push(text);
        }
    }
    said.join(" ")
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
    access::note_findings(&request, listed.rows.iter().copied(), names.persons.keys().copied());
    render(&FindingsPage::new(steward.page, &part, known, &view, &listed, &names))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::steward::samples;

    /// A rule with findings about these persons; those from 90 on cannot be assessed.
    fn report(persons: &[u64]) -> ReportView {
        let view = samples::report_view();
        let finding = |id: &u64| Finding {
            subject: Subject::Person(PersonId(RecordId(*id))),
            outcome: if *id < 90 { Outcome::BelumMenerima } else { Outcome::BelumDapatDinilai },
            ..view.findings[0].clone()
        };
        ReportView { findings: persons.iter().map(finding).collect(), ..view }
    }

    fn shown(listed: &Listed<'_>) -> Vec<String> {
        listed
            .rows
            .iter()
            .map(|finding| subject_name(&finding.subject).trim_start_matches(['P', '0']).to_owned())
            .collect()
    }

    fn part(mulai: &str, sebelum: &str) -> Part {
        Part { mulai: mulai.to_owned(), sebelum: sebelum.to_owned(), ..Part::default() }
    }

    #[test]
    fn a_page_begins_behind_the_last_finding_of_the_one_before() {
        let all = report(&[91, 1, 2, 3, 4, 92]);
        for (mulai, sebelum, expected, before, behind) in [
            ("", "", "1 2", false, true),
            ("belum_menerima.P0000000002", "", "3 4", true, true),
            ("belum_menerima.P0000000004", "", "91 92", true, false),
            ("belum_dapat_dinilai.P0000000092", "", "", true, false),
            ("", "belum_menerima.P0000000003", "1 2", false, true),
            ("", "belum_dapat_dinilai.P0000000091", "3 4", true, true),
            ("2", "", "1 2", false, true),
            ("belum_menerima.é", "", "1 2", false, true),
        ] {
            let listed = Listed::new(&part(mulai, sebelum), &all.rules[0], &all, 2);
            assert_eq!(shown(&listed).join(" "), expected, "{mulai} {sebelum}");
            assert_eq!((listed.before, listed.behind), (before, behind), "{mulai} {sebelum}");
        }
        // The list changes between two pages: what was shown does not come again, and nothing is passed over.
        let later = report(&[3, 4, 5, 91]);
        let listed = Listed::new(&part("belum_menerima.P0000000002", ""), &later.rules[0], &later, 2);
        assert_eq!(shown(&listed), ["3", "4"]);
        let twice = report(&[1, 1, 1, 2]);
        let listed = Listed::new(&part("", ""), &twice.rules[0], &twice, 2);
        assert_eq!(
            (shown(&listed).join(" "), listed.behind),
            ("1 1 1".to_owned(), true),
            "one subject stays on one page"
        );
    }
}
