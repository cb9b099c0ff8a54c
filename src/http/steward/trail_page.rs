//! Who saw or did what about a person: for an auditor to look up, and to print for the person who asks.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::forms;
use super::layout::{Lang, Layout, Steward, render};
use super::signs::filters;
use super::texts::Texts;
use super::{format, see_other};
use crate::auth::Right;
use crate::http::access;
use crate::http::api::persons::person_id;
use crate::http::config::Config;
use crate::http::extract::Backend;
use crate::http::problem::Problem;
use crate::service::audit::{Entry, Seen, SeenBy};

#[derive(Template)]
#[template(path = "trail.html")]
pub(super) struct TrailPage {
    page: Layout,
    t: &'static Texts,
    /// Nobody yet: only the form is shown.
    found: Option<Trail>,
    /// What was typed is no number of a person.
    wrong: bool,
}

struct Trail {
    person: String,
    also: Vec<String>,
    printed: String,
    rows: Vec<TrailRow>,
}

struct TrailRow {
    number: String,
    at: String,
    who: String,
    agency: String,
    what: &'static str,
    purpose: String,
}

impl TrailPage {
    /// The form alone.
    pub(super) fn empty(page: Layout, wrong: bool) -> Self {
        Self { t: page.lang.texts(), page, found: None, wrong }
    }

    /// What the log says about a person.
    pub(super) fn new(page: Layout, seen: &Seen, printed: String) -> Self {
        let person = seen.person.to_string();
        let also = seen.numbers.iter().filter(|number| **number != person).cloned().collect();
        let rows = seen.entries.iter().map(|seen| trail_row(seen, page.lang)).collect();
        Self { t: page.lang.texts(), page, found: Some(Trail { person, also, printed, rows }), wrong: false }
    }
}

fn trail_row(SeenBy { number, entry }: &SeenBy, lang: Lang) -> TrailRow {
    let dash = || "\u{2013}".to_owned();
    TrailRow {
        number: format::count(*number, lang),
        at: format::time(entry.at, lang),
        who: entry.by.name.clone(),
        agency: entry.by.agency.as_ref().map_or_else(dash, ToString::to_string),
        what: what(entry, lang),
        purpose: entry.by.purpose.clone().unwrap_or_else(dash),
    }
}

/// What was done, in words.
fn what(entry: &Entry, lang: Lang) -> &'static str {
    let (indonesian, english) = match entry.does.as_str() {
        "person.read" => ("Membuka data orang ini atau keluarganya", "Opened the data of this person or of the family"),
        "person.lookup" => ("Mencari menurut nomor atau nama", "Looked up by number or name"),
        "person.search" => ("Menemukannya dalam pencarian", "Found in a search"),
        "case.list" => ("Melihatnya dalam Antrian Konflik", "Seen in the conflict queue"),
        "case.read" => ("Membuka kasus tentang orang ini", "Opened a case about this person"),
        "case.decide" => ("Memutus kasus tentang orang ini", "Decided a case about this person"),
        "pair.explain" => ("Melihat rincian skor kecocokan", "Looked at a match score"),
        "report.read" | "report.findings" => {
            ("Melihatnya dalam daftar komplementaritas", "Seen in a list of complementarity")
        }
        "audit.person" => ("Membuka laporan jejak ini", "Opened this trail"),
        _ => ("Kegiatan lain", "Something else"),
    };
    lang.pick(indonesian, english)
}

/// The form.
pub(super) async fn form(steward: Steward) -> Result<HttpResponse, Problem> {
    steward.with(Right::Audit)?;
    render(&TrailPage::empty(steward.page, false))
}

/// What the form sends.
#[derive(Deserialize)]
pub(super) struct TrailForm {
    token: String,
    orang: String,
}

/// Leads to the trail of a person. The number of somebody who is or was known stands in addresses; what else is typed does not.
pub(super) async fn find(
    steward: Steward,
    request: HttpRequest,
    payload: web::Payload,
    config: web::Data<Config>,
    gateway: Backend,
) -> Result<HttpResponse, Problem> {
    let caller = steward.with(Right::Audit)?;
    let form: TrailForm = forms::read(&request, payload, &config).await?;
    forms::check_token(&steward.session, &form.token)?;
    let Ok(id) = person_id(form.orang.trim()) else { return render(&TrailPage::empty(steward.page, true)) };
    if gateway.get()?.is_person(caller, id).await? {
        return Ok(see_other(&format!("/jejak/{id}")));
    }
    render(&TrailPage::empty(steward.page, true))
}

/// The trail of a person.
pub(super) async fn show(
    steward: Steward,
    id: web::Path<String>,
    request: HttpRequest,
    gateway: Backend,
) -> Result<HttpResponse, Problem> {
    let caller = steward.with(Right::Audit)?;
    let gateway = gateway.get()?;
    let seen = gateway.seen(caller, person_id(&id)?).await?;
    access::note_subjects(&request, [seen.person]);
    let printed = format::time(gateway.now(), steward.page.lang);
    render(&TrailPage::new(steward.page, &seen, printed))
}
