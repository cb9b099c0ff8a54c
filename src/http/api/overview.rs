//! The state of the gateway, as the first page shows it.

use actix_web::web;
use serde::Serialize;
use utoipa::ToSchema;

use super::batches::BatchDto;
use crate::auth::Right;
use crate::domain::date::Timestamp;
use crate::http::caller::{Reader, need};
use crate::http::extract::Backend;
use crate::http::problem::{Problem, ProblemDocument};
use crate::http::tls::{Served, Validity};
use crate::service::answers::views::{FeedLine, Overview};

/// The state of the gateway.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OverviewDto {
    /// One entry a feed.
    feeds: Vec<FeedDto>,
    /// Persons.
    persons: u64,
    /// Families.
    families: u64,
    /// Persons known in two or more feeds.
    persons_in_many_feeds: u64,
    /// Cases that wait for a steward.
    open_cases: u64,
    /// Cases that rest: a row was withdrawn before anybody decided them.
    resting_cases: u64,
    /// Cases that were decided.
    decided_cases: u64,
    /// Rows that were accepted and not matched yet.
    waiting_rows: u64,
    /// Declarations of completeness in force.
    closed_feeds: u64,
    /// Name and version of the match model.
    model: String,
    /// Keys too common to be compared, the largest first, at most 50.
    stop_keys: Vec<StopKeyDto>,
    /// How many there are in all.
    stop_keys_total: u64,
    /// The newest batches.
    batches: Vec<BatchDto>,
    /// The certificate that the gateway shows.
    certificate: CertificateDto,
}

/// Until when the certificate is valid.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CertificateDto {
    /// When it expires.
    #[schema(format = DateTime)]
    not_after: String,
    /// Whole days until then; negative afterwards. Below 30 it is to be replaced.
    days_left: i64,
}

impl From<&Validity> for CertificateDto {
    fn from(validity: &Validity) -> Self {
        Self { not_after: validity.not_after.to_string(), days_left: validity.days_left(Timestamp::now()) }
    }
}

/// One feed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FeedDto {
    /// Its name.
    feed: &'static str,
    /// Records that are not withdrawn.
    records: u64,
    /// Of those: flagged.
    flagged: u64,
    /// When the last batch came.
    #[schema(format = DateTime)]
    last: Option<String>,
    /// Who sends it.
    agencies: Vec<String>,
}

/// A key that is too common to be compared.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StopKeyDto {
    /// The blocking rule.
    rule: String,
    /// Rows that share the key. This rule does not compare them with one another.
    rows: u64,
    /// A person with one of these rows, to look at.
    #[schema(example = "P0000000042")]
    example: Option<String>,
}

impl From<&FeedLine> for FeedDto {
    fn from(line: &FeedLine) -> Self {
        Self {
            feed: line.feed.name(),
            records: line.records,
            flagged: line.flagged,
            last: line.last.map(|last| last.to_string()),
            agencies: line.agencies.iter().map(ToString::to_string).collect(),
        }
    }
}

impl OverviewDto {
    fn new(view: &Overview, validity: &Validity) -> Self {
        Self {
            certificate: validity.into(),
            feeds: view.feeds.iter().map(FeedDto::from).collect(),
            persons: view.persons,
            families: view.families,
            persons_in_many_feeds: view.persons_in_many_feeds,
            open_cases: view.open_cases,
            resting_cases: view.resting_cases,
            decided_cases: view.decided_cases,
            waiting_rows: view.waiting_rows,
            closed_feeds: view.closed_feeds,
            model: view.model.clone(),
            stop_keys: view
                .stop_keys
                .iter()
                .map(|key| StopKeyDto {
                    rule: key.rule.clone(),
                    rows: key.rows,
                    example: key.example.map(|person| person.to_string()),
                })
                .collect(),
            stop_keys_total: view.stop_keys_total,
            batches: view.batches.iter().map(BatchDto::of).collect(),
        }
    }
}

/// The state of the gateway.
#[utoipa::path(get, path = "/v1/overview", tag = "reports", operation_id = "getOverview",
    responses((status = 200, description = "The state", body = OverviewDto),
        (status = 403, description = "No right to read reports", body = ProblemDocument, content_type = "application/problem+json")))]
pub(crate) async fn show(
    Reader(caller): Reader,
    gateway: Backend,
    served: web::Data<Served>,
) -> Result<web::Json<OverviewDto>, Problem> {
    need(&caller, Right::Reports)?;
    let view = gateway.get()?.overview(&caller).await?;
    Ok(web::Json(OverviewDto::new(&view, &served.validity())))
}
