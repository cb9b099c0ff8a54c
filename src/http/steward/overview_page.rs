//! The first page: what was received, what is known, what waits.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::layout::{Layout, Steward, render};
use super::texts::Texts;
use super::{format, labels};
use crate::auth::Right;
use crate::domain::date::Timestamp;
use crate::http::extract::Backend;
use crate::http::problem::Problem;
use crate::http::tls::{Served, Validity, WARN_DAYS};
use crate::service::answers::views::{BatchView, FeedLine, Overview, StopKeyLine};

#[derive(Template)]
#[template(path = "overview.html")]
pub(super) struct OverviewPage {
    page: Layout,
    t: &'static Texts,
    persons: String,
    families: String,
    in_many: String,
    share: String,
    open_cases: String,
    resting_cases: String,
    decided_cases: String,
    waiting: String,
    busy: bool,
    closed: String,
    feeds: Vec<FeedRow>,
    batches: Vec<BatchRow>,
    stop_keys: Vec<StopKeyRow>,
    /// How many there are, where not all are shown.
    stop_keys_total: Option<String>,
    model: String,
    certificate: String,
    /// How many days are left of the certificate, where it expires soon or has expired.
    expires: Option<String>,
}

struct FeedRow {
    name: &'static str,
    code: &'static str,
    agencies: String,
    records: String,
    flagged: String,
    flagged_share: String,
    last: String,
}

struct StopKeyRow {
    rule: String,
    rows: String,
    example: Option<String>,
}

struct BatchRow {
    at: String,
    agency: String,
    feed: &'static str,
    rows: String,
    accepted: String,
    flagged: String,
    unchanged: String,
    older: String,
    refused: String,
    has_refused: bool,
    matched: bool,
    alarms: Vec<String>,
}

impl OverviewPage {
    /// The page of a state.
    pub(super) fn new(page: Layout, view: &Overview, validity: &Validity) -> Self {
        let lang = page.lang;
        let days_left = validity.days_left(Timestamp::now());
        let count = |number| format::count(number, lang);
        Self {
            t: lang.texts(),
            persons: count(view.persons),
            families: count(view.families),
            in_many: count(view.persons_in_many_feeds),
            share: share(view.persons_in_many_feeds, view.persons, &page),
            open_cases: count(view.open_cases),
            resting_cases: count(view.resting_cases),
            decided_cases: count(view.decided_cases),
            waiting: count(view.waiting_rows),
            busy: view.waiting_rows > 0,
            closed: count(view.closed_feeds),
            feeds: view.feeds.iter().map(|line| feed_row(line, &page)).collect(),
            batches: view.batches.iter().map(|view| batch_row(view, &page)).collect(),
            stop_keys: view.stop_keys.iter().map(|key| stop_key_row(key, &page)).collect(),
            stop_keys_total: (view.stop_keys_total > view.stop_keys.len() as u64).then(|| count(view.stop_keys_total)),
            model: view.model.clone(),
            certificate: format::time(validity.not_after, lang),
            expires: (days_left < WARN_DAYS).then(|| days_left.max(0).to_string()),
            page,
        }
    }
}

fn share(part: u64, whole: u64, page: &Layout) -> String {
    if whole == 0 { String::new() } else { format::percent(part as f64 / whole as f64, page.lang) }
}

fn feed_row(line: &FeedLine, page: &Layout) -> FeedRow {
    let agencies: Vec<String> = line.agencies.iter().map(ToString::to_string).collect();
    FeedRow {
        name: labels::feed(line.feed, page.lang),
        code: line.feed.name(),
        agencies: if agencies.is_empty() { "\u{2013}".to_owned() } else { agencies.join(", ") },
        records: format::count(line.records, page.lang),
        flagged: format::count(line.flagged, page.lang),
        flagged_share: share(line.flagged, line.records, page),
        last: line.last.map_or_else(|| page.lang.texts().never.to_owned(), |at| format::time(at, page.lang)),
    }
}

fn stop_key_row(key: &StopKeyLine, page: &Layout) -> StopKeyRow {
    StopKeyRow {
        rule: key.rule.clone(),
        rows: format::count(key.rows, page.lang),
        example: key.example.map(|person| person.to_string()),
    }
}

fn batch_row(view: &BatchView, page: &Layout) -> BatchRow {
    let counts = view.batch.counts;
    let count = |number| format::count(number, page.lang);
    BatchRow {
        at: format::time(view.batch.received_at, page.lang),
        agency: view.batch.agency.to_string(),
        feed: labels::feed(view.batch.feed, page.lang),
        rows: count(counts.baris),
        accepted: count(counts.diterima + counts.ditandai),
        flagged: count(counts.ditandai),
        unchanged: count(counts.tanpa_perubahan),
        older: count(counts.lebih_lama),
        refused: count(counts.ditolak),
        has_refused: counts.ditolak > 0,
        matched: view.matched,
        alarms: view.batch.alarms.iter().map(|alarm| labels::alarm(alarm, page.lang)).collect(),
    }
}

/// The overview.
pub(super) async fn show(
    steward: Steward,
    gateway: Backend,
    served: web::Data<Served>,
) -> Result<HttpResponse, Problem> {
    let view = gateway.get()?.overview(steward.with(Right::Reports)?).await?;
    render(&OverviewPage::new(steward.page, &view, &served.validity()))
}
