//! The audit log: its signed head, the files that prove it, and who saw what about a person.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::persons::person_id;
use crate::auth::Right;
use crate::http::access;
use crate::http::caller::{Reader, need};
use crate::http::extract::Backend;
use crate::http::problem::{Code, Problem, ProblemDocument};
use crate::service::audit::{AuditError, Seen, SeenBy};
use crate::service::error::ServiceError;

/// Media type of keys, heads and proofs.
const TEXT: &str = "text/plain; charset=utf-8";

/// Who saw or did what about a person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SeenDto {
    /// The person's number now.
    #[schema(example = "P0000000042")]
    person: String,
    /// Numbers under which the log may name the person: those of its records, since the oldest one gives the number.
    #[schema(example = json!(["P0000000042", "P0000000107"]))]
    numbers: Vec<String>,
    /// Entries, oldest first.
    entries: Vec<SeenByDto>,
}

/// An entry of the log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SeenByDto {
    /// Its place in the log, counted from 1; in the tree it is the leaf before.
    number: u64,
    /// What it says: `at`, `who`, `agency`, `purpose`, `does`, `right`, `about`, `detail`, `request`, `from`.
    #[schema(value_type = Object)]
    entry: Value,
}

impl From<&SeenBy> for SeenByDto {
    fn from(seen: &SeenBy) -> Self {
        Self { number: seen.number, entry: serde_json::to_value(&seen.entry).unwrap_or_default() }
    }
}

impl From<&Seen> for SeenDto {
    fn from(seen: &Seen) -> Self {
        Self {
            person: seen.person.to_string(),
            numbers: seen.numbers.clone(),
            entries: seen.entries.iter().map(SeenByDto::from).collect(),
        }
    }
}

impl From<AuditError> for Problem {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::NoKey | AuditError::NoFile => Self::new(Code::NotFound, error.to_string()),
            // The head is written before it is signed.
            AuditError::Service(ServiceError::Full) => access::not_written(&ServiceError::Full),
            AuditError::Service(error) => error.into(),
        }
    }
}

/// The key that verifies the audit log and receipts.
///
/// One line, `name+id+base64`, as verifiers of C2SP signed notes read it.
#[utoipa::path(get, path = "/v1/audit/key", tag = "audit", operation_id = "getAuditKey",
    responses((status = 200, description = "The key", body = String, content_type = "text/plain"),
        (status = 404, description = "The log is not signed", body = ProblemDocument, content_type = "application/problem+json")))]
pub(crate) async fn key(_: Reader, gateway: Backend) -> Result<HttpResponse, Problem> {
    let key = gateway.get()?.audit_key()?;
    Ok(HttpResponse::Ok().content_type(TEXT).body(format!("{key}\n")))
}

/// The signed head of the audit log.
///
/// A C2SP checkpoint over everything that was acknowledged before.
#[utoipa::path(get, path = "/v1/audit/checkpoint", tag = "audit", operation_id = "getAuditCheckpoint",
    responses((status = 200, description = "The checkpoint", body = String, content_type = "text/plain"),
        (status = 403, description = "No right to read the log", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "The log is not signed", body = ProblemDocument, content_type = "application/problem+json")))]
pub(crate) async fn checkpoint(Reader(caller): Reader, gateway: Backend) -> Result<HttpResponse, Problem> {
    need(&caller, Right::Audit)?;
    let checkpoint = gateway.get()?.audit_checkpoint().await?;
    Ok(HttpResponse::Ok().content_type(TEXT).body(checkpoint.to_string()))
}

/// A file of the audit log.
///
/// C2SP tlog-tiles: `0/x001/234` and `0/x001/234.p/56` are tiles of hashes, `entries/x001/234` the entries under one. `padan audit
/// export` fetches all of them.
#[utoipa::path(get, path = "/v1/audit/tile/{path}", tag = "audit", operation_id = "getAuditTile",
    params(("path" = String, Path, description = "What stands behind `tile/` in the format")),
    responses((status = 200, description = "The file", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 403, description = "No right to read the log", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such file of the log as it is", body = ProblemDocument, content_type = "application/problem+json")))]
pub(crate) async fn tile(
    Reader(caller): Reader,
    path: web::Path<String>,
    request: HttpRequest,
    gateway: Backend,
) -> Result<HttpResponse, Problem> {
    need(&caller, Right::Audit)?;
    if path.starts_with("entries/") {
        access::note_subjects(&request, [path.as_str()]);
    }
    let file = gateway.get()?.audit_file(&format!("tile/{path}")).await?;
    Ok(HttpResponse::Ok().content_type("application/octet-stream").body(file))
}

/// Who saw or did what about a person.
///
/// The answer to UU 27/2022, articles 31 and 32: every entry of the log that names the person, under this number or one that it had.
#[utoipa::path(get, path = "/v1/audit/persons/{id}", tag = "audit", operation_id = "whoSaw",
    params(("id" = String, Path, description = "Number of a person, `P` and ten digits")),
    responses((status = 200, description = "The entries", body = SeenDto),
        (status = 403, description = "No right to read the log", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "That is no number of a person", body = ProblemDocument, content_type = "application/problem+json")))]
pub(crate) async fn person(
    Reader(caller): Reader,
    id: web::Path<String>,
    request: HttpRequest,
    gateway: Backend,
) -> Result<web::Json<SeenDto>, Problem> {
    need(&caller, Right::Audit)?;
    let seen = gateway.get()?.seen(&caller, person_id(&id)?).await?;
    access::note_subjects(&request, [seen.person]);
    Ok(web::Json(SeenDto::from(&seen)))
}

/// Proof that a batch was taken in.
///
/// A C2SP tlog-proof: the entry of the audit log that says what was sent and what became of it, and that the log holds it. It
/// verifies with `/v1/audit/key` and without this gateway (`padan audit proof FILE --key KEY`).
#[utoipa::path(get, path = "/v1/batches/{id}/receipt/proof", tag = "push", operation_id = "proveReceipt",
    params(("id" = String, Path, description = "Id of the batch")),
    responses((status = 200, description = "The proof", body = String, content_type = "text/plain"),
        (status = 404, description = "No such batch of this agency, or the log is not signed", body = ProblemDocument, content_type = "application/problem+json")))]
pub(crate) async fn receipt(
    Reader(caller): Reader,
    id: web::Path<String>,
    gateway: Backend,
) -> Result<HttpResponse, Problem> {
    let proof = gateway.get()?.receipt_proof(&caller, &id).await?;
    let name = format!("attachment; filename=\"tanda-terima-{id}.tlog-proof\"");
    Ok(HttpResponse::Ok().content_type(TEXT).insert_header((header::CONTENT_DISPOSITION, name)).body(proof.to_string()))
}
