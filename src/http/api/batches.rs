//! Pushing a batch, and asking what became of it.

use actix_web::http::header;
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::lists::{self, LISTS};
use super::receipts::LineDto;
use crate::domain::batch::{Batch, BatchCounts, ReceiptLine, RowOutcome};
use crate::domain::feed::Feed;
use crate::feed::mapping::Sentence;
use crate::feed::{BatchReader, ReadBatch};
use crate::http::body::{Incoming, NDJSON};
use crate::http::caller::{Reader, Writer, need_feed};
use crate::http::config::Config;
use crate::http::extract::{Backend, query};
use crate::http::problem::{Problem, ProblemDocument};
use crate::service::answers::views::{BatchView, Pushed};
use crate::service::error::ServiceError;
use crate::service::gateway::{Admitted, Gateway};
use crate::telemetry::metric;

/// A batch as stored.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BatchDto {
    /// UUID v7.
    id: String,
    /// Who pushed.
    #[schema(example = "dinsos-3201")]
    agency: String,
    /// Which feed.
    #[schema(example = "dinsos-anggota-keluarga")]
    feed: &'static str,
    /// When it was accepted.
    #[schema(format = DateTime)]
    received_at: String,
    /// What became of its rows.
    counts: CountsDto,
    /// SHA-256 of the body, hexadecimal.
    sha256: String,
    /// Warnings about the batch as a whole.
    #[schema(example = json!(["EXCEL_PRECISION"]))]
    alarms: Vec<String>,
    /// Every row has been matched; absent in the answer to a push.
    #[serde(skip_serializing_if = "Option::is_none")]
    matched: Option<bool>,
    /// Reports tell of every row; absent in the answer to a push.
    #[serde(skip_serializing_if = "Option::is_none")]
    evaluated: Option<bool>,
    /// When the retention rule took the receipt away, and the rows that newer ones had replaced; absent until then.
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    compacted_at: Option<String>,
    /// Path of the receipt.
    receipt: String,
}

/// Counts of rows: each line is in one of them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CountsDto {
    /// Lines with content.
    baris: u64,
    /// Accepted without doubt.
    diterima: u64,
    /// Accepted with flags.
    ditandai: u64,
    /// Refused.
    ditolak: u64,
    /// As they stand already, byte for byte.
    tanpa_perubahan: u64,
    /// Older than the row that stands: without effect.
    lebih_lama: u64,
}

/// The answer to a push.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PushedDto {
    /// The batch.
    batch: BatchDto,
    /// The same push had been accepted before under this idempotency key.
    replayed: bool,
    /// The first lines that were refused, flagged, or older than what stands.
    not_clean: Vec<LineDto>,
    /// Path of the receipt when there are more such lines than shown here; else null.
    next: Option<String>,
    /// How a list was read, where its sender may not know it; absent where there is nothing to say.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<NoteDto>,
}

/// What is answered to rows, stored or only checked.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
enum AnswerDto {
    Pushed(PushedDto),
    Checked(CheckedDto),
}

/// What was passed over in a list, or taken for granted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NoteDto {
    /// In Indonesian.
    #[schema(example = "Kolom yang tidak dibaca: Keterangan")]
    pesan: String,
    /// In English.
    #[schema(example = "Columns that are not read: Keterangan")]
    message: String,
}

impl From<Sentence> for NoteDto {
    fn from(Sentence { pesan, message }: Sentence) -> Self {
        Self { pesan, message }
    }
}

impl From<BatchCounts> for CountsDto {
    fn from(counts: BatchCounts) -> Self {
        let BatchCounts { baris, diterima, ditandai, ditolak, tanpa_perubahan, lebih_lama } = counts;
        Self { baris, diterima, ditandai, ditolak, tanpa_perubahan, lebih_lama }
    }
}

impl BatchDto {
    /// A batch as it was taken in.
    fn new(batch: &Batch) -> Self {
        Self {
            id: batch.id.clone(),
            agency: batch.agency.to_string(),
            feed: batch.feed.name(),
            received_at: batch.received_at.to_string(),
            counts: batch.counts.into(),
            sha256: batch.sha256.clone(),
            alarms: batch.alarms.clone(),
            matched: None,
            evaluated: None,
            compacted_at: batch.compacted_at.map(|at| at.to_string()),
            receipt: format!("/v1/batches/{}/receipt", batch.id),
        }
    }

    /// A batch, and how far it has come.
    pub(super) fn of(view: &BatchView) -> Self {
        Self { matched: Some(view.matched), evaluated: Some(view.evaluated), ..Self::new(&view.batch) }
    }
}

impl PushedDto {
    /// The answer, with at most `limit` lines.
    fn new(pushed: &Pushed, limit: usize) -> Self {
        let batch = BatchDto::new(&pushed.batch);
        let mut lines = pushed.lines.iter().filter(|line| !line.is_clean());
        let not_clean = lines.by_ref().take(limit).map(LineDto::from).collect();
        let next = lines.next().map(|_| batch.receipt.clone());
        Self { batch, replayed: pushed.replayed, not_clean, next, notes: Vec::new() }
    }

    /// The same, with how the list was read.
    fn noting(self, notes: Vec<Sentence>) -> Self {
        Self { notes: notes.into_iter().map(NoteDto::from).collect(), ..self }
    }
}

/// Push a batch of rows.
///
/// One JSON object a line; or a list as operators have it, whose columns become fields as the agency keeps it (`/v1/feeds/{feed}/mapping`), or by
/// its headings. With `check=true` nothing is stored. Every row gets an answer: accepted, flagged, refused, unchanged or older than what stands; refused rows
/// do not hold back the others. Answers when the batch is durable. The same key and body give the same answer again.
#[utoipa::path(post, path = "/v1/feeds/{feed}/batches", tag = "push", operation_id = "pushBatch",
    params(("feed" = String, Path, description = "Name of the feed"),
           ("Idempotency-Key" = String, Header, description = "1 to 128 visible characters, new for each new body"), PushParams),
    request_body(content((String = "application/x-ndjson"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (String = "text/csv"), (Vec<u8> = "application/zip"), (Vec<u8> = "application/gzip"), (Vec<u8> = "application/octet-stream")), description = "Rows as `/v1/schemas/{feed}` describes them, or a list"),
    responses((status = 200, description = "Stored, or with `check=true` what storing it would lead to", body = AnswerDto),
        (status = 400, description = "Empty or broken body, or no key", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Another agency's feed", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "The same key is being worked on", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, description = "Too many bytes or rows", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "The key was used for another body, nearly all rows are refused, or the list cannot be read", body = ProblemDocument, content_type = "application/problem+json"),
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
    let (limits, params): (_, PushParams) = (&config.limits, query(&request)?);
    let is_list = LISTS.iter().any(|known| known.eq_ignore_ascii_case(request.content_type()));
    let (types, most) = if is_list { (LISTS, limits.max_upload_bytes) } else { (NDJSON, limits.max_body_bytes) };
    let incoming = Incoming::open(&request, payload, types, limits, most)?;
    let admitted = gateway.get()?.admit(&writer.caller, feed, true)?;
    let (body, _admitted, notes) = if is_list {
        lists::read(gateway.get()?, &writer.caller, (feed, params.sheet), incoming, admitted).await?
    } else {
        let intake = gateway.get()?.read_push(feed);
        let (body, admitted) = read_rows(incoming, admitted, intake, limits.parse_chunk_bytes).await?;
        (body, admitted, Vec::new())
    };
    if params.check == Some(true) {
        let answer = AnswerDto::Checked(CheckedDto::new(&body, notes, limits.max_answer_lines));
        return Ok(HttpResponse::Ok().json(answer));
    }
    let pushed = store(gateway.get()?, &writer, feed, body).await?;
    let answer = PushedDto::new(&pushed, limits.max_answer_lines).noting(notes);
    let place = (header::LOCATION, format!("/v1/batches/{}", answer.batch.id));
    Ok(HttpResponse::Ok().insert_header(place).json(AnswerDto::Pushed(answer)))
}

/// How a batch is pushed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PushParams {
    /// `true`: nothing is stored; the answer says what would be refused and flagged.
    check: Option<bool>,
    /// The sheet of a workbook, or the file of a ZIP file, where it is not the first that holds rows.
    sheet: Option<String>,
}

/// What a batch would be: nothing was stored.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CheckedDto {
    /// Rows by outcome; whether a row stands already is not looked at.
    counts: CountsDto,
    /// Warnings about the batch as a whole.
    alarms: Vec<String>,
    /// Lines that are not clean, the first of them.
    not_clean: Vec<LineDto>,
    /// How a list would be read, where its sender may not know it; absent where there is nothing to say.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<NoteDto>,
}

impl CheckedDto {
    fn new(body: &ReadBatch, notes: Vec<Sentence>, limit: usize) -> Self {
        let lines: Vec<ReceiptLine> = body.lines().collect();
        let mut counts = BatchCounts::default();
        for line in &lines {
            counts.add(line);
        }
        let not_clean = lines.iter().filter(|line| !line.is_clean()).take(limit).map(LineDto::from).collect();
        let notes = notes.into_iter().map(NoteDto::from).collect();
        Self { counts: counts.into(), alarms: body.alarms.clone(), not_clean, notes }
    }
}

/// What became of a batch.
#[utoipa::path(get, path = "/v1/batches/{id}", tag = "push", operation_id = "getBatch",
    params(("id" = String, Path, description = "Id of the batch")),
    responses((status = 200, description = "The batch", body = BatchDto),
        (status = 404, description = "No such batch of this agency", body = ProblemDocument, content_type = "application/problem+json")))]
pub(crate) async fn show(
    Reader(caller): Reader,
    id: web::Path<String>,
    gateway: Backend,
) -> Result<web::Json<BatchDto>, Problem> {
    let view = gateway.get()?.batch(&caller, &id).await?;
    Ok(web::Json(BatchDto::of(&view)))
}

/// Stores a body that was read, and counts it.
pub(super) async fn store(
    gateway: &Gateway,
    writer: &Writer,
    feed: Feed,
    body: ReadBatch,
) -> Result<Pushed, ServiceError> {
    let pushed = gateway.push(&writer.caller, feed, writer.key.clone(), body).await?;
    let counts = pushed.batch.counts;
    for outcome in RowOutcome::ALL {
        let rows = if pushed.replayed { 0 } else { counts.of(outcome) };
        metrics::counter!(metric::PUSHED_ROWS, "feed" => feed.name(), "outcome" => outcome.code()).increment(rows);
    }
    Ok(pushed)
}

/// Feeds the body to the intake in large pieces, parsed away from the network thread.
async fn read_rows(
    mut incoming: Incoming,
    mut admitted: Admitted,
    mut intake: BatchReader,
    piece: usize,
) -> Result<(ReadBatch, Admitted), Problem> {
    let feed = intake.feed();
    while let Some(bytes) = incoming.piece(piece).await? {
        admitted.grow(bytes.len() as u64)?;
        intake = web::block(move || intake.push(&bytes).map(|()| intake)).await??;
    }
    metrics::counter!(metric::PUSHED_BYTES, "feed" => feed.name()).increment(incoming.seen());
    Ok((web::block(move || intake.finish()).await??, admitted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::steward::samples;

    #[test]
    fn an_answer_shows_the_lines_that_are_not_clean_and_where_the_rest_is() {
        let pushed = samples::pushed();
        for (limit, shown, next) in [(10, 2, None), (2, 2, None), (1, 1, Some("/v1/batches/B1/receipt"))] {
            let answer = PushedDto::new(&pushed, limit);
            assert_eq!(answer.not_clean.len(), shown, "limit {limit}");
            assert_eq!(answer.next.as_deref(), next, "limit {limit}");
        }
    }
}
