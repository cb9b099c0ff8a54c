//! Cases: what the engine could not settle, and the steward's answer.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::persons::RecordDto;
use super::{PageDto, next_path};
use crate::auth::Right;
use crate::domain::case::{CaseState, Question};
use crate::domain::case::{Explained, VetoLine};
use crate::domain::decision::{Decision, Verdict};
use crate::http::access;
use crate::http::body::{Incoming, JSON};
use crate::http::caller::{Reader, Writer, need};
use crate::http::config::Config;
use crate::http::extract::{Backend, page_size, query, region};
use crate::http::problem::{Code, Problem, ProblemDocument};
use crate::service::answers::views::{CaseFilter, CaseOrder, CaseView, VerdictRequest};

/// Characters of a reason at most.
const MAX_REASON_CHARS: usize = 500;

/// A case in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CaseLineDto {
    /// `C` and the numbers of the two records; `N-` and the first record of a NIK that several persons share.
    #[schema(example = "C12-40")]
    id: String,
    /// What is asked.
    #[schema(pattern = "^(same_person|shared_nik|over_linked|statement|crowd)$")]
    question: &'static str,
    /// Where it stands; `istirahat`: a row was withdrawn before anybody decided it.
    #[schema(pattern = "^(baru|istirahat|selesai)$")]
    state: &'static str,
    /// Why it is asked.
    #[schema(example = json!(["V1"]))]
    reasons: Vec<String>,
    /// Match weight of the pair, in bits; `null` where there is none: of a shared NIK, and while a row is withdrawn.
    weight: Option<f64>,
    /// Probability of a match.
    probability: Option<f64>,
    /// All records on both sides; of a shared NIK one of each person, the first 20.
    records: Vec<u64>,
    /// The persons on both sides at present.
    persons: Vec<String>,
    /// Of a shared NIK: by how many.
    #[serde(skip_serializing_if = "Option::is_none")]
    shared: Option<SharedByDto>,
    /// A sender withdrew a row of it. A decision counts again, and what is undecided is asked again if need be, when the row
    /// is back.
    resting: bool,
    /// The rows that were withdrawn.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    withdrawn: Vec<u64>,
}

/// Who shares a NIK.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SharedByDto {
    /// So many persons.
    persons: u64,
    /// In so many records.
    records: u64,
}

/// A case with what is needed to decide it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CaseDto {
    /// The case.
    #[serde(flatten)]
    line: CaseLineDto,
    /// Its records, the two of the pair first.
    sources: Vec<RecordDto>,
    /// Why the pair has its weight; `null` where it has none.
    explanation: Option<ExplanationDto>,
    /// Decisions so far, oldest first.
    decisions: Vec<DecisionDto>,
}

/// Why a pair has its weight; the lines add up to the total.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExplanationDto {
    /// One line a comparison.
    lines: Vec<ExplanationLineDto>,
    /// Sum, in bits.
    total: f64,
    /// Probability of a match.
    probability: f64,
    /// `link`, `review` or `distinct`.
    decision: String,
    /// Ids of the vetoes that hold, each once.
    vetoes: Vec<String>,
    /// The vetoes that hold, each with its own text: several may have one id.
    held_back_by: Vec<VetoDto>,
    /// From this weight on a steward is asked.
    threshold_review: f64,
    /// From this weight on records are linked.
    threshold_link: f64,
    /// Name and version of the model.
    model: String,
}

/// A veto that holds for a pair.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VetoDto {
    /// Its id.
    #[schema(example = "V3")]
    id: String,
    /// `review`: a steward is asked. `distinct`: the pair is kept apart without asking.
    action: &'static str,
    /// What it is about, in the words of the model.
    about: String,
}

/// What one comparison contributed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExplanationLineDto {
    /// The comparison.
    #[schema(example = "nik")]
    comparison: String,
    /// The level reached.
    #[schema(example = "transpose")]
    level: String,
    /// Bits.
    weight: f64,
}

/// A decision.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DecisionDto {
    /// `GABUNGKAN`, `BUKAN_DUPLIKAT` or `BATALKAN`.
    putusan: &'static str,
    /// Why.
    alasan: String,
    /// Who.
    by: String,
    /// When.
    #[schema(format = DateTime)]
    at: String,
}

/// A steward's answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerdictDto {
    /// What is decided.
    putusan: Putusan,
    /// Why; not about persons, auditors read it.
    #[schema(min_length = 1, max_length = 500)]
    alasan: String,
}

/// What a steward can decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Putusan {
    /// The same person.
    Gabungkan,
    /// Different persons.
    BukanDuplikat,
    /// Takes the earlier decision back.
    Batalkan,
}

/// Which cases.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CaseParams {
    /// Only with this question: `same_person`, `shared_nik`, `over_linked`, `statement` or `crowd`.
    #[param(example = "shared_nik")]
    question: Option<String>,
    /// Only with this reason code.
    #[param(example = "V1")]
    reason: Option<String>,
    /// Only in this region: 2, 4, 6 or 10 digits.
    #[param(example = "320101")]
    kode_wilayah: Option<String>,
    /// `baru` (the default), `istirahat` or `selesai`.
    state: Option<String>,
    /// Of cases that are `baru`: `heaviest` (the default) or `oldest` first. Those that rest come heaviest first, decided ones
    /// newest first.
    order: Option<String>,
    /// Where the page starts, as given in `next`.
    cursor: Option<String>,
    /// Items a page.
    limit: Option<String>,
}

/// The machine name of a question.
fn question_name(question: Question) -> &'static str {
    match question {
        Question::SamePerson => "same_person",
        Question::SharedNik => "shared_nik",
        Question::OverLinked => "over_linked",
        Question::Statement => "statement",
        Question::Crowd => "crowd",
    }
}

/// The machine name of a state.
fn state_name(state: CaseState) -> &'static str {
    match state {
        CaseState::Baru => "baru",
        CaseState::Istirahat => "istirahat",
        CaseState::Selesai => "selesai",
    }
}

impl Putusan {
    /// The verdict; `None` takes the earlier one back.
    fn verdict(self) -> Option<Verdict> {
        match self {
            Self::Gabungkan => Some(Verdict::Gabungkan),
            Self::BukanDuplikat => Some(Verdict::BukanDuplikat),
            Self::Batalkan => None,
        }
    }
}

impl From<&CaseView> for CaseLineDto {
    fn from(view: &CaseView) -> Self {
        let case = &view.case;
        Self {
            id: case.id.clone(),
            question: question_name(case.question),
            state: state_name(case.state),
            reasons: case.reasons.clone(),
            weight: view.case.why.as_ref().map(|_| case.weight),
            probability: view.case.why.as_ref().map(|_| case.probability),
            records: case.records.iter().map(|record| record.0).collect(),
            persons: case.persons.iter().map(ToString::to_string).collect(),
            shared: case.shared.map(|by| SharedByDto { persons: by.persons, records: by.records }),
            resting: !view.resting.is_empty(),
            withdrawn: view.resting.iter().map(|record| record.0).collect(),
        }
    }
}

impl From<&Explained> for ExplanationDto {
    fn from(why: &Explained) -> Self {
        let lines = why.lines.iter().map(|line| ExplanationLineDto {
            comparison: line.comparison.clone(),
            level: line.level.clone(),
            weight: line.weight,
        });
        Self {
            lines: lines.collect(),
            total: why.total,
            probability: why.probability,
            decision: why.decision.clone(),
            vetoes: why.veto_ids(),
            held_back_by: why.vetoes.iter().map(VetoDto::from).collect(),
            threshold_review: why.thresholds.0,
            threshold_link: why.thresholds.1,
            model: why.model.clone(),
        }
    }
}

impl From<&VetoLine> for VetoDto {
    fn from(veto: &VetoLine) -> Self {
        let action = if veto.keeps_apart { "distinct" } else { "review" };
        Self { id: veto.id.clone(), action, about: veto.about.clone() }
    }
}

impl From<&Decision> for DecisionDto {
    fn from(decision: &Decision) -> Self {
        let putusan = match decision.verdict {
            Some(Verdict::Gabungkan) => "GABUNGKAN",
            Some(Verdict::BukanDuplikat) => "BUKAN_DUPLIKAT",
            None => "BATALKAN",
        };
        Self { putusan, alasan: decision.reason.clone(), by: decision.by.clone(), at: decision.at.to_string() }
    }
}

impl From<&CaseView> for CaseDto {
    fn from(view: &CaseView) -> Self {
        Self {
            line: view.into(),
            sources: view.records.iter().map(RecordDto::from).collect(),
            explanation: view.case.why.as_ref().map(ExplanationDto::from),
            decisions: view.decisions.iter().map(DecisionDto::from).collect(),
        }
    }
}

/// Cases, those that matter most first.
#[utoipa::path(get, path = "/v1/cases", tag = "review", operation_id = "listCases", params(CaseParams),
    responses((status = 200, description = "Cases", body = PageDto<CaseLineDto>),
        (status = 403, description = "No right to review", body = ProblemDocument, content_type = "application/problem+json")))]
pub(crate) async fn list(
    Reader(caller): Reader,
    request: HttpRequest,
    config: web::Data<Config>,
    gateway: Backend,
) -> Result<HttpResponse, Problem> {
    need(&caller, Right::Review)?;
    let params: CaseParams = query(&request)?;
    let limit = page_size(params.limit.as_deref(), &config.limits)?;
    let kode_wilayah = region("kode_wilayah", params.kode_wilayah)?;
    let state = state(params.state.as_deref())?;
    let filter = CaseFilter {
        question: question(params.question.as_deref())?,
        reason: params.reason,
        kode_wilayah,
        state,
        order: order(params.order.as_deref(), state)?,
    };
    let page = gateway.get()?.cases(&caller, filter.clone(), params.cursor, limit).await?;
    let more = [
        ("question", params.question.as_deref()),
        ("reason", filter.reason.as_deref()),
        ("kode_wilayah", filter.kode_wilayah.as_deref()),
        ("state", params.state.as_deref()),
        ("order", params.order.as_deref()),
    ];
    let next = next_path("/v1/cases", page.next.as_deref(), limit, &more);
    access::note_cases(&request, &page.items);
    let items: Vec<CaseLineDto> = page.items.iter().map(CaseLineDto::from).collect();
    Ok(HttpResponse::Ok().json(PageDto { items, next, total: page.total }))
}

/// One case.
#[utoipa::path(get, path = "/v1/cases/{id}", tag = "review", operation_id = "getCase",
    params(("id" = String, Path, description = "Id of the case")),
    responses((status = 200, description = "The case", body = CaseDto),
        (status = 404, description = "No such case", body = ProblemDocument, content_type = "application/problem+json")))]
pub(crate) async fn show(
    Reader(caller): Reader,
    id: web::Path<String>,
    request: HttpRequest,
    gateway: Backend,
) -> Result<web::Json<CaseDto>, Problem> {
    need(&caller, Right::Review)?;
    let view = gateway.get()?.case(&caller, &id).await?;
    access::note_cases(&request, [&view]);
    Ok(web::Json(CaseDto::from(&view)))
}

/// Decide a case, or take a decision back.
///
/// When the answer is there, so is the effect on the persons.
#[utoipa::path(post, path = "/v1/cases/{id}/verdict", tag = "review", operation_id = "decideCase",
    params(("id" = String, Path, description = "Id of the case"),
           ("Idempotency-Key" = String, Header, description = "1 to 128 visible characters, new for each new body")),
    request_body = VerdictDto,
    responses((status = 200, description = "The case as it stands now", body = CaseDto),
        (status = 409, description = "Somebody was faster, or the case rests", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "No reason given", body = ProblemDocument, content_type = "application/problem+json")))]
pub(crate) async fn decide(
    writer: Writer,
    id: web::Path<String>,
    request: HttpRequest,
    payload: web::Payload,
    config: web::Data<Config>,
    gateway: Backend,
) -> Result<web::Json<CaseDto>, Problem> {
    need(&writer.caller, Right::Review)?;
    let incoming = Incoming::open(&request, payload, JSON, &config.limits, config.limits.max_document_bytes)?;
    let answer: VerdictDto = incoming.json().await?;
    let answer = verdict_request(answer.putusan, &answer.alasan)?;
    let view = gateway.get()?.decide(&writer.caller, &id, writer.key, answer).await?;
    access::note_cases(&request, [&view]);
    Ok(web::Json(CaseDto::from(&view)))
}

/// A decision with a reason that can be kept.
pub(crate) fn verdict_request(putusan: Putusan, alasan: &str) -> Result<VerdictRequest, Problem> {
    let reason = alasan.trim();
    if (1..=MAX_REASON_CHARS).contains(&reason.chars().count()) {
        return Ok(VerdictRequest { verdict: putusan.verdict(), reason: reason.to_owned() });
    }
    let pesan = format!("alasan wajib diisi, paling banyak {MAX_REASON_CHARS} huruf");
    let message = format!("a reason is needed, of at most {MAX_REASON_CHARS} characters");
    Err(Problem::field(Code::FieldInvalid, "/alasan", &pesan, &message))
}

fn question(name: Option<&str>) -> Result<Option<Question>, Problem> {
    let Some(name) = name else { return Ok(None) };
    let all = [Question::SamePerson, Question::SharedNik, Question::OverLinked, Question::Statement, Question::Crowd];
    let known = all.into_iter().find(|question| question_name(*question) == name);
    let (pesan, message) = (
        "isi same_person, shared_nik, over_linked, statement, atau crowd",
        "give same_person, shared_nik, over_linked, statement or crowd",
    );
    known.map(Some).ok_or_else(|| Problem::field(Code::QueryInvalid, "question", pesan, message))
}

fn state(name: Option<&str>) -> Result<CaseState, Problem> {
    let Some(name) = name else { return Ok(CaseState::default()) };
    let all = [CaseState::Baru, CaseState::Istirahat, CaseState::Selesai];
    let known = all.into_iter().find(|state| state_name(*state) == name);
    let (pesan, message) = ("isi baru, istirahat, atau selesai", "give baru, istirahat or selesai");
    known.ok_or_else(|| Problem::field(Code::QueryInvalid, "state", pesan, message))
}

fn order(name: Option<&str>, state: CaseState) -> Result<CaseOrder, Problem> {
    let wrong = |pesan, message| Err(Problem::field(Code::QueryInvalid, "order", pesan, message));
    match name {
        None => Ok(CaseOrder::default()),
        Some(_) if state != CaseState::Baru => {
            wrong("hanya untuk kasus yang belum diputus (state=baru)", "only for cases that are open (state=baru)")
        }
        Some("heaviest") => Ok(CaseOrder::Heaviest),
        Some("oldest") => Ok(CaseOrder::Oldest),
        Some(_) => wrong("isi heaviest atau oldest", "give heaviest or oldest"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::steward::samples;

    #[test]
    fn a_verdict_needs_a_reason() {
        let verdict = |putusan, reason: &str| verdict_request(putusan, reason).map(|request| request.verdict);
        assert_eq!(verdict(Putusan::Gabungkan, " jelas ").expect("good"), Some(Verdict::Gabungkan));
        assert_eq!(verdict(Putusan::BukanDuplikat, "kembar").expect("good"), Some(Verdict::BukanDuplikat));
        assert_eq!(verdict(Putusan::Batalkan, "keliru").expect("good"), None);
        for reason in ["", "  \n", &"x".repeat(MAX_REASON_CHARS + 1)] {
            assert_eq!(verdict(Putusan::Gabungkan, reason).expect_err("refused").code(), Code::FieldInvalid);
        }
    }

    #[test]
    fn a_case_leaves_the_gateway_masked_and_adds_up() {
        let case = CaseDto::from(&samples::case_view());
        let explanation = case.explanation.as_ref().expect("a pair has one");
        let sum: f64 = explanation.lines.iter().map(|line| line.weight).sum();
        assert!((sum - explanation.total).abs() < 1e-9);
        let text = serde_json::to_string(&case).expect("JSON");
        for secret in samples::SECRETS {
            assert!(!text.contains(secret), "{secret} left the gateway");
        }
    }
}
