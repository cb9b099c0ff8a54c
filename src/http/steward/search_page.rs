//! Finding a person: one box for everything, and a look-up by likeness below it. What is typed travels in a form's body and
//! stands in no address.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::layout::{Layout, Steward, render};
use super::places::{Places, places};
use super::signs::filters;
use super::texts::Texts;
use super::{format, forms};
use crate::auth::Right;
use crate::domain::date::parse_date;
use crate::domain::person::{GoldenPerson, PersonField};
use crate::http::access;
use crate::http::api::search::years;
use crate::http::config::Config;
use crate::http::extract::{Backend, region};
use crate::http::masked;
use crate::http::problem::Problem;
use crate::service::answers::views::{Found, LookupQuery, SearchAnswer, SearchQuery};

#[derive(Template)]
#[template(path = "search.html")]
pub(super) struct SearchPage {
    page: Layout,
    t: &'static Texts,
    typed: Typed,
    places: Places,
    message: Option<&'static str>,
    found: Option<Vec<FoundRow>>,
    /// The case whose id was typed.
    case: Option<String>,
    /// How many persons bear the number, where several do.
    bearers: Option<String>,
    /// How many more are like that.
    left_off: Option<String>,
    /// How many more fit what was typed.
    more_fit: Option<String>,
    /// How many of those looked at fit, where not all were.
    more_than: Option<String>,
}

struct FoundRow {
    id: String,
    name: String,
    nik: String,
    born: String,
    region: String,
    sources: usize,
}

/// What came of a question.
pub(super) enum Outcome {
    /// Nothing was asked yet.
    Empty,
    /// Something is missing or wrong.
    Refused(&'static str),
    /// Who is like that.
    Near(Found),
    /// Who fits what was typed.
    Fitting(SearchAnswer),
}

impl Outcome {
    /// Whom it shows.
    fn persons(&self) -> Option<Vec<&GoldenPerson>> {
        match self {
            Self::Empty | Self::Refused(_) => None,
            Self::Near(found) => Some(found.persons.iter().map(|view| &view.person).collect()),
            Self::Fitting(found) => Some(found.persons.iter().collect()),
        }
    }
}

/// What was typed into the box and beside it, to be shown again.
#[derive(Default, Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    teks: String,
    #[serde(default)]
    wilayah: String,
    #[serde(default)]
    lahir: String,
    #[serde(default)]
    lahir_sampai: String,
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
    #[serde(flatten)]
    typed: Typed,
}

/// A question of one of the forms.
enum Question {
    Near(LookupQuery),
    Fitting(SearchQuery),
}

impl SearchForm {
    /// The question, or what is missing.
    fn question(&self, t: &'static Texts) -> Result<Question, &'static str> {
        match self.cara.as_str() {
            "teks" => self.typed.question(t).map(Question::Fitting),
            "nik" => {
                let nik = Some(self.nik.trim().to_owned()).filter(|nik| !nik.is_empty()).ok_or(t.nik_missing)?;
                Ok(Question::Near(LookupQuery { nik: Some(nik), ..LookupQuery::default() }))
            }
            _ => self.name_and_birth(t).map(Question::Near),
        }
    }

    fn name_and_birth(&self, t: &'static Texts) -> Result<LookupQuery, &'static str> {
        let nama = self.nama.trim();
        if nama.is_empty() || self.tanggal_lahir.trim().is_empty() {
            return Err(t.name_missing);
        }
        let born = parse_date(self.tanggal_lahir.trim()).map_err(|_| t.date_wrong)?;
        Ok(LookupQuery { nama: Some(nama.to_owned()), tanggal_lahir: Some(born), ..LookupQuery::default() })
    }
}

impl Typed {
    fn question(&self, t: &'static Texts) -> Result<SearchQuery, &'static str> {
        if !self.teks.chars().any(char::is_alphanumeric) {
            return Err(t.search_missing);
        }
        let year = |text: &str| match text.trim() {
            "" => Ok(None),
            digits => digits.parse().map(Some).map_err(|_| t.years_wrong),
        };
        let born = years(year(&self.lahir)?, year(&self.lahir_sampai)?).map_err(|_| t.years_wrong)?;
        let code = Some(self.wilayah.trim().to_owned());
        let kode_wilayah = region("wilayah", code).map_err(|_| t.region_wrong)?;
        Ok(SearchQuery { text: self.teks.clone(), feed: None, kode_wilayah, born })
    }
}

impl SearchPage {
    /// The forms, with what was found or what is missing.
    pub(super) fn new(page: Layout, typed: Typed, outcome: &Outcome) -> Self {
        let persons = outcome.persons();
        let codes = persons.iter().flatten().filter_map(|person| person.value(PersonField::KodeKecamatan));
        let shown = Self {
            t: page.lang.texts(),
            places: places(typed.wilayah.trim(), codes),
            found: persons.as_ref().map(|all| all.iter().map(|person| found_row(person, &page)).collect()),
            typed,
            message: None,
            case: None,
            bearers: None,
            left_off: None,
            more_fit: None,
            more_than: None,
            page,
        };
        shown.told(outcome)
    }

    /// With what there is to say of the outcome.
    fn told(mut self, outcome: &Outcome) -> Self {
        let lang = self.page.lang;
        let count = |number| format::count(number, lang);
        match outcome {
            Outcome::Empty => {}
            Outcome::Refused(message) => self.message = Some(message),
            Outcome::Near(found) => {
                self.bearers = found.bearers.filter(|bearers| *bearers > 1).map(count);
                self.left_off = Some(found.left_off).filter(|left| *left > 0).map(count);
            }
            Outcome::Fitting(found) => {
                let so_far = found.persons.len() as u64 + found.left_off;
                self.case.clone_from(&found.case);
                self.more_fit = Some(found.left_off).filter(|left| found.complete && *left > 0).map(count);
                self.more_than = Some(so_far).filter(|_| !found.complete).map(count);
            }
        }
        self
    }
}

fn found_row(person: &GoldenPerson, page: &Layout) -> FoundRow {
    let value = |field| person.value(field);
    FoundRow {
        id: person.id.to_string(),
        name: value(PersonField::Nama).unwrap_or(page.lang.texts().unknown).to_owned(),
        nik: value(PersonField::Nik).map(masked::number).unwrap_or_default(),
        born: person.born().map(|day| format::date(day, page.lang)).unwrap_or_default(),
        region: value(PersonField::KodeKecamatan).map(super::decoded::region_name).unwrap_or_default(),
        sources: person.records.len(),
    }
}

/// The empty forms.
pub(super) async fn form(steward: Steward) -> Result<HttpResponse, Problem> {
    steward.with(Right::Persons)?;
    render(&SearchPage::new(steward.page, Typed::default(), &Outcome::Empty))
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
    let outcome = match form.question(steward.texts()) {
        Err(message) => Outcome::Refused(message),
        Ok(Question::Near(query)) => Outcome::Near(gateway.get()?.lookup(caller, query).await?),
        Ok(Question::Fitting(query)) => Outcome::Fitting(gateway.get()?.search(caller, query).await?),
    };
    access::note_persons(&request, outcome.persons().into_iter().flatten().flat_map(access::numbers_of));
    render(&SearchPage::new(steward.page, form.typed, &outcome))
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
            typed: Typed::default(),
        };
        for (form, missing) in [
            (form("nik", " 32 ", "", ""), None),
            (form("nik", " ", "A", "2001-02-03"), Some(ENGLISH.nik_missing)),
            (form("nama", "", "A", "2001-02-03"), None),
            (form("nama", "", "A", ""), Some(ENGLISH.name_missing)),
            (form("nama", "", "A", "3/2/2001"), Some(ENGLISH.date_wrong)),
            (form("teks", "32", "A", "2001-02-03"), Some(ENGLISH.search_missing)),
        ] {
            assert_eq!(form.question(&ENGLISH).err(), missing);
        }
    }

    #[test]
    fn what_narrows_a_search_is_read_or_told() {
        let typed = |teks: &str, wilayah: &str, lahir: &str, lahir_sampai: &str| Typed {
            teks: teks.to_owned(),
            wilayah: wilayah.to_owned(),
            lahir: lahir.to_owned(),
            lahir_sampai: lahir_sampai.to_owned(),
        };
        for (typed, wrong) in [
            (typed("siti", "", "", ""), None),
            (typed("siti", " 320105 ", " 1983 ", "1990"), None),
            (typed(" . ", "", "", ""), Some(ENGLISH.search_missing)),
            (typed("siti", "32010", "", ""), Some(ENGLISH.region_wrong)),
            (typed("siti", "", "83", ""), Some(ENGLISH.years_wrong)),
            (typed("siti", "", "x", ""), Some(ENGLISH.years_wrong)),
            (typed("siti", "", "1990", "1983"), Some(ENGLISH.years_wrong)),
        ] {
            assert_eq!(typed.question(&ENGLISH).err(), wrong);
        }
    }
}
