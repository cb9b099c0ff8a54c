//! One conflict: the records side by side, why they were asked about, and the verdict.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;
use uuid::Uuid;

use super::compare::{Comparison, compare};
use super::layout::{Lang, Layout, Steward, render};
use super::signs::filters;
use super::texts::Texts;
use super::waterfall::{Waterfall, draw};
use super::{format, forms, labels, see_other};
use crate::auth::Right;
use crate::domain::case::{CaseState, Explained, Question};
use crate::domain::date::Date;
use crate::domain::decision::{Decision, Verdict};
use crate::domain::person::PersonField;
use crate::http::access;
use crate::http::api::cases::{Putusan, verdict_request};
use crate::http::config::Config;
use crate::http::extract::Backend;
use crate::http::problem::{Code, Problem};
use crate::service::answers::views::CaseView;
use crate::service::gateway::IdempotencyKey;

#[derive(Template)]
#[template(path = "case.html")]
pub(super) struct CasePage {
    page: Layout,
    t: &'static Texts,
    id: String,
    question: &'static str,
    reasons: Vec<String>,
    offer: Offer,
    /// What it means that a row was withdrawn, where one was.
    resting: Option<&'static str>,
    /// How many persons and records share the NIK, or resemble each other.
    shared: Option<(String, String)>,
    /// What is said of these.
    sharing: Sharing,
    compared: Comparison,
    others: u64,
    why: Option<Why>,
    persons: Vec<(String, String)>,
    decisions: Vec<DecisionRow>,
    latest: Option<DecisionRow>,
    saved: bool,
    /// Makes a form safe to send twice.
    key: String,
}

/// What is said where a case is about many persons.
struct Sharing {
    by: &'static str,
    text: &'static str,
    too_many: &'static str,
}

impl Sharing {
    fn of(question: Question, t: &Texts) -> Self {
        match question {
            Question::Crowd => Self { by: t.crowd_by, text: t.crowd_text, too_many: t.crowd_too_many },
            Question::SharedNik | Question::SamePerson | Question::OverLinked | Question::Statement => {
                Self { by: t.shared_by, text: t.shared_text, too_many: t.shared_too_many }
            }
        }
    }
}

/// What a steward can do with the case.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Offer {
    /// Decide it.
    Verdicts,
    /// Take the decision back.
    Undo,
    /// Nothing: it is about too many persons.
    TooMany,
    /// Nothing: it rests.
    Rest,
}

impl Offer {
    fn of(view: &CaseView) -> Self {
        match view.case.state {
            CaseState::Istirahat => Self::Rest,
            _ if view.can_be_taken_back() => Self::Undo,
            _ if view.can_be_decided() => Self::Verdicts,
            CaseState::Baru | CaseState::Selesai => Self::TooMany,
        }
    }

    fn is_undo(self) -> bool {
        self == Self::Undo
    }

    fn is_rest(self) -> bool {
        self == Self::Rest
    }

    fn is_too_many(self) -> bool {
        self == Self::TooMany
    }
}

/// Why the pair has its weight.
struct Why {
    gist: &'static str,
    probability: String,
    picture: Waterfall,
    vetoes: Vec<String>,
    model: String,
}

#[derive(Clone)]
struct DecisionRow {
    what: &'static str,
    class: &'static str,
    by: String,
    at: String,
    reason: String,
}

/// What the verdict forms send.
#[derive(Deserialize)]
pub(super) struct VerdictForm {
    token: String,
    kunci: String,
    putusan: Putusan,
    #[serde(default)]
    alasan: String,
}

impl CasePage {
    /// The page of a case as known on `today`.
    pub(super) fn new(page: Layout, view: &CaseView, today: Date, key: String) -> Self {
        let lang = page.lang;
        let decisions: Vec<DecisionRow> = view.decisions.iter().map(|decision| decision_row(decision, lang)).collect();
        // The person of the first record is the first person.
        let mut persons = view.persons.clone();
        persons.sort_by_key(|person| !view.records.first().is_some_and(|first| person.records.contains(&first.id)));
        let mut compared = compare(&view.records, &persons, today, lang);
        let lines = view.case.why.iter().flat_map(|why| &why.lines);
        if lines.into_iter().any(|line| line.comparison == "nama_ibu" && line.level == "same") {
            compared.mothers_agree(lang);
        }
        let name = |person: &crate::domain::person::GoldenPerson| {
            person.value(PersonField::Nama).unwrap_or(lang.texts().unknown).to_owned()
        };
        Self {
            t: lang.texts(),
            id: view.case.id.clone(),
            question: labels::question(view.case.question, lang),
            reasons: view.case.reasons.iter().map(|code| labels::reason(code, lang)).collect(),
            offer: Offer::of(view),
            resting: view.resting.first().map(|_| resting_text(view.case.state, lang.texts())),
            shared: view.case.shared.map(|by| (format::count(by.persons, lang), format::count(by.records, lang))),
            sharing: Sharing::of(view.case.question, lang.texts()),
            others: view
                .case
                .shared
                .map_or(view.records.len() as u64, |by| by.records)
                .saturating_sub(compared.columns.len() as u64),
            compared,
            why: view.case.why.as_ref().map(|explained| why(view, explained, lang)),
            persons: persons.iter().map(|person| (person.id.to_string(), name(person))).collect(),
            latest: decisions.last().cloned(),
            decisions,
            saved: false,
            key,
            page,
        }
    }
}

/// What it means for a case that a row of it was withdrawn.
fn resting_text(state: CaseState, t: &'static Texts) -> &'static str {
    match state {
        CaseState::Istirahat => t.resting_case_text,
        CaseState::Baru | CaseState::Selesai => t.resting_text,
    }
}

fn why(view: &CaseView, explained: &Explained, lang: Lang) -> Why {
    Why {
        gist: gist(view, explained, lang.texts()),
        probability: format::percent(explained.probability, lang),
        picture: draw(explained, lang),
        vetoes: explained.vetoes.iter().map(|veto| labels::veto(veto, lang)).collect(),
        model: explained.model.clone(),
    }
}

/// Why the machine left it to a person, in one sentence.
fn gist(view: &CaseView, explained: &Explained, t: &'static Texts) -> &'static str {
    let (review, link) = explained.thresholds;
    let total = explained.total;
    let asked = |code: &str| view.case.reasons.iter().any(|reason| reason.starts_with(code));
    if total < review {
        t.gist_below
    } else if total < link {
        t.gist_between
    } else if !explained.vetoes.is_empty() {
        t.gist_veto
    } else if asked("REFUSED_") {
        t.gist_refused
    } else if asked("NO_STRONG") {
        t.gist_weak
    } else {
        t.gist_enough
    }
}

fn decision_row(decision: &Decision, lang: Lang) -> DecisionRow {
    let t = lang.texts();
    let (what, class) = match decision.verdict {
        Some(Verdict::Gabungkan) => (t.merge, "good"),
        Some(Verdict::BukanDuplikat) => (t.distinct, "bad"),
        None => (t.revoke, "open"),
    };
    let (by, reason) = (decision.by.clone(), decision.reason.clone());
    DecisionRow { what, class, by, at: format::time(decision.at, lang), reason }
}

/// One case.
pub(super) async fn show(
    steward: Steward,
    id: web::Path<String>,
    request: HttpRequest,
    gateway: Backend,
) -> Result<HttpResponse, Problem> {
    let view = gateway.get()?.case(steward.with(Right::Review)?, &id).await?;
    access::note_cases(&request, [&view]);
    let key = Uuid::now_v7().to_string();
    let mut page = CasePage::new(steward.page, &view, format::today(), key);
    page.saved = request.query_string().split('&').any(|pair| pair == "tersimpan=ya");
    render(&page)
}

/// A verdict, or its undoing.
pub(super) async fn decide(
    steward: Steward,
    id: web::Path<String>,
    request: HttpRequest,
    payload: web::Payload,
    config: web::Data<Config>,
    gateway: Backend,
) -> Result<HttpResponse, Problem> {
    let caller = steward.with(Right::Review)?;
    let form: VerdictForm = forms::read(&request, payload, &config).await?;
    forms::check_token(&steward.session, &form.token)?;
    let answer = verdict_request(form.putusan, &form.alasan)?;
    let key = IdempotencyKey::new(&form.kunci).ok_or_else(|| Problem::new(Code::KeyInvalid, "open the page again"))?;
    let view = gateway.get()?.decide(caller, &id, key, answer).await?;
    Ok(see_other(&format!("/konflik/{}?tersimpan=ya", view.case.id)))
}
