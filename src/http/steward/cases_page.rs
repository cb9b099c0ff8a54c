//! The conflict queue.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::layout::{Lang, Layout, Steward, render};
use super::places::{Places, places};
use super::signs::filters;
use super::texts::Texts;
use super::{format, labels};
use crate::auth::Right;
use crate::domain::case::{CaseState, Question};
use crate::http::access;
use crate::http::config::Config;
use crate::http::extract::{Backend, percent, region};
use crate::http::masked;
use crate::http::problem::Problem;
use crate::service::answers::views::{CaseFilter, CaseOrder, CaseView, Page};

#[derive(Template)]
#[template(path = "cases.html")]
pub(super) struct CasesPage {
    page: Layout,
    t: &'static Texts,
    choice: Choice,
    places: Places,
    reasons: Vec<(&'static str, String)>,
    cases: Vec<CaseRow>,
    total: Option<String>,
    next: Option<String>,
}

/// What the queue is narrowed to.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Choice {
    #[serde(default)]
    alasan: String,
    #[serde(default)]
    wilayah: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    urut: String,
    #[serde(default)]
    mulai: String,
}

struct CaseRow {
    id: String,
    question: &'static str,
    reasons: Vec<String>,
    sides: Vec<Side>,
    /// Weight and probability, where there are any.
    score: Option<(String, String)>,
    /// How many persons share the NIK, or resemble each other.
    shared: Option<String>,
    /// What is said before their number.
    shared_by: &'static str,
    resting: bool,
}

struct Side {
    name: String,
    born: String,
    nik: String,
    feed: &'static str,
}

impl Choice {
    fn filter(&self) -> Result<CaseFilter, Problem> {
        Ok(CaseFilter {
            question: None,
            reason: Some(self.alasan.clone()).filter(|reason| !reason.is_empty()),
            kode_wilayah: region("wilayah", Some(self.wilayah.trim().to_owned()))?,
            state: self.state(),
            order: if self.oldest_first() { CaseOrder::Oldest } else { CaseOrder::Heaviest },
        })
    }

    fn state(&self) -> CaseState {
        match self.status.as_str() {
            "istirahat" => CaseState::Istirahat,
            "selesai" => CaseState::Selesai,
            _ => CaseState::Baru,
        }
    }

    fn rests(&self) -> bool {
        self.state() == CaseState::Istirahat
    }

    fn done(&self) -> bool {
        self.state() == CaseState::Selesai
    }

    fn oldest_first(&self) -> bool {
        self.urut == "lama"
    }

    fn query(&self) -> String {
        let narrowed = format!("alasan={}&wilayah={}", percent(&self.alasan), percent(&self.wilayah));
        format!("{narrowed}&status={}&urut={}", percent(&self.status), percent(&self.urut))
    }
}

impl CasesPage {
    /// One page of the queue.
    pub(super) fn new(page: Layout, choice: Choice, cases: &Page<CaseView>) -> Self {
        let lang = page.lang;
        let codes = cases.items.iter().flat_map(|view| &view.records).filter_map(|record| record.core.kecamatan());
        let places = places(&choice.wilayah, codes);
        let next = cases.next.as_deref().map(|cursor| format!("/konflik?{}&mulai={}", choice.query(), percent(cursor)));
        Self {
            t: lang.texts(),
            reasons: labels::reasons(lang),
            cases: cases.items.iter().map(|view| case_row(view, lang)).collect(),
            total: cases.total.map(|total| format::count(total, lang)),
            next,
            choice,
            places,
            page,
        }
    }
}

fn case_row(view: &CaseView, lang: Lang) -> CaseRow {
    let side = |record: &crate::domain::record::Record| Side {
        name: record.core.nama.clone().unwrap_or_else(|| lang.texts().unknown.to_owned()),
        born: record.core.tanggal_lahir.map(|day| format::date(day, lang)).unwrap_or_default(),
        nik: record.core.nik.as_deref().map(masked::number).unwrap_or_default(),
        feed: labels::feed(record.key.feed, lang),
    };
    CaseRow {
        id: view.case.id.clone(),
        question: labels::question(view.case.question, lang),
        reasons: view.case.reasons.iter().map(|code| labels::reason(code, lang)).collect(),
        sides: view.records.iter().take(if view.case.shared.is_some() { 3 } else { 2 }).map(side).collect(),
        score: view
            .case
            .why
            .as_ref()
            .map(|_| (format::weight(view.case.weight, lang), format::percent(view.case.probability, lang))),
        shared: view.case.shared.map(|by| format::count(by.persons, lang)),
        shared_by: if view.case.question == Question::Crowd { lang.texts().crowd_by } else { lang.texts().shared_by },
        resting: !view.resting.is_empty(),
    }
}

/// The queue, narrowed as the query says.
pub(super) async fn show(
    steward: Steward,
    request: HttpRequest,
    config: web::Data<Config>,
    gateway: Backend,
) -> Result<HttpResponse, Problem> {
    let caller = steward.with(Right::Review)?;
    let choice =
        web::Query::<Choice>::from_query(request.query_string()).map(web::Query::into_inner).unwrap_or_default();
    let cursor = Some(choice.mulai.clone()).filter(|cursor| !cursor.is_empty());
    let cases = gateway.get()?.cases(caller, choice.filter()?, cursor, config.limits.page_items).await?;
    access::note_cases(&request, &cases.items);
    render(&CasesPage::new(steward.page, choice, &cases))
}
