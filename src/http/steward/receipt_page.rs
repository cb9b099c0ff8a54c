//! What became of a list that was sent: in all, per reason, row by row, and as files.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::layout::{Lang, Layout, Steward, render};
use super::signs::filters;
use super::texts::Texts;
use super::uploads::Uploads;
use super::{format, labels};
use crate::auth::Right;
use crate::domain::batch::{ReceiptLine, RowOutcome};
use crate::http::extract::{Backend, percent, query};
use crate::http::problem::{Code, Problem};
use crate::service::answers::receipt_summary::{LineFilter, Reason, ReceiptSummary};
use crate::service::answers::views::BatchView;

/// Rows on a page.
const PAGE_ROWS: usize = 50;
/// Lines that are read at a time for a download.
const DOWNLOAD_LINES: usize = 10_000;

#[derive(Template)]
#[template(path = "receipt.html")]
pub(super) struct ReceiptPage {
    page: Layout,
    t: &'static Texts,
    id: String,
    feed: &'static str,
    at: String,
    rows: String,
    /// Accepted, to look at, unchanged, older, refused.
    accepted: String,
    flagged: String,
    unchanged: String,
    older: String,
    refused: String,
    has_refused: bool,
    has_flagged: bool,
    matched: bool,
    alarms: Vec<String>,
    refusing: Vec<ReasonRow>,
    doubtful: Vec<ReasonRow>,
    repaired: Vec<ReasonRow>,
    outcomes: Vec<(&'static str, String, bool)>,
    reason: String,
    fitting: String,
    lines: Vec<LineRow>,
    previous: Option<String>,
    next: Option<String>,
    /// The list that was sent, while it is held: it can be had with its bad cells marked.
    upload: Option<String>,
}

struct ReasonRow {
    field: String,
    sentence: String,
    rows: String,
    first: String,
    link: String,
}

struct LineRow {
    row: u64,
    id: String,
    outcome: &'static str,
    class: &'static str,
    notes: Vec<(String, String)>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReceiptQuery {
    #[serde(default)]
    hasil: String,
    #[serde(default)]
    alasan: String,
    #[serde(default)]
    mulai: u64,
    /// The language switch stands in it, too.
    #[serde(rename = "lang")]
    _language: Option<String>,
}

impl ReceiptQuery {
    fn filter(&self) -> LineFilter {
        let reason = self.alasan.rsplit_once('.').map(|(pointer, code)| (pointer.to_owned(), code.to_owned()));
        LineFilter { outcome: RowOutcome::ALL.into_iter().find(|outcome| outcome.code() == self.hasil), reason }
    }
}

/// The words of an outcome, and the class of its chip.
pub(super) fn outcome(outcome: RowOutcome, lang: Lang) -> (&'static str, &'static str) {
    match outcome {
        RowOutcome::Diterima => (lang.pick("diterima", "accepted"), "good"),
        RowOutcome::Ditandai => (lang.pick("diterima, perlu dilihat", "accepted, to look at"), "gap"),
        RowOutcome::Ditolak => (lang.pick("ditolak", "refused"), "bad"),
        RowOutcome::TanpaPerubahan => (lang.pick("tidak berubah", "unchanged"), "open"),
        RowOutcome::LebihLama => (lang.pick("lebih lama, tanpa pengaruh", "older, without effect"), "open"),
    }
}

/// What is said of a line: JSON pointer of the field, and the sentence.
pub(super) fn notes(line: &ReceiptLine, lang: Lang) -> Vec<(String, String)> {
    let reasons =
        line.kesalahan.iter().map(|reason| (&reason.pointer, lang.pick(&reason.pesan, &reason.message).clone()));
    let flags = line
        .tanda
        .iter()
        .map(|flag| (&flag.pointer, lang.pick(flag.code.message_id(), flag.code.message_en()).to_owned()));
    let mut notes: Vec<(String, String)> =
        reasons.chain(flags).map(|(pointer, sentence)| (pointer.clone(), sentence)).collect();
    if let Some(day) = line.berlaku {
        let day = format::date(day, lang);
        let sentence = lang.pick(
            format!("Baris bertanggal {day} sudah berlaku; baris ini tidak mengubah apa pun"),
            format!("The row of {day} stands already; this row changes nothing"),
        );
        notes.push(("/tgl_data".to_owned(), sentence));
    }
    notes
}

/// The label of the field that a JSON pointer names; nothing for the row as a whole.
fn field_of(pointer: &str, lang: Lang) -> String {
    let name = pointer.trim_start_matches('/').split('/').next().unwrap_or_default();
    if name.is_empty() { String::new() } else { labels::field(name, lang) }
}

impl ReceiptPage {
    fn new(
        page: Layout,
        view: &BatchView,
        summary: &ReceiptSummary,
        asked: &ReceiptQuery,
        upload: Option<String>,
    ) -> Self {
        let lang = page.lang;
        let (batch, counts) = (&view.batch, view.batch.counts);
        let count = |number| format::count(number, lang);
        let path = format!("/kiriman/{}", batch.id);
        let row = |reason: &Reason| ReasonRow {
            field: field_of(&reason.pointer, lang),
            sentence: lang.pick(&reason.pesan, &reason.message).clone(),
            rows: count(reason.rows),
            first: reason.first.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
                + if reason.rows > reason.first.len() as u64 { ", \u{2026}" } else { "" },
            link: format!("{path}?alasan={}#baris", percent(&format!("{}.{}", reason.pointer, reason.code))),
        };
        let of = |fits: &dyn Fn(&Reason) -> bool| summary.reasons.iter().filter(|one| fits(one)).map(row).collect();
        let outcomes = RowOutcome::ALL.into_iter().filter(|outcome| counts.of(*outcome) > 0).map(|one| {
            let words = format!("{} ({})", outcome(one, lang).0, count(counts.of(one)));
            (one.code(), words, one.code() == asked.hasil)
        });
        let at = |skip: u64| {
            let (hasil, alasan) = (percent(&asked.hasil), percent(&asked.alasan));
            format!("{path}?hasil={hasil}&alasan={alasan}&mulai={skip}#baris")
        };
        let reached = asked.mulai + summary.lines.len() as u64;
        Self {
            t: lang.texts(),
            id: batch.id.clone(),
            feed: labels::feed(batch.feed, lang),
            at: format::time(batch.received_at, lang),
            rows: count(counts.baris),
            accepted: count(counts.diterima),
            flagged: count(counts.ditandai),
            unchanged: count(counts.tanpa_perubahan),
            older: count(counts.lebih_lama),
            refused: count(counts.ditolak),
            has_refused: counts.ditolak > 0,
            has_flagged: counts.ditandai > 0,
            matched: view.matched,
            alarms: batch.alarms.iter().map(|alarm| labels::alarm(alarm, lang)).collect(),
            refusing: of(&|reason| reason.refuses),
            doubtful: of(&|reason| !reason.refuses && !reason.repaired),
            repaired: of(&|reason| reason.repaired),
            outcomes: outcomes.collect(),
            reason: asked.alasan.clone(),
            fitting: count(summary.fitting),
            lines: summary.lines.iter().map(|line| line_row(line, lang)).collect(),
            previous: (asked.mulai > 0).then(|| at(asked.mulai.saturating_sub(PAGE_ROWS as u64))),
            next: (reached < summary.fitting).then(|| at(reached)),
            upload,
            page,
        }
    }
}

fn line_row(line: &ReceiptLine, lang: Lang) -> LineRow {
    let (words, class) = outcome(line.hasil, lang);
    let id = line.id_sumber.clone().unwrap_or_default();
    let notes = notes(line, lang).into_iter().map(|(pointer, sentence)| (field_of(&pointer, lang), sentence)).collect();
    LineRow { row: line.baris, id, outcome: words, class, notes }
}

/// The receipt of a batch of the agency of whoever is signed in.
pub(super) async fn show(
    steward: Steward,
    request: HttpRequest,
    id: web::Path<String>,
    gateway: Backend,
    uploads: web::Data<Uploads>,
) -> Result<HttpResponse, Problem> {
    let asked: ReceiptQuery = query(&request)?;
    let caller = steward.with(Right::Push)?;
    let gateway = gateway.get()?;
    let view = gateway.batch(caller, &id).await?;
    let summary = gateway.receipt_summary(caller, &id, &asked.filter(), (asked.mulai, PAGE_ROWS)).await?;
    let upload = uploads.of_batch(caller, &id).map(|upload| upload.id.clone());
    render(&ReceiptPage::new(steward.page, &view, &summary, &asked, upload))
}

/// The receipt as a file: `csv`, `json` or `xlsx`.
pub(super) async fn download(
    steward: Steward,
    path: web::Path<(String, String)>,
    gateway: Backend,
    uploads: web::Data<Uploads>,
) -> Result<HttpResponse, Problem> {
    let (id, form) = path.into_inner();
    let caller = steward.with(Right::Push)?;
    let lines = all_lines(gateway.get()?, caller, &id).await?;
    let lang = steward.page.lang;
    let (kind, body) = match form.as_str() {
        "csv" => ("text/csv; charset=utf-8", csv(&lines, lang).map_err(|error| Problem::internal(&error))?),
        "json" => {
            let lines: Vec<crate::http::api::receipts::LineDto> = lines.iter().map(Into::into).collect();
            ("application/json", serde_json::to_vec_pretty(&lines).map_err(|error| Problem::internal(&error))?)
        }
        "xlsx" => {
            let upload = uploads.of_batch(caller, &id).ok_or_else(gone)?;
            let marked = web::block(move || upload.marked(&lines, lang)).await?;
            (crate::http::api::lists::XLSX, marked.map_err(|error| crate::http::api::lists::not_read(&error))?)
        }
        _ => return Err(Problem::new(Code::NotFound, "csv, json or xlsx")),
    };
    let name = format!("attachment; filename=\"tanda-terima-{id}.{form}\"");
    Ok(HttpResponse::Ok().content_type(kind).insert_header((header::CONTENT_DISPOSITION, name)).body(body))
}

fn gone() -> Problem {
    Problem::new(Code::NotFound, "the list is not held any more; the receipt as CSV names row and reason of each")
}

async fn all_lines(
    gateway: &crate::service::gateway::Gateway,
    caller: &crate::auth::Caller,
    id: &str,
) -> Result<Vec<ReceiptLine>, Problem> {
    let (mut lines, mut cursor) = (Vec::new(), None);
    loop {
        let page = gateway.receipt(caller, id, cursor, DOWNLOAD_LINES).await?;
        lines.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            return Ok(lines);
        }
    }
}

/// With `;` and a byte order mark, as spreadsheet programs set to Indonesian open it.
fn csv(lines: &[ReceiptLine], lang: Lang) -> Result<Vec<u8>, csv::Error> {
    let mut table = csv::WriterBuilder::new().delimiter(b';').from_writer("\u{feff}".as_bytes().to_vec());
    let headings = lang.pick(
        ["Baris", "id_sumber", "Hasil", "Kolom", "Keterangan"],
        ["Row", "id_sumber", "Outcome", "Column", "Note"],
    );
    table.write_record(headings)?;
    for line in lines {
        let row = line.baris.to_string();
        let id = crate::sheet::guard::guarded(line.id_sumber.as_deref().unwrap_or_default());
        let words = outcome(line.hasil, lang).0;
        let notes = notes(line, lang);
        if notes.is_empty() {
            table.write_record([row.as_str(), &id, words, "", ""])?;
        }
        for (pointer, sentence) in notes {
            table.write_record([row.as_str(), &id, words, &field_of(&pointer, lang), &sentence])?;
        }
    }
    table.into_inner().map_err(|error| error.into_error().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::steward::samples;

    #[test]
    fn a_receipt_as_csv_opens_in_a_spreadsheet() {
        let text = String::from_utf8(csv(&samples::pushed().lines, Lang::Indonesian).expect("a table")).expect("UTF-8");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "\u{feff}Baris;id_sumber;Hasil;Kolom;Keterangan");
        assert!(lines.iter().any(|line| line.contains(";diterima, perlu dilihat;Jenis kelamin;")), "{text}");
        assert!(lines.iter().any(|line| line.contains(";ditolak;NIK;")), "{text}");
    }
}
