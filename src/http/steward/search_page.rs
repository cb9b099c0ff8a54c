//! Finding a person. The question travels in a form's body and stands in no address.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::layout::{Layout, Steward, render};
use super::texts::Texts;
use super::{format, forms};
use crate::auth::Right;
use crate::domain::date::parse_date;
use crate::domain::person::PersonField;
use crate::http::config::Config;
use crate::http::extract::Backend;
use crate::http::masked;
use crate::http::problem::Problem;
use crate::service::answers::views::{Found, LookupQuery, PersonView};

#[derive(Template)]
#[template(path = "search.html")]
pub(super) struct SearchPage {
    page: Layout,
    t: &'static Texts,
    message: Option<&'static str>,
    found: Option<Vec<FoundRow>>,
    /// How many persons bear the number, where several do.
    bearers: Option<String>,
    /// How many more there are.
    left_off: Option<String>,
}

struct FoundRow {
    id: String,
    name: String,
    nik: String,
    born: String,
    region: String,
    sources: usize,
}

/// What the search forms send.
#[derive(Deserialize)]
pub(super) struct SearchForm {
    token: String,
    #[serde(default)]
    cara: String,
    #[serde(default)]
    nik: String,
    #[serde(default)]
    nama: String,
    #[serde(default)]
    tanggal_lahir: String,
}

impl SearchForm {
    /// The question, or what is missing.
    fn question(&self, t: &'static Texts) -> Result<LookupQuery, &'static str> {
        let (nik, nama) = (self.nik.trim(), self.nama.trim());
        if self.cara == "nik" {
            let nik = Some(nik.to_owned()).filter(|nik| !nik.is_empty()).ok_or(t.nik_missing)?;
            return Ok(LookupQuery { nik: Some(nik), ..LookupQuery::default() });
        }
        if nama.is_empty() || self.tanggal_lahir.trim().is_empty() {
            return Err(t.name_missing);
        }
        let born = parse_date(self.tanggal_lahir.trim()).map_err(|_| t.date_wrong)?;
        Ok(LookupQuery { nama: Some(nama.to_owned()), tanggal_lahir: Some(born), ..LookupQuery::default() })
    }
}

impl SearchPage {
    /// The forms, with what was found or what is missing.
    pub(super) fn new(page: Layout, outcome: Option<Result<&Found, &'static str>>) -> Self {
        let (found, message) = match outcome {
            None => (None, None),
            Some(Err(message)) => (None, Some(message)),
            Some(Ok(found)) => (Some(found), None),
        };
        let count = |number| format::count(number, page.lang);
        Self {
            t: page.lang.texts(),
            message,
            bearers: found.and_then(|found| found.bearers).filter(|bearers| *bearers > 1).map(count),
            left_off: found.map(|found| found.left_off).filter(|left| *left > 0).map(count),
            found: found.map(|found| found.persons.iter().map(|view| found_row(view, &page)).collect()),
            page,
        }
    }
}

fn found_row(view: &PersonView, page: &Layout) -> FoundRow {
    let value = |field| view.person.value(field);
    FoundRow {
        id: view.person.id.to_string(),
        name: value(PersonField::Nama).unwrap_or(page.lang.texts().unknown).to_owned(),
        nik: value(PersonField::Nik).map(masked::number).unwrap_or_default(),
        born: view.person.born().map(|day| format::date(day, page.lang)).unwrap_or_default(),
        region: value(PersonField::KodeKecamatan).map(super::decoded::region_name).unwrap_or_default(),
        sources: view.person.records.len(),
    }
}

/// The empty forms.
pub(super) async fn form(steward: Steward) -> Result<HttpResponse, Problem> {
    steward.with(Right::Persons)?;
    render(&SearchPage::new(steward.page, None))
}

/// The persons that fit.
pub(super) async fn search(
    steward: Steward,
    request: HttpRequest,
    payload: web::Payload,
    config: web::Data<Config>,
    gateway: Backend,
) -> Result<HttpResponse, Problem> {
    let caller = steward.with(Right::Persons)?;
    let form: SearchForm = forms::read(&request, payload, &config).await?;
    forms::check_token(&steward.session, &form.token)?;
    let question = match form.question(steward.texts()) {
        Ok(question) => question,
        Err(message) => return render(&SearchPage::new(steward.page, Some(Err(message)))),
    };
    let found = gateway.get()?.lookup(caller, question).await?;
    render(&SearchPage::new(steward.page, Some(Ok(&found))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::steward::texts::ENGLISH;

    #[test]
    fn a_question_says_what_is_missing() {
        let form = |cara: &str, nik: &str, nama: &str, born: &str| SearchForm {
            token: String::new(),
            cara: cara.to_owned(),
            nik: nik.to_owned(),
            nama: nama.to_owned(),
            tanggal_lahir: born.to_owned(),
        };
        for (form, missing) in [
            (form("nik", " 32 ", "", ""), None),
            (form("nik", " ", "A", "2001-02-03"), Some(ENGLISH.nik_missing)),
            (form("nama", "", "A", "2001-02-03"), None),
            (form("nama", "", "A", ""), Some(ENGLISH.name_missing)),
            (form("nama", "", "A", "3/2/2001"), Some(ENGLISH.date_wrong)),
        ] {
            assert_eq!(form.question(&ENGLISH).err(), missing);
        }
    }
}
