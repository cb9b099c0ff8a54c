//! Complementarity: one table a kind of rule, sub-districts down, rules across, every cell a way to its list.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::layout::{Lang, Layout, Steward, render};
use super::places::{Places, places};
use super::texts::Texts;
use super::{format, labels};
use crate::auth::Right;
use crate::domain::finding::{Outcome, RuleKind, Scope};
use crate::http::api::reports::scope_name;
use crate::http::extract::{Backend, date, percent, region};
use crate::http::problem::Problem;
use crate::service::answers::views::{ReportCell, ReportQuery, ReportView, RuleView};

#[derive(Template)]
#[template(path = "report.html")]
pub(super) struct ReportPage {
    page: Layout,
    t: &'static Texts,
    choice: Choice,
    places: Places,
    /// The day for the form.
    day: String,
    as_of: String,
    state: String,
    tables: Vec<KindTable>,
    open_feeds: Vec<OpenFeed>,
    /// Findings that no row assigns to a village, where one was asked for.
    without_village: Option<String>,
}

/// What the report is narrowed to.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Choice {
    #[serde(default)]
    pub(super) tanggal: String,
    #[serde(default)]
    pub(super) wilayah: String,
}

/// The rules of one kind.
struct KindTable {
    title: &'static str,
    text: &'static str,
    class: &'static str,
    rules: Vec<RuleHead>,
    total: Vec<Cell>,
    rows: Vec<TableRow>,
}

struct RuleHead {
    id: String,
    name: String,
    severity: &'static str,
    legal: String,
    /// What is counted, where a rule has a column for persons and one for families.
    counted: Option<&'static str>,
}

struct TableRow {
    kecamatan: String,
    cells: Vec<Cell>,
}

#[derive(Default)]
struct Cell {
    link: String,
    found: String,
    open: String,
    share: String,
    heat: u8,
    empty: bool,
    /// Nothing of it could be assessed.
    held: bool,
}

struct OpenFeed {
    feed: &'static str,
    code: &'static str,
    region: String,
    period: String,
    awaited: String,
    answers: String,
}

/// A sub-district with fewer findings of a rule than this is never the darkest.
const DARK: u64 = 5;

type Counts = BTreeMap<Outcome, u64>;

impl ReportPage {
    /// The page of a report.
    pub(super) fn new(page: Layout, choice: Choice, view: &ReportView) -> Self {
        let lang = page.lang;
        let t = lang.texts();
        let kinds = [
            (RuleKind::Gap, t.gaps, t.gaps_text, "gap"),
            (RuleKind::Overlap, t.overlaps, t.overlaps_text, "bad"),
            (RuleKind::Quality, t.quality, t.quality_text, "open"),
        ];
        let tables = kinds.into_iter().filter_map(|(kind, title, text, class)| {
            let rules: Vec<&RuleView> = view.rules.iter().filter(|rule| rule.kind == kind).collect();
            let (total, rows) = Sheet { view, rules: &rules, choice: &choice, lang }.rows();
            let rules: Vec<RuleHead> = rules.iter().map(|rule| head(rule, &rules, lang)).collect();
            (!rules.is_empty()).then_some(KindTable { title, text, class, rules, total, rows })
        });
        Self {
            t,
            places: places(&choice.wilayah, view.cells.iter().map(|cell| cell.kode_kecamatan.as_str())),
            day: view.as_of.to_string(),
            as_of: format::date(view.as_of, lang),
            state: format::count(view.state, lang),
            tables: tables.collect(),
            open_feeds: open_feeds(view, lang),
            without_village: (view.without_village > 0).then(|| format::count(view.without_village, lang)),
            choice,
            page,
        }
    }
}

/// Whether a rule has another column, too: what it is about then stands in its head.
fn several(rule: &RuleView, rules: &[&RuleView]) -> bool {
    rules.iter().any(|other| other.id == rule.id && other.scope != rule.scope)
}

fn head(rule: &RuleView, rules: &[&RuleView], lang: Lang) -> RuleHead {
    RuleHead {
        id: rule.id.clone(),
        // A slash is a place to break a line in the narrow heads of the table.
        name: lang.pick(&rule.name_id, &rule.name_en).replace('/', "/\u{200b}"),
        severity: labels::severity(rule.severity, lang),
        legal: rule.legal_basis.clone(),
        counted: several(rule, rules).then(|| labels::scope(rule.scope, lang)),
    }
}

fn open_feeds(view: &ReportView, lang: Lang) -> Vec<OpenFeed> {
    let line = |open: &crate::service::answers::views::OpenFeed| {
        let awaited: Vec<String> = open.awaited.iter().map(ToString::to_string).collect();
        OpenFeed {
            feed: labels::feed(open.feed, lang),
            code: open.feed.name(),
            region: super::decoded::region_name(&open.kode_wilayah),
            period: format::period(open.periode, lang),
            awaited: if awaited.is_empty() { "\u{2013}".to_owned() } else { awaited.join(", ") },
            answers: format::count(open.answers, lang),
        }
    };
    view.open_feeds.iter().map(line).collect()
}

/// A rule and what it counts.
type Column<'a> = (&'a str, Scope);

fn column(rule: &RuleView) -> Column<'_> {
    (&rule.id, rule.scope)
}

/// Makes the cells of one table.
struct Sheet<'a> {
    view: &'a ReportView,
    rules: &'a [&'a RuleView],
    choice: &'a Choice,
    lang: Lang,
}

impl Sheet<'_> {
    /// The line of totals and one line a sub-district.
    fn rows(&self) -> (Vec<Cell>, Vec<TableRow>) {
        let mut places: BTreeMap<&str, (&str, BTreeMap<Column<'_>, &Counts>)> = BTreeMap::new();
        let mut totals: BTreeMap<Column<'_>, Counts> = BTreeMap::new();
        for cell in self.view.cells.iter().filter(|cell| self.rules.iter().any(|rule| rule.id == cell.rule)) {
            let column = (cell.rule.as_str(), cell.scope);
            let place = places.entry(&cell.kode_kecamatan).or_insert((&cell.kecamatan, BTreeMap::new()));
            place.1.insert(column, &cell.counts);
            let total = totals.entry(column).or_default();
            cell.counts.iter().for_each(|(outcome, count)| *total.entry(*outcome).or_default() += count);
        }
        let total = self.rules.iter().map(|rule| self.cell(rule, None, totals.get(&column(rule)), 0));
        let row = |(code, (name, counts)): (&str, (&str, BTreeMap<Column<'_>, &Counts>))| {
            let cells = self.rules.iter().map(|rule| {
                let most = places_most(self.view, column(rule));
                self.cell(rule, Some(code), counts.get(&column(rule)).copied(), most)
            });
            let kecamatan = if code.is_empty() { self.lang.texts().no_region } else { name };
            TableRow { kecamatan: kecamatan.to_owned(), cells: cells.collect() }
        };
        (total.collect(), places.into_iter().map(row).collect())
    }

    fn cell(&self, rule: &RuleView, kecamatan: Option<&str>, counts: Option<&Counts>, most: u64) -> Cell {
        let Some(counts) = counts else { return Cell { empty: true, ..Cell::default() } };
        let count = |outcome| counts.get(&outcome).copied().unwrap_or_default();
        let found = found(counts);
        let assessed = found + count(Outcome::Menerima);
        let open = count(Outcome::BelumDapatDinilai);
        let place = kecamatan.map(|code| format!("&kecamatan={}", percent(code))).unwrap_or_default();
        let subject =
            if several(rule, self.rules) { format!("&subjek={}", scope_name(rule.scope)) } else { String::new() };
        let query = format!("tanggal={}&wilayah={}", percent(&self.choice.tanggal), percent(&self.choice.wilayah));
        Cell {
            link: format!("/komplementaritas/{}?{query}{place}{subject}", percent(&rule.id)),
            found: format::count(found, self.lang),
            open: if open == 0 { String::new() } else { format::count(open, self.lang) },
            share: if count(Outcome::Menerima) == 0 {
                String::new()
            } else {
                format::percent(found as f64 / assessed as f64, self.lang)
            },
            heat: if kecamatan.is_none() { 0 } else { heat(found, most) },
            empty: assessed + open == 0,
            held: assessed == 0 && open > 0,
        }
    }
}

/// Findings proper: gaps and overlaps.
fn found(counts: &Counts) -> u64 {
    [Outcome::BelumMenerima, Outcome::TumpangTindih].iter().filter_map(|outcome| counts.get(outcome)).sum()
}

/// The largest number of findings of a rule in one sub-district.
fn places_most(view: &ReportView, rule: Column<'_>) -> u64 {
    let here = |cell: &&ReportCell| (cell.rule.as_str(), cell.scope) == rule;
    view.cells.iter().filter(here).map(|cell| found(&cell.counts)).max().unwrap_or_default()
}

/// How dark a cell is, 0 to 4: its share of the largest one of its rule. Where all are small none is dark.
fn heat(found: u64, most: u64) -> u8 {
    if found == 0 { 0 } else { (found * 4).div_ceil(most.max(DARK)).min(4) as u8 }
}

/// The report, narrowed as the query says.
pub(super) async fn show(steward: Steward, request: HttpRequest, gateway: Backend) -> Result<HttpResponse, Problem> {
    let caller = steward.with(Right::Reports)?;
    let choice =
        web::Query::<Choice>::from_query(request.query_string()).map(web::Query::into_inner).unwrap_or_default();
    let view = gateway.get()?.report(caller, choice.question(None)?).await?;
    render(&ReportPage::new(steward.page, choice, &view))
}

impl Choice {
    /// The question to the gateway.
    pub(super) fn question(&self, rule: Option<String>) -> Result<ReportQuery, Problem> {
        let as_of = date("tanggal", Some(self.tanggal.trim()))?;
        Ok(ReportQuery { as_of, kode_wilayah: region("wilayah", Some(self.wilayah.trim().to_owned()))?, rule })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_cell_of_a_rule_is_the_darkest() {
        for (found, most, expected) in
            [(0, 10, 0), (1, 10, 1), (5, 10, 2), (6, 10, 3), (10, 10, 4), (1, 1, 1), (3, 3, 3), (0, 0, 0)]
        {
            assert_eq!(heat(found, most), expected, "{found} of {most}");
        }
    }
}
