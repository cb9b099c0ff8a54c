//! Any two records explained: why they are one person, or not, or a question.

use actix_web::{HttpRequest, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cases::ExplanationDto;
use super::persons::SourceKeyDto;
use crate::auth::Right;
use crate::http::access;
use crate::http::body::{Incoming, JSON};
use crate::http::caller::{Reader, need};
use crate::http::config::Config;
use crate::http::extract::Backend;
use crate::http::problem::{Problem, ProblemDocument};
use crate::service::answers::views::PairView;

/// Which two records.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PairKeysDto {
    /// One record.
    a: SourceKeyDto,
    /// The other.
    b: SourceKeyDto,
}

/// Two records and what speaks for and against them; no value of either is in it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PairDto {
    /// The numbers of the two records, `a` first.
    records: [u64; 2],
    /// The persons they belong to, one and the same when they are together.
    #[schema(example = json!(["P0000000012", "P0000000040"]))]
    persons: [String; 2],
    /// Why the pair has its weight.
    explanation: ExplanationDto,
    /// Blocking rules that give the pair. None: the two are never compared, whatever they weigh.
    blocking_rules: Vec<String>,
}

impl From<&PairView> for PairDto {
    fn from(view: &PairView) -> Self {
        Self {
            records: [view.records.0.0, view.records.1.0],
            persons: [view.persons.0.to_string(), view.persons.1.to_string()],
            explanation: (&view.explained).into(),
            blocking_rules: view.rules.clone(),
        }
    }
}

/// Explain two records.
///
/// What each comparison of any two records contributes under the model, whether there is a case about them or not. The
/// keys travel in the body, so that no log keeps them.
#[utoipa::path(post, path = "/v1/explain", tag = "review", operation_id = "explainPair",
    request_body = PairKeysDto,
    responses((status = 200, description = "The pair", body = PairDto),
        (status = 403, description = "No right to review", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such record, or both are one", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "Several agencies use this key", body = ProblemDocument, content_type = "application/problem+json")))]
pub(crate) async fn pair(
    Reader(caller): Reader,
    request: HttpRequest,
    payload: web::Payload,
    config: web::Data<Config>,
    gateway: Backend,
) -> Result<web::Json<PairDto>, Problem> {
    need(&caller, Right::Review)?;
    let incoming = Incoming::open(&request, payload, JSON, &config.limits, config.limits.max_document_bytes)?;
    let PairKeysDto { a, b } = incoming.json().await?;
    let view = gateway.get()?.explain(&caller, a.key(), b.key()).await?;
    access::note_subjects(&request, [view.persons.0, view.persons.1]);
    Ok(web::Json(PairDto::from(&view)))
}
