//! The complementarity report, as JSON or as a CSV table.

use std::collections::BTreeMap;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::auth::Right;
use crate::domain::finding::{Finding, Outcome, RuleKind, RuleSeverity, Scope, Subject};
use crate::http::access;
use crate::http::caller::{Reader, need};
use crate::http::extract::{Backend, asks_for, date, query, region};
use crate::http::problem::{Code, Problem, ProblemDocument};
use crate::service::answers::views::{ReportQuery, ReportView, RuleView};

/// What to report.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReportParams {
    /// As of which date.
    #[param(example = "2025-11-20")]
    as_of: Option<String>,
    /// Only this region.
    #[param(example = "3201")]
    kode_wilayah: Option<String>,
    /// Only this rule, with its single findings.
    #[param(example = "G01")]
    rule: Option<String>,
    /// `gap`, `overlap` or `quality`.
    kind: Option<String>,
}

/// The complementarity report.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReportDto {
    /// As of.
    #[schema(format = Date)]
    as_of: String,
    /// Number of the last matched row: two reports with the same number saw the same data.
    state: u64,
    /// The rules evaluated: one entry for each id and scope, as they are counted.
    rules: Vec<RuleDto>,
    /// Rule by sub-district.
    cells: Vec<CellDto>,
    /// The single findings other than `menerima`, when a rule was asked for.
    findings: Vec<FindingDto>,
    /// Feeds that are not closed and made answers impossible.
    open_feeds: Vec<OpenFeedDto>,
    /// Where a village was asked for: findings of its sub-district that no row assigns to a village. The report does not
    /// count them.
    without_village: u64,
}

/// A rule.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleDto {
    /// Its id.
    #[schema(example = "G01")]
    id: String,
    /// `gap`, `overlap` or `quality`.
    kind: &'static str,
    /// `person`, `family` or `account`.
    scope: &'static str,
    /// `low`, `medium`, `high` or `critical`.
    severity: &'static str,
    /// Name in Indonesian.
    nama: String,
    /// Name in English.
    name: String,
    /// Legal basis.
    legal_basis: String,
}

/// Counts of a rule in a sub-district.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CellDto {
    /// The rule.
    rule: String,
    /// What is counted: `person`, `family` or `account`. A rule that asks about several has a count for each.
    scope: &'static str,
    /// Sub-district code; empty when it is not known.
    kode_kecamatan: String,
    /// Its name.
    kecamatan: String,
    /// Findings by outcome: `menerima`, `belum_menerima`, `tumpang_tindih`, `belum_dapat_dinilai`.
    counts: BTreeMap<&'static str, u64>,
}

/// One finding.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FindingDto {
    /// The rule.
    rule: String,
    /// Whom it is about: a person, a family, or the oldest record of an account.
    #[schema(example = "P0000000042")]
    subject: String,
    /// The family it stands in.
    family: Option<String>,
    /// Persons concerned.
    persons: Vec<String>,
    /// Sub-district code.
    kode_kecamatan: Option<String>,
    /// Village code.
    kode_desa: Option<String>,
    /// The period.
    #[schema(example = "2025-T4")]
    periode: String,
    /// The answer.
    outcome: &'static str,
    /// Records that show it.
    evidence: Vec<u64>,
    /// A machine-readable note.
    #[schema(example = "no_row")]
    note: String,
}

/// A feed that is not closed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenFeedDto {
    /// The feed.
    feed: &'static str,
    /// The region.
    kode_wilayah: String,
    /// The period.
    periode: String,
    /// Answers it made impossible.
    answers: u64,
    /// The agencies that are to send it there and have not closed it; empty where nobody is to send it.
    awaited: Vec<String>,
}

/// The machine name of an outcome.
pub(crate) fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Menerima => "menerima",
        Outcome::BelumMenerima => "belum_menerima",
        Outcome::TumpangTindih => "tumpang_tindih",
        Outcome::BelumDapatDinilai => "belum_dapat_dinilai",
    }
}

/// The number of whatever a finding is about.
pub(crate) fn subject_name(subject: &Subject) -> String {
    match subject {
        Subject::Person(id) => id.to_string(),
        Subject::Family(id) => id.to_string(),
        Subject::Account(record) => format!("R{:010}", record.0),
    }
}

/// The machine name of what a rule asks about.
pub(crate) fn scope_name(scope: Scope) -> &'static str {
    match scope {
        Scope::Person => "person",
        Scope::Family => "family",
        Scope::Account => "account",
    }
}

fn kind_name(kind: RuleKind) -> &'static str {
    match kind {
        RuleKind::Gap => "gap",
        RuleKind::Overlap => "overlap",
        RuleKind::Quality => "quality",
    }
}

impl From<&RuleView> for RuleDto {
    fn from(rule: &RuleView) -> Self {
        Self {
            id: rule.id.clone(),
            kind: kind_name(rule.kind),
            scope: scope_name(rule.scope),
            severity: match rule.severity {
                RuleSeverity::Low => "low",
                RuleSeverity::Medium => "medium",
                RuleSeverity::High => "high",
                RuleSeverity::Critical => "critical",
            },
            nama: rule.name_id.clone(),
            name: rule.name_en.clone(),
            legal_basis: rule.legal_basis.clone(),
        }
    }
}

impl From<&Finding> for FindingDto {
    fn from(finding: &Finding) -> Self {
        Self {
            rule: finding.rule.clone(),
            subject: subject_name(&finding.subject),
            family: finding.family.map(|family| family.to_string()),
            persons: finding.persons.iter().map(ToString::to_string).collect(),
            kode_kecamatan: finding.kode_kecamatan.clone(),
            kode_desa: finding.kode_desa.clone(),
            periode: finding.periode.to_string(),
            outcome: outcome_name(finding.outcome),
            evidence: finding.evidence.iter().map(|record| record.0).collect(),
            note: finding.note.clone(),
        }
    }
}

impl ReportDto {
    /// The report, narrowed to the rules of one kind where asked.
    fn new(view: &ReportView, kind: Option<RuleKind>) -> Self {
        let rules: Vec<&RuleView> =
            view.rules.iter().filter(|rule| kind.is_none_or(|kind| rule.kind == kind)).collect();
        let shown = |id: &str| rules.iter().any(|rule| rule.id == id);
        let cells = view.cells.iter().filter(|cell| shown(&cell.rule)).map(|cell| CellDto {
            rule: cell.rule.clone(),
            scope: scope_name(cell.scope),
            kode_kecamatan: cell.kode_kecamatan.clone(),
            kecamatan: cell.kecamatan.clone(),
            counts: cell.counts.iter().map(|(outcome, count)| (outcome_name(*outcome), *count)).collect(),
        });
        let open_feeds = view.open_feeds.iter().map(|open| OpenFeedDto {
            feed: open.feed.name(),
            kode_wilayah: open.kode_wilayah.clone(),
            periode: open.periode.to_string(),
            answers: open.answers,
            awaited: open.awaited.iter().map(ToString::to_string).collect(),
        });
        Self {
            as_of: view.as_of.to_string(),
            state: view.state,
            cells: cells.collect(),
            findings: view.findings.iter().filter(|finding| shown(&finding.rule)).map(FindingDto::from).collect(),
            open_feeds: open_feeds.collect(),
            without_village: view.without_village,
            rules: rules.into_iter().map(RuleDto::from).collect(),
        }
    }

    /// As a table: the findings when there are any, else the counts.
    fn csv(&self) -> Result<Vec<u8>, csv::Error> {
        let mut table = csv::Writer::from_writer(Vec::new());
        if self.findings.is_empty() {
            table.write_record([
                "rule",
                "kode_kecamatan",
                "kecamatan",
                "menerima",
                "belum_menerima",
                "tumpang_tindih",
                "belum_dapat_dinilai",
                "scope",
            ])?;
            for cell in &self.cells {
                let count = |outcome| cell.counts.get(outcome_name(outcome)).copied().unwrap_or_default().to_string();
                table.write_record([
                    cell.rule.clone(),
                    cell.kode_kecamatan.clone(),
                    cell.kecamatan.clone(),
                    count(Outcome::Menerima),
                    count(Outcome::BelumMenerima),
                    count(Outcome::TumpangTindih),
                    count(Outcome::BelumDapatDinilai),
                    cell.scope.to_owned(),
                ])?;
            }
        } else {
            table.write_record([
                "rule",
                "subject",
                "family",
                "persons",
                "kode_kecamatan",
                "kode_desa",
                "periode",
                "outcome",
                "evidence",
                "note",
            ])?;
            for finding in &self.findings {
                let evidence: Vec<String> = finding.evidence.iter().map(ToString::to_string).collect();
                table.write_record([
                    &finding.rule,
                    &finding.subject,
                    finding.family.as_deref().unwrap_or_default(),
                    &finding.persons.join(";"),
                    finding.kode_kecamatan.as_deref().unwrap_or_default(),
                    finding.kode_desa.as_deref().unwrap_or_default(),
                    &finding.periode,
                    finding.outcome,
                    &evidence.join(";"),
                    &finding.note,
                ])?;
            }
        }
        table.into_inner().map_err(|error| error.into_error().into())
    }
}

/// Who is served by which programme: gaps and overlaps.
///
/// With `Accept: text/csv` as a table: the counts, or the single findings when a rule was asked for.
#[utoipa::path(get, path = "/v1/reports/complementarity", tag = "reports", operation_id = "reportComplementarity",
    params(ReportParams),
    responses((status = 200, description = "The report", content((ReportDto = "application/json"), (String = "text/csv"))),
        (status = 400, description = "A parameter cannot be used", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "No right to read reports", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such rule", body = ProblemDocument, content_type = "application/problem+json")))]
pub(crate) async fn complementarity(
    Reader(caller): Reader,
    request: HttpRequest,
    gateway: Backend,
) -> Result<HttpResponse, Problem> {
    need(&caller, Right::Reports)?;
    let params: ReportParams = query(&request)?;
    let kind = kind(params.kind.as_deref())?;
    let as_of = date("as_of", params.as_of.as_deref())?;
    let kode_wilayah = region("kode_wilayah", params.kode_wilayah)?;
    let view = gateway.get()?.report(&caller, ReportQuery { as_of, kode_wilayah, rule: params.rule }).await?;
    let report = ReportDto::new(&view, kind);
    access::note_findings(&request, &view.findings, []);
    if !asks_for(&request, "text/csv") {
        return Ok(HttpResponse::Ok().json(report));
    }
    let table = report.csv().map_err(|error| Problem::internal(&error))?;
    let name = "attachment; filename=\"komplementaritas.csv\"";
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, name))
        .body(table))
}

fn kind(text: Option<&str>) -> Result<Option<RuleKind>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let known = [RuleKind::Gap, RuleKind::Overlap, RuleKind::Quality].into_iter().find(|kind| kind_name(*kind) == text);
    let message = "give gap, overlap or quality";
    known.map(Some).ok_or_else(|| Problem::field(Code::QueryInvalid, "kind", "isi gap, overlap, atau quality", message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::steward::samples;

    #[test]
    fn a_report_is_narrowed_to_one_kind() {
        let view = samples::report_view();
        let all = ReportDto::new(&view, None);
        let gaps = ReportDto::new(&view, Some(RuleKind::Gap));
        assert!(gaps.rules.len() < all.rules.len() && gaps.cells.len() < all.cells.len());
        assert!(gaps.cells.iter().all(|cell| cell.rule.starts_with('G')));
    }

    #[test]
    fn a_table_holds_findings_when_a_rule_was_asked_for() {
        let view = samples::report_view();
        let lines = |report: &ReportDto| String::from_utf8(report.csv().expect("a table")).expect("UTF-8");
        let findings = lines(&ReportDto::new(&view, None));
        assert!(findings.starts_with("rule,subject,family"), "{findings}");
        assert!(findings.contains("G01,P0000000003"), "{findings}");
        let counts = lines(&ReportDto::new(&ReportView { findings: Vec::new(), ..view }, None));
        assert!(counts.starts_with("rule,kode_kecamatan"), "{counts}");
        assert!(counts.contains("G01,320101,Cibinong,412,37,0,0,person"), "{counts}");
    }
}
