//! One person: the golden record with its sources, programmes, families and history.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::decoded::region_name;
use super::layout::{Lang, Layout, Steward, render};
use super::signs::filters;
use super::texts::Texts;
use super::{format, labels};
use crate::auth::Right;
use crate::domain::date::parse_date;
use crate::domain::person::{GoldenFamily, PersonField};
use crate::domain::record::{PersonId, Record, RecordId};
use crate::domain::sex::Sex;
use crate::http::access;
use crate::http::api::persons::person_id;
use crate::http::extract::Backend;
use crate::http::masked;
use crate::http::problem::Problem;
use crate::service::answers::views::{HistoryLine, Names, PersonView, ProgrammeLine};

#[derive(Template)]
#[template(path = "person.html")]
pub(super) struct PersonPage {
    page: Layout,
    t: &'static Texts,
    id: String,
    name: String,
    withdrawn: bool,
    redirected_from: Option<String>,
    fields: Vec<FieldRow>,
    programmes: Vec<ProgrammeRow>,
    families: Vec<FamilyRow>,
    sources: Vec<SourceCard>,
    history: Vec<HistoryRow>,
    cases: Vec<String>,
}

struct FieldRow {
    label: String,
    value: String,
    source: String,
    rule: String,
    variants: u32,
}

struct ProgrammeRow {
    code: String,
    status: String,
    period: String,
    feed: &'static str,
    payment: String,
}

struct FamilyRow {
    id: String,
    no_kk: String,
    village: String,
    members: Vec<Member>,
}

struct Member {
    id: String,
    name: Option<String>,
    head: bool,
}

struct SourceCard {
    title: String,
    id_sumber: String,
    as_of: String,
    withdrawn: bool,
    fields: Vec<(String, String)>,
    flags: Vec<&'static str>,
}

struct HistoryRow {
    at: String,
    what: String,
    feed: &'static str,
    reference: String,
    case: bool,
}

impl PersonPage {
    /// The page of a person.
    pub(super) fn new(page: Layout, view: &PersonView, names: &Names) -> Self {
        let lang = page.lang;
        let unknown = || lang.texts().unknown.to_owned();
        Self {
            t: lang.texts(),
            id: view.person.id.to_string(),
            name: view.person.value(PersonField::Nama).map_or_else(unknown, str::to_owned),
            withdrawn: view.withdrawn,
            redirected_from: view.redirected_from.map(|id| id.to_string()),
            fields: field_rows(view, lang),
            programmes: view.programmes.iter().map(|line| programme_row(line, lang)).collect(),
            families: view.families.iter().map(|family| family_row(family, names)).collect(),
            sources: view.sources.iter().map(|record| source_card(record, lang)).collect(),
            history: view.history.iter().map(|line| history_row(line, lang)).collect(),
            cases: view.cases.clone(),
            page,
        }
    }
}

fn field_rows(view: &PersonView, lang: Lang) -> Vec<FieldRow> {
    let feeds: BTreeMap<RecordId, String> = view.sources.iter().map(|r| (r.id, source_name(r, lang))).collect();
    let shown = view.person.fields.iter().filter_map(|(field, best)| {
        let shown = masked::golden(*field, best, &view.sources)?;
        Some(FieldRow {
            label: labels::field(field.name(), lang),
            value: readable(*field, shown.value, lang),
            source: feeds.get(&shown.source).cloned().unwrap_or_else(|| lang.texts().unknown.to_owned()),
            rule: labels::survivorship(&shown.rule, lang),
            variants: shown.variants,
        })
    });
    shown.collect()
}

fn readable(field: PersonField, value: String, lang: Lang) -> String {
    let date = |text: &str| parse_date(text).ok().map(|day| format::date(day, lang));
    match field {
        PersonField::TanggalLahir | PersonField::TglMeninggal => date(&value).unwrap_or(value),
        PersonField::JenisKelamin => {
            let sex = [Sex::Male, Sex::Female].into_iter().find(|sex| sex.code() == value);
            sex.map_or(value, |sex| super::decoded::sex_label(sex, lang).to_owned())
        }
        PersonField::KodeDesa | PersonField::KodeKecamatan => region_name(&value),
        PersonField::Nik
        | PersonField::NoKk
        | PersonField::Nama
        | PersonField::TempatLahir
        | PersonField::NamaIbuKandung
        | PersonField::Alamat
        | PersonField::NoHp
        | PersonField::Nisn
        | PersonField::NoJkn => value,
    }
}

fn programme_row(line: &ProgrammeLine, lang: Lang) -> ProgrammeRow {
    let payment = line.last_payment.as_ref().map(|(date, amount, status)| {
        let day = date.map(|date| format!(", {}", format::date(date, lang))).unwrap_or_default();
        format!("{}, {}{day}", labels::rupiah(*amount), labels::code("status_salur", status, lang))
    });
    ProgrammeRow {
        code: labels::code("program", &line.code, lang),
        status: labels::code("status", &line.status, lang),
        period: line.period.map(|period| format::period(period, lang)).unwrap_or_default(),
        feed: labels::feed(line.feed, lang),
        payment: payment.unwrap_or_default(),
    }
}

fn family_row(family: &GoldenFamily, names: &Names) -> FamilyRow {
    let member = |id: &PersonId| Member {
        id: id.to_string(),
        name: names.persons.get(id).cloned(),
        head: family.head == Some(*id),
    };
    FamilyRow {
        id: family.id.to_string(),
        no_kk: family.no_kk.as_ref().map(|best| masked::number(&best.value)).unwrap_or_default(),
        village: family.kode_desa.as_ref().map(|best| region_name(&best.value)).unwrap_or_default(),
        members: family.members.iter().map(member).collect(),
    }
}

fn source_name(record: &Record, lang: Lang) -> String {
    format!("{} · {}", labels::feed(record.key.feed, lang), record.key.agency)
}

fn source_card(record: &Record, lang: Lang) -> SourceCard {
    let fields = masked::core(record).into_iter().chain(masked::detail(record));
    SourceCard {
        title: source_name(record, lang),
        id_sumber: record.key.id_sumber.clone(),
        as_of: format::date(record.tgl_data, lang),
        withdrawn: record.withdrawn,
        fields: fields.map(|(name, value)| (labels::field(&name, lang), labels::value(&name, &value, lang))).collect(),
        flags: record.flags.iter().map(|flag| lang.pick(flag.code.message_id(), flag.code.message_en())).collect(),
    }
}

fn history_row(line: &HistoryLine, lang: Lang) -> HistoryRow {
    HistoryRow {
        at: line.at.map(|at| format::time(at, lang)).unwrap_or_default(),
        what: labels::happened(line.what, lang),
        feed: labels::feed(line.feed, lang),
        reference: line.reference.clone(),
        case: line.what == "decision",
    }
}

/// One person.
pub(super) async fn show(
    steward: Steward,
    id: web::Path<String>,
    request: HttpRequest,
    gateway: Backend,
) -> Result<HttpResponse, Problem> {
    let id = person_id(&id)?;
    let caller = steward.with(Right::Persons)?;
    let view = gateway.get()?.person(caller, id).await?;
    access::note_persons(&request, access::named_by(&view));
    let members: Vec<PersonId> = view.families.iter().flat_map(|family| family.members.clone()).collect();
    let names = gateway.get()?.names(caller, &members, &[]).await?;
    render(&PersonPage::new(steward.page, &view, &names))
}
