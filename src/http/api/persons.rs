//! Persons across agencies. Values to search by travel in the body, never in a URL; values that come out are masked.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::receipts::FlagDto;
use crate::auth::Right;
use crate::domain::date::Date;
use crate::domain::feed::Feed;
use crate::domain::person::GoldenFamily;
use crate::domain::record::{PersonId, Record};
use crate::http::access;
use crate::http::body::{Incoming, JSON};
use crate::http::caller::{Reader, need};
use crate::http::config::Config;
use crate::http::extract::Backend;
use crate::http::masked;
use crate::http::problem::{Code, Problem, ProblemDocument};
use crate::service::answers::views::{Found, HistoryLine, LookupQuery, PersonView, ProgrammeLine};

/// How to look a person up: by a number, by name and birth date, or by a source row.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LookupDto {
    /// Exact NIK: everybody with a row that bears it, however doubtful it is; then near ones.
    nik: Option<String>,
    /// Exact number of a family card.
    no_kk: Option<String>,
    /// Exact number of a pupil.
    nisn: Option<String>,
    /// Exact number of an insured person.
    no_jkn: Option<String>,
    /// Exact number of an account, at any bank.
    no_rekening: Option<String>,
    /// Name; needs `tanggal_lahir`.
    nama: Option<String>,
    /// Birth date.
    #[schema(value_type = Option<String>, format = Date)]
    tanggal_lahir: Option<Date>,
    /// A source row.
    sumber: Option<SourceKeyDto>,
}

/// The key of a source row.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceKeyDto {
    /// Name of the feed.
    #[schema(value_type = String, example = "dinsos-anggota-keluarga")]
    feed: Feed,
    /// The sender's row key.
    id_sumber: String,
}

/// The persons that fit.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FoundDto {
    /// First those who bear the number that was asked for, at most 200; then near ones, up to 50 in all.
    items: Vec<PersonDto>,
    /// How many persons bear the number, when one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    bearers: Option<u64>,
    /// Several persons bear the number.
    shared: bool,
    /// Persons who fit and are not in `items`.
    left_off: u64,
    /// What that means, in Indonesian.
    #[serde(skip_serializing_if = "Option::is_none")]
    pesan: Option<String>,
    /// What that means.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

/// Everything about one person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PersonDto {
    /// The person's number.
    #[schema(example = "P0000000042")]
    id: String,
    /// All its rows were withdrawn: there is only its history.
    withdrawn: bool,
    /// The number that was asked for, when a merge retired it.
    #[serde(skip_serializing_if = "Option::is_none")]
    redirected_from: Option<String>,
    /// Best value of each field, with its source.
    fields: Vec<FieldDto>,
    /// Source records.
    sources: Vec<RecordDto>,
    /// Families.
    families: Vec<FamilyDto>,
    /// Programmes.
    programmes: Vec<ProgrammeDto>,
    /// What happened, oldest first.
    history: Vec<HistoryDto>,
    /// Open cases that name one of the records.
    cases: Vec<String>,
}

/// One field of a golden record.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FieldDto {
    /// Its name.
    #[schema(example = "nama")]
    name: &'static str,
    /// The best value; numbers and the mother's name are masked.
    value: String,
    /// The record it was taken from.
    source: u64,
    /// The rule that chose it.
    #[schema(example = "newest:DINSOS")]
    rule: String,
    /// How many different values the sources hold.
    variants: u32,
}

/// A source record.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecordDto {
    /// Its number.
    id: u64,
    /// Who sent it.
    agency: String,
    /// In which feed.
    feed: &'static str,
    /// The sender's row key.
    id_sumber: String,
    /// As-of date at the sender.
    #[schema(format = Date)]
    tgl_data: String,
    /// The sender withdrew it.
    withdrawn: bool,
    /// The person core, masked.
    #[schema(value_type = Object)]
    core: Map<String, Value>,
    /// The feed's own fields, masked.
    #[schema(value_type = Object)]
    detail: Map<String, Value>,
    /// Doubts about values.
    flags: Vec<FlagDto>,
}

/// A family.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FamilyDto {
    /// Its number.
    #[schema(example = "K0000000040")]
    id: String,
    /// Members.
    members: Vec<String>,
    /// The head, where stated.
    head: Option<String>,
    /// KK number, masked.
    no_kk: Option<String>,
    /// Village code.
    kode_desa: Option<String>,
}

/// A programme, as a source states it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProgrammeDto {
    /// Its code.
    #[schema(example = "PKH")]
    code: String,
    /// Its status.
    #[schema(example = "AKTIF")]
    status: String,
    /// For which period.
    period: Option<String>,
    /// Which feed says so.
    feed: &'static str,
    /// Which record.
    record: u64,
    /// The last payment.
    last_payment: Option<PaymentDto>,
}

/// A payment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentDto {
    /// Its day.
    #[schema(format = Date)]
    date: Option<String>,
    /// Rupiah.
    amount: i64,
    /// `BERHASIL`, `GAGAL`, `RETUR`, `TIDAK_TRANSAKSI`.
    status: String,
}

/// Something that happened to a person's records.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HistoryDto {
    /// When.
    #[schema(format = DateTime)]
    at: Option<String>,
    /// `row_accepted`, `row_updated`, `row_withdrawn`, `row_older` (without effect) or `decision`; `row_kept` is the oldest
    /// row that the retention rule left of a record.
    what: &'static str,
    /// The record.
    record: u64,
    /// Its feed.
    feed: &'static str,
    /// Batch or case.
    reference: String,
}

impl SourceKeyDto {
    /// Feed and row key.
    pub(super) fn key(self) -> (Feed, String) {
        (self.feed, self.id_sumber)
    }
}

impl From<LookupDto> for LookupQuery {
    fn from(lookup: LookupDto) -> Self {
        let source = lookup.sumber.map(SourceKeyDto::key);
        Self {
            nik: lookup.nik,
            no_kk: lookup.no_kk,
            nisn: lookup.nisn,
            no_jkn: lookup.no_jkn,
            no_rekening: lookup.no_rekening,
            nama: lookup.nama,
            tanggal_lahir: lookup.tanggal_lahir,
            source,
        }
    }
}

impl LookupDto {
    /// One way of asking, and a complete one.
    fn check(self) -> Result<Self, Problem> {
        let numbers = [&self.nik, &self.no_kk, &self.nisn, &self.no_jkn, &self.no_rekening];
        let others = [self.nama.is_some() || self.tanggal_lahir.is_some(), self.sumber.is_some()];
        let ways = numbers.into_iter().map(Option::is_some).chain(others);
        if ways.filter(|way| *way).count() != 1 {
            let (pesan, message) = (
                "isi salah satu: nik, no_kk, nisn, no_jkn, no_rekening, nama dengan tanggal_lahir, atau sumber",
                "give one of nik, no_kk, nisn, no_jkn, no_rekening, nama with tanggal_lahir, or sumber",
            );
            return Err(Problem::field(Code::FieldInvalid, "", pesan, message));
        }
        if self.nama.is_some() != self.tanggal_lahir.is_some() {
            let (pesan, message) = ("nama dan tanggal_lahir diisi bersama", "nama and tanggal_lahir go together");
            return Err(Problem::field(Code::FieldInvalid, "/nama", pesan, message));
        }
        Ok(self)
    }
}

impl From<&Record> for RecordDto {
    fn from(record: &Record) -> Self {
        Self {
            id: record.id.0,
            agency: record.key.agency.to_string(),
            feed: record.key.feed.name(),
            id_sumber: record.key.id_sumber.clone(),
            tgl_data: record.tgl_data.to_string(),
            withdrawn: record.withdrawn,
            core: masked::core(record),
            detail: masked::detail(record),
            flags: record.flags.iter().map(FlagDto::from).collect(),
        }
    }
}

impl From<&GoldenFamily> for FamilyDto {
    fn from(family: &GoldenFamily) -> Self {
        Self {
            id: family.id.to_string(),
            members: family.members.iter().map(ToString::to_string).collect(),
            head: family.head.map(|head| head.to_string()),
            no_kk: family.no_kk.as_ref().map(|best| masked::number(&best.value)),
            kode_desa: family.kode_desa.as_ref().map(|best| best.value.clone()),
        }
    }
}

impl From<&ProgrammeLine> for ProgrammeDto {
    fn from(line: &ProgrammeLine) -> Self {
        let payment = line.last_payment.as_ref().map(|(date, amount, status)| PaymentDto {
            date: date.map(|date| date.to_string()),
            amount: *amount,
            status: status.clone(),
        });
        Self {
            code: line.code.clone(),
            status: line.status.clone(),
            period: line.period.map(|period| period.to_string()),
            feed: line.feed.name(),
            record: line.record.0,
            last_payment: payment,
        }
    }
}

impl From<&HistoryLine> for HistoryDto {
    fn from(line: &HistoryLine) -> Self {
        Self {
            at: line.at.map(|at| at.to_string()),
            what: line.what,
            record: line.record.0,
            feed: line.feed.name(),
            reference: line.reference.clone(),
        }
    }
}

impl From<&PersonView> for PersonDto {
    fn from(view: &PersonView) -> Self {
        let fields = view.person.fields.iter().filter_map(|(field, best)| {
            let shown = masked::golden(*field, best, &view.sources)?;
            Some(FieldDto {
                name: field.name(),
                value: shown.value,
                source: shown.source.0,
                rule: shown.rule,
                variants: shown.variants,
            })
        });
        Self {
            id: view.person.id.to_string(),
            withdrawn: view.withdrawn,
            redirected_from: view.redirected_from.map(|id| id.to_string()),
            fields: fields.collect(),
            sources: view.sources.iter().map(RecordDto::from).collect(),
            families: view.families.iter().map(FamilyDto::from).collect(),
            programmes: view.programmes.iter().map(ProgrammeDto::from).collect(),
            history: view.history.iter().map(HistoryDto::from).collect(),
            cases: view.cases.clone(),
        }
    }
}

impl From<&Found> for FoundDto {
    fn from(found: &Found) -> Self {
        let shared = found.bearers.filter(|bearers| *bearers > 1);
        Self {
            items: found.persons.iter().map(PersonDto::from).collect(),
            bearers: found.bearers,
            shared: shared.is_some(),
            left_off: found.left_off,
            pesan: shared.map(|bearers| format!("Nomor ini dipakai {bearers} orang")),
            message: shared.map(|bearers| format!("{bearers} persons bear this number")),
        }
    }
}

/// Look persons up.
///
/// By a number, by name and birth date, or by a source row. A number is looked up exactly: everybody with a row that bears
/// it is found, also where matching passes over it because it is doubtful or on many rows, and `bearers` says how many they
/// are. The values travel in the body, so that no log keeps them.
#[utoipa::path(post, path = "/v1/persons/lookup", tag = "persons", operation_id = "lookupPersons",
    request_body = LookupDto,
    responses((status = 200, description = "The persons that fit; none is an answer too", body = FoundDto),
        (status = 403, description = "No right to look persons up", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "The question is not complete", body = ProblemDocument, content_type = "application/problem+json")))]
pub(crate) async fn lookup(
    Reader(caller): Reader,
    request: HttpRequest,
    payload: web::Payload,
    config: web::Data<Config>,
    gateway: Backend,
) -> Result<web::Json<FoundDto>, Problem> {
    need(&caller, Right::Persons)?;
    let incoming = Incoming::open(&request, payload, JSON, &config.limits, config.limits.max_document_bytes)?;
    let question = incoming.json::<LookupDto>().await?.check()?;
    let found = gateway.get()?.lookup(&caller, question.into()).await?;
    access::note_persons(&request, found.persons.iter().flat_map(access::named_by));
    Ok(web::Json(FoundDto::from(&found)))
}

/// One person.
///
/// The golden record with the source of each field, the source records, programmes, families and history. A number that
/// a merge retired leads to the present person: `redirected_from` and `Content-Location` say so.
#[utoipa::path(get, path = "/v1/persons/{id}", tag = "persons", operation_id = "getPerson",
    params(("id" = String, Path, description = "Number of a person, `P` and ten digits")),
    responses((status = 200, description = "The person", body = PersonDto),
        (status = 404, description = "No such person", body = ProblemDocument, content_type = "application/problem+json")))]
pub(crate) async fn show(
    Reader(caller): Reader,
    id: web::Path<String>,
    request: HttpRequest,
    gateway: Backend,
) -> Result<HttpResponse, Problem> {
    need(&caller, Right::Persons)?;
    let id = person_id(&id)?;
    let view = gateway.get()?.person(&caller, id).await?;
    access::note_persons(&request, access::named_by(&view));
    let answer = PersonDto::from(&view);
    Ok(HttpResponse::Ok().insert_header((header::CONTENT_LOCATION, format!("/v1/persons/{}", answer.id))).json(answer))
}

/// A person's number of a path. What is not one is simply not there.
pub(crate) fn person_id(text: &str) -> Result<PersonId, Problem> {
    text.parse().map_err(|_| Problem::new(Code::NotFound, "a person's number is P and ten digits"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::steward::samples;

    #[test]
    fn a_question_is_asked_in_one_way() {
        for (body, good) in [
            (r#"{"nik":"1"}"#, true),
            (r#"{"no_kk":"1"}"#, true),
            (r#"{"nik":"1","no_jkn":"2"}"#, false),
            (r#"{"nama":"A","tanggal_lahir":"2001-02-03"}"#, true),
            (r#"{"sumber":{"feed":"bank-rekening","id_sumber":"7"}}"#, true),
            ("{}", false),
            (r#"{"nama":"A"}"#, false),
            (r#"{"tanggal_lahir":"2001-02-03"}"#, false),
            (r#"{"nik":"1","nama":"A","tanggal_lahir":"2001-02-03"}"#, false),
        ] {
            let question: LookupDto = serde_json::from_str(body).expect(body);
            assert_eq!(question.check().is_ok(), good, "{body}");
        }
    }

    #[test]
    fn a_person_leaves_the_gateway_masked() {
        let text = serde_json::to_string(&PersonDto::from(&samples::person_view())).expect("JSON");
        for secret in samples::SECRETS {
            assert!(!text.contains(secret), "{secret} left the gateway");
        }
        assert!(text.contains("320101******0003") && text.contains("\"redirected_from\":\"P0000000099\""));
    }
}
