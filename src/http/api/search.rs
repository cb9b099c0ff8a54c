//! Persons by what somebody typed. What was typed travels in the body, never in a URL; values that come out are masked.

use actix_web::{HttpRequest, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::auth::Right;
use crate::domain::feed::Feed;
use crate::domain::person::{GoldenPerson, PersonField};
use crate::http::access;
use crate::http::body::{Incoming, JSON};
use crate::http::caller::{Reader, need};
use crate::http::config::Config;
use crate::http::extract::{Backend, region_of};
use crate::http::masked;
use crate::http::problem::{Code, Problem, ProblemDocument};
use crate::service::answers::views::{SearchAnswer, SearchQuery};

/// Years that somebody can be born in.
const YEARS: std::ops::RangeInclusive<u16> = 1850..=2100;

/// Whom to look for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchDto {
    /// Words of a name in any order, each whole or begun; or a NIK, KK, NISN, JKN or account number; or the id of a case or
    /// a person; or the row key of a sender.
    #[schema(max_length = 200)]
    teks: String,
    /// `teks` is a row key of this feed and nothing else.
    #[schema(value_type = Option<String>, example = "dinsos-anggota-keluarga")]
    feed: Option<Feed>,
    /// Only persons in this region: 2, 4, 6 or 10 digits.
    #[schema(example = "320105")]
    kode_wilayah: Option<String>,
    /// Only persons born in this year, or from it on.
    tahun_lahir: Option<u16>,
    /// The last of the years.
    tahun_lahir_sampai: Option<u16>,
}

/// Who fits.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SearchFoundDto {
    /// At most 50: whom a number, a key or an id names, then names, whole words before beginnings.
    items: Vec<HitDto>,
    /// The case whose id was typed, when there is one; its persons are in `items`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "C12-34")]
    case: Option<String>,
    /// Persons who were found and are not in `items`.
    left_off: u64,
    /// Everything was looked at. If not, more may fit than were found: give another word.
    complete: bool,
    /// What that means, in Indonesian.
    #[serde(skip_serializing_if = "Option::is_none")]
    pesan: Option<String>,
    /// What that means.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

/// One person who fits, as known best.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HitDto {
    /// The person's number.
    #[schema(example = "P0000000042")]
    id: String,
    /// Name.
    nama: Option<String>,
    /// NIK, masked.
    #[schema(example = "320101******0003")]
    nik: Option<String>,
    /// Birth date.
    #[schema(format = Date)]
    tanggal_lahir: Option<String>,
    /// Village, or sub-district where that is all that is known.
    kode_wilayah: Option<String>,
    /// How many source records there are.
    records: u64,
}

/// The first and the last year of birth that a search asks for; which of the two is wrong, and how.
pub(crate) fn years(first: Option<u16>, last: Option<u16>) -> Result<Option<(u16, u16)>, Problem> {
    let wrong = |pointer, pesan, message| Err(Problem::field(Code::FieldInvalid, pointer, pesan, message));
    let outside = |year: &u16| !YEARS.contains(year);
    match (first, last) {
        (None, None) => Ok(None),
        (None, Some(_)) => {
            wrong("/tahun_lahir", "isi bersama tahun_lahir_sampai", "goes together with tahun_lahir_sampai")
        }
        (first, _) if first.as_ref().is_some_and(outside) => {
            wrong("/tahun_lahir", "isi tahun 1850 sampai 2100", "give a year from 1850 to 2100")
        }
        (_, last) if last.as_ref().is_some_and(outside) => {
            wrong("/tahun_lahir_sampai", "isi tahun 1850 sampai 2100", "give a year from 1850 to 2100")
        }
        (Some(first), last) if last.is_some_and(|last| last < first) => {
            wrong("/tahun_lahir_sampai", "lebih awal daripada tahun_lahir", "is before tahun_lahir")
        }
        (Some(first), last) => Ok(Some((first, last.unwrap_or(first)))),
    }
}

impl SearchDto {
    fn query(self) -> Result<SearchQuery, Problem> {
        if !self.teks.chars().any(char::is_alphanumeric) {
            let (pesan, message) = (
                "isi bagian nama, nomor, kasus, atau id_sumber",
                "give words of a name, a number, a case or an id_sumber",
            );
            return Err(Problem::field(Code::FieldInvalid, "/teks", pesan, message));
        }
        Ok(SearchQuery {
            text: self.teks,
            feed: self.feed,
            kode_wilayah: region_of(Code::FieldInvalid, "/kode_wilayah", self.kode_wilayah)?,
            born: years(self.tahun_lahir, self.tahun_lahir_sampai)?,
        })
    }
}

impl From<&GoldenPerson> for HitDto {
    fn from(person: &GoldenPerson) -> Self {
        let value = |field| person.value(field).map(str::to_owned);
        Self {
            id: person.id.to_string(),
            nama: value(PersonField::Nama),
            nik: person.value(PersonField::Nik).map(masked::number),
            tanggal_lahir: value(PersonField::TanggalLahir),
            kode_wilayah: value(PersonField::KodeDesa).or_else(|| value(PersonField::KodeKecamatan)),
            records: person.records.len() as u64,
        }
    }
}

impl From<SearchAnswer> for SearchFoundDto {
    fn from(found: SearchAnswer) -> Self {
        let so_far = found.persons.len() as u64 + found.left_off;
        let (pesan, message) = match (found.complete, found.left_off) {
            (true, 0) => (None, None),
            (true, left) => (
                Some(format!("{left} orang lagi sesuai; tambahkan kata, tahun lahir, atau wilayah")),
                Some(format!("{left} more fit; add a word, a birth year or a region")),
            ),
            (false, _) => (
                Some(format!("lebih dari {so_far} orang mungkin sesuai; tambahkan kata, tahun lahir, atau wilayah")),
                Some(format!("more than {so_far} may fit; add a word, a birth year or a region")),
            ),
        };
        Self {
            items: found.persons.iter().map(HitDto::from).collect(),
            case: found.case,
            left_off: found.left_off,
            complete: found.complete,
            pesan,
            message,
        }
    }
}

/// Search persons.
///
/// By what somebody typed: parts of a name in any spelling (`soeharto` finds SUHARTO, `sit amin` finds SITI AMINAH), a
/// number, a case, a person, or a row key. All words have to fit. Whose region or birth year is not known is not found
/// where one is asked for. What was typed travels in the body, so that no log keeps it.
#[utoipa::path(post, path = "/v1/persons/search", tag = "persons", operation_id = "searchPersons",
    request_body = SearchDto,
    responses((status = 200, description = "The persons that fit; none is an answer too", body = SearchFoundDto),
        (status = 403, description = "No right to look persons up", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A field cannot be used", body = ProblemDocument, content_type = "application/problem+json")))]
pub(crate) async fn search(
    Reader(caller): Reader,
    request: HttpRequest,
    payload: web::Payload,
    config: web::Data<Config>,
    gateway: Backend,
) -> Result<web::Json<SearchFoundDto>, Problem> {
    need(&caller, Right::Persons)?;
    let incoming = Incoming::open(&request, payload, JSON, &config.limits, config.limits.max_document_bytes)?;
    let query = incoming.json::<SearchDto>().await?.query()?;
    let found = gateway.get()?.search(&caller, query).await?;
    access::note_persons(&request, found.persons.iter().flat_map(access::numbers_of));
    Ok(web::Json(found.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::steward::samples;

    #[test]
    fn a_question_names_what_is_wrong_with_it() {
        for (body, wrong) in [
            (r#"{"teks":"siti"}"#, None),
            (r#"{"teks":"R-1","feed":"bank-rekening"}"#, None),
            (r#"{"teks":"siti","kode_wilayah":"320105","tahun_lahir":1983,"tahun_lahir_sampai":1983}"#, None),
            (r#"{"teks":" - "}"#, Some("/teks")),
            (r#"{"teks":"siti","kode_wilayah":"32010"}"#, Some("/kode_wilayah")),
            (r#"{"teks":"siti","tahun_lahir":83}"#, Some("/tahun_lahir")),
            (r#"{"teks":"siti","tahun_lahir_sampai":1983}"#, Some("/tahun_lahir")),
            (r#"{"teks":"siti","tahun_lahir":1983,"tahun_lahir_sampai":9999}"#, Some("/tahun_lahir_sampai")),
            (r#"{"teks":"siti","tahun_lahir":1983,"tahun_lahir_sampai":1982}"#, Some("/tahun_lahir_sampai")),
        ] {
            let question: SearchDto = serde_json::from_str(body).expect(body);
            let problem = question.query().err();
            let pointer = problem.as_ref().and_then(|problem| Some(problem.fields().first()?.pointer.as_str()));
            assert_eq!(pointer, wrong, "{body}");
        }
    }

    #[test]
    fn a_hit_is_masked_and_what_is_left_off_is_said() {
        let persons = vec![samples::person_view().person];
        for (left_off, complete, said) in
            [(0, true, None), (3, true, Some("3 more fit")), (0, false, Some("more than 1 may"))]
        {
            let answer = SearchAnswer { persons: persons.clone(), case: None, left_off, complete };
            let dto = SearchFoundDto::from(answer);
            assert_eq!(
                dto.message.as_deref().map(|text| said.is_some_and(|said| text.contains(said))),
                said.map(|_| true)
            );
            let text = serde_json::to_string(&dto).expect("JSON");
            for secret in samples::SECRETS {
                assert!(!text.contains(secret), "{secret} left the gateway");
            }
        }
    }
}
