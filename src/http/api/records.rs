//! Pushing one row.

use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde::de::IgnoredAny;
use utoipa::ToSchema;

use super::batches::store;
use super::receipts::LineDto;
use crate::domain::batch::{ReceiptLine, RowOutcome};
use crate::domain::feed::Feed;
use crate::feed::{BatchReader, BodyError, ReadBatch};
use crate::http::body::{Incoming, JSON, parse};
use crate::http::caller::{Writer, need_feed};
use crate::http::config::Config;
use crate::http::extract::Backend;
use crate::http::problem::{Code, Problem, ProblemDocument, ProblemField};

/// The answer to a row sent alone.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecordDto {
    /// The batch of one that it became.
    batch: String,
    /// The same push had been accepted before under this idempotency key.
    replayed: bool,
    /// What became of it.
    #[serde(flatten)]
    line: LineDto,
}

/// Push one row.
///
/// Answers when the row is durable. A row of the wrong shape is refused; a row with doubtful values is flagged and kept.
#[utoipa::path(post, path = "/v1/feeds/{feed}/records", tag = "push", operation_id = "pushRecord",
    params(("feed" = String, Path, description = "Name of the feed"),
           ("Idempotency-Key" = String, Header, description = "1 to 128 visible characters, new for each new body")),
    request_body(content = Object, description = "A row as `/v1/schemas/{feed}` describes it"),
    responses((status = 201, description = "Stored", body = RecordDto),
        (status = 200, description = "Nothing changed: the row stands already, or a newer one does", body = RecordDto),
        (status = 400, description = "Not JSON, or no key", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Another agency's feed", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "The row was refused", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "The caller's quota is used up", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "Too much is waiting, of all or of this caller", body = ProblemDocument, content_type = "application/problem+json")))]
pub(crate) async fn push(
    writer: Writer,
    feed: web::Path<String>,
    request: HttpRequest,
    payload: web::Payload,
    config: web::Data<Config>,
    gateway: Backend,
) -> Result<HttpResponse, Problem> {
    let feed: Feed = feed.parse()?;
    need_feed(&writer.caller, feed)?;
    let row = Incoming::open(&request, payload, JSON, &config.limits, config.limits.max_record_bytes)?.whole().await?;
    let row = on_one_line(&row)?;
    let mut admitted = gateway.get()?.admit(&writer.caller, feed, false)?;
    admitted.grow(row.len() as u64)?;
    let intake = gateway.get()?.read_push(feed);
    let body = web::block(move || read(intake, &row)).await??;
    let pushed = store(gateway.get()?, &writer, feed, body).await?;
    let line = pushed.lines.first().ok_or_else(|| Problem::from(BodyError::Empty))?;
    if line.hasil == RowOutcome::Ditolak {
        return Err(refused(line));
    }
    let answer = RecordDto { batch: pushed.batch.id.clone(), replayed: pushed.replayed, line: line.into() };
    let mut response = if line.tanpa_perubahan { HttpResponse::Ok() } else { HttpResponse::Created() };
    Ok(response.insert_header((header::LOCATION, format!("/v1/batches/{}", answer.batch))).json(answer))
}

fn read(mut intake: BatchReader, row: &[u8]) -> Result<ReadBatch, BodyError> {
    intake.push(row)?;
    intake.finish()
}

/// The document without line breaks. In JSON they stand between tokens only, so a blank says the same.
fn on_one_line(document: &[u8]) -> Result<Bytes, Problem> {
    parse::<IgnoredAny>(document)?;
    Ok(document.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }).collect())
}

fn refused(line: &ReceiptLine) -> Problem {
    let fields: Vec<ProblemField> = line.kesalahan.iter().map(ProblemField::from).collect();
    Problem::with_fields(Code::RowRefused, "nothing was stored; errors lists what to repair", fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_over_several_lines_is_one_row() {
        let document = b"{\n  \"nama\": \"SITI\\nA\",\r\n  \"hapus\": true\n}\n";
        let row = on_one_line(document).expect("it is JSON");
        assert!(!row.contains(&b'\n') && !row.contains(&b'\r'));
        let same = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).expect("it is JSON");
        assert_eq!(same(&row), same(document));
    }

    #[test]
    fn two_documents_or_none_are_not_a_row() {
        for body in ["{}\n{}", "{", "[1", "{\"nama\": \"a\nb\"}"] {
            assert_eq!(on_one_line(body.as_bytes()).expect_err(body).code(), Code::BodyNotJson, "{body}");
        }
    }
}
