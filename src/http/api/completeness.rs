//! Closing a feed for a region and a period, so that reports may call a missing row a gap.

use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpRequest, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{PageDto, PageParams, next_path};
use crate::domain::batch::{Completeness, Declaration};
use crate::domain::date::Period;
use crate::domain::feed::Feed;
use crate::http::body::{Incoming, JSON, NDJSON, parse};
use crate::http::caller::{Reader, Writer, need_feed};
use crate::http::config::Config;
use crate::http::extract::{Backend, page_size, query};
use crate::http::problem::{Code, Problem, ProblemDocument};
use crate::service::answers::views::{Declared, Unsent};

/// One declaration.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeclarationDto {
    /// The feed; may be left out, else it is the one of the path.
    #[schema(value_type = Option<String>, example = "bank-rekening")]
    feed: Option<Feed>,
    /// A province, regency, sub-district or village code.
    #[schema(example = "320101")]
    kode_wilayah: String,
    /// `YYYY-MM` or `YYYY-Tn`.
    #[schema(value_type = String, example = "2025-T4")]
    periode: Period,
    /// Closed, or open again.
    lengkap: bool,
}

/// What the declarations did.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeclaredDto {
    /// Declarations in the request: all of them are in force now.
    declared: u64,
    /// Of those: they changed what is closed.
    changed: u64,
    /// Of those: it was so before.
    unchanged: u64,
    /// Rows of the agency that it did not send again since it last declared the list complete. They still count.
    unsent: Vec<UnsentDto>,
}

/// Rows of an agency that its list no longer has.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnsentDto {
    /// The region that was declared.
    #[schema(example = "3201")]
    kode_wilayah: String,
    /// When the list was declared complete before.
    #[schema(format = DateTime)]
    since: String,
    /// How many rows.
    rows: u64,
    /// Source keys of the first 1,000 of them.
    ids: Vec<String>,
}

impl From<Declared> for DeclaredDto {
    fn from(answer: Declared) -> Self {
        let unsent = |unsent: Unsent| UnsentDto {
            kode_wilayah: unsent.kode_wilayah,
            since: unsent.since.to_string(),
            rows: unsent.rows,
            ids: unsent.ids,
        };
        Self {
            declared: answer.declared,
            changed: answer.changed,
            unchanged: answer.unchanged,
            unsent: answer.unsent.into_iter().map(unsent).collect(),
        }
    }
}

/// A declaration in force.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StandingDto {
    /// The agency whose rows it is about; null where an early release did not note it.
    #[schema(example = "bank-bri")]
    agency: Option<String>,
    /// The region.
    #[schema(example = "320101")]
    kode_wilayah: String,
    /// The period.
    #[schema(example = "2025-T4")]
    periode: String,
    /// Closed, or open.
    lengkap: bool,
    /// When it was said.
    #[schema(format = DateTime)]
    at: Option<String>,
    /// The client that said it.
    by: Option<String>,
}

impl From<&Declaration> for StandingDto {
    fn from(item: &Declaration) -> Self {
        Self {
            agency: item.agency.as_ref().map(ToString::to_string),
            kode_wilayah: item.kode_wilayah.clone(),
            periode: item.periode.to_string(),
            lengkap: item.lengkap,
            at: item.at.map(|at| at.to_string()),
            by: item.by.clone(),
        }
    }
}

/// Close or open the caller's rows of a feed for regions and periods.
///
/// A JSON list, or one object a line as NDJSON. A feed is closed for a place when every agency that is to send it there has
/// closed it. It is a state: set it as often as you like. A region covers what lies in it, a quarter its months; the last
/// word counts.
#[utoipa::path(put, path = "/v1/feeds/{feed}/completeness", tag = "push", operation_id = "declareCompleteness",
    params(("feed" = String, Path, description = "Name of the feed"),
           ("Idempotency-Key" = String, Header, description = "1 to 128 visible characters, new for each new body")),
    request_body(content((Vec<DeclarationDto> = "application/json"), (String = "application/x-ndjson"))),
    responses((status = 200, description = "Stored", body = DeclaredDto),
        (status = 403, description = "Another agency's feed", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A declaration cannot be used", body = ProblemDocument, content_type = "application/problem+json")))]
pub(crate) async fn declare(
    writer: Writer,
    feed: web::Path<String>,
    request: HttpRequest,
    payload: web::Payload,
    config: web::Data<Config>,
    gateway: Backend,
) -> Result<web::Json<DeclaredDto>, Problem> {
    let feed: Feed = feed.parse()?;
    need_feed(&writer.caller, feed)?;
    let types = [JSON, NDJSON].concat();
    let incoming = Incoming::open(&request, payload, &types, &config.limits, config.limits.max_document_bytes)?;
    let lines = !JSON.iter().any(|json| json.eq_ignore_ascii_case(request.content_type()));
    let declared = read(&incoming.whole().await?, lines)?;
    let declared = check(feed, declared, config.limits.max_declared)?;
    let answer = gateway.get()?.declare(&writer.caller, feed, writer.key, declared).await?;
    Ok(web::Json(answer.into()))
}

/// Who has closed a feed, and where.
///
/// An agency sees its own declarations; who may read reports sees those of all.
#[utoipa::path(get, path = "/v1/feeds/{feed}/completeness", tag = "push", operation_id = "listCompleteness",
    params(("feed" = String, Path, description = "Name of the feed"), PageParams),
    responses((status = 200, description = "Declarations in force", body = PageDto<StandingDto>),
        (status = 403, description = "Neither the agency's feed nor the right to read reports", body = ProblemDocument, content_type = "application/problem+json")))]
pub(crate) async fn list(
    Reader(caller): Reader,
    feed: web::Path<String>,
    request: HttpRequest,
    config: web::Data<Config>,
    gateway: Backend,
) -> Result<web::Json<PageDto<StandingDto>>, Problem> {
    let feed: Feed = feed.parse()?;
    let params: PageParams = query(&request)?;
    let limit = page_size(params.limit.as_deref(), &config.limits)?;
    let start: usize = match params.cursor.as_deref().map(str::parse) {
        None => 0,
        Some(Ok(start)) => start,
        Some(Err(_)) => {
            let (pesan, message) = ("bukan kursor dari gerbang ini", "not a cursor that this gateway gave");
            return Err(Problem::field(Code::FieldInvalid, "/cursor", pesan, message));
        }
    };
    let declared = gateway.get()?.declarations(&caller, feed).await?;
    let items: Vec<StandingDto> = declared.iter().skip(start).take(limit).map(StandingDto::from).collect();
    let reached = start.saturating_add(items.len());
    let next = (reached < declared.len()).then(|| reached.to_string());
    let next = next_path(&format!("/v1/feeds/{feed}/completeness"), next.as_deref(), limit, &[]);
    Ok(web::Json(PageDto { items, next, total: Some(declared.len() as u64) }))
}

fn read(body: &Bytes, lines: bool) -> Result<Vec<DeclarationDto>, Problem> {
    if !lines {
        return parse(body);
    }
    body.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).map(parse).collect()
}

fn check(feed: Feed, declared: Vec<DeclarationDto>, most: usize) -> Result<Vec<Completeness>, Problem> {
    if declared.is_empty() {
        return Err(Problem::new(Code::BodyEmpty, "declare at least one region and period"));
    }
    if declared.len() > most {
        return Err(Problem::new(Code::TooManyRows, format!("declare at most {most} at a time; nothing was stored")));
    }
    declared.into_iter().enumerate().map(|(at, one)| complete(feed, at, one)).collect()
}

fn complete(feed: Feed, at: usize, one: DeclarationDto) -> Result<Completeness, Problem> {
    let wrong = |field, pesan, message| Problem::field(Code::FieldInvalid, &format!("/{at}/{field}"), pesan, message);
    if one.feed.is_some_and(|named| named != feed) {
        return Err(wrong("feed", "bukan feed pada alamat permintaan", "not the feed of the path"));
    }
    let code = &one.kode_wilayah;
    if !(matches!(code.len(), 2 | 4 | 6 | 10) && code.bytes().all(|b| b.is_ascii_digit())) {
        let (pesan, message) = ("kode wilayah 2, 4, 6, atau 10 angka", "a region code has 2, 4, 6 or 10 digits");
        return Err(wrong("kode_wilayah", pesan, message));
    }
    Ok(Completeness { feed, kode_wilayah: one.kode_wilayah, periode: one.periode, lengkap: one.lengkap })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(body: &'static str, lines: bool) -> Result<Vec<Completeness>, Problem> {
        check(Feed::Rekening, read(&Bytes::from_static(body.as_bytes()), lines)?, 2)
    }

    #[test]
    fn a_list_and_lines_say_the_same() {
        let list = r#"[{"kode_wilayah":"320101","periode":"2025-T4","lengkap":true}]"#;
        let lines =
            "{\"feed\":\"bank-rekening\",\"kode_wilayah\":\"320101\",\"periode\":\"2025-T4\",\"lengkap\":true}\n\n";
        assert_eq!(declared(list, false).expect("good"), declared(lines, true).expect("good"));
    }

    #[test]
    fn declarations_that_cannot_be_used_are_refused() {
        for (body, code) in [
            ("[]", Code::BodyEmpty),
            (r#"[{"kode_wilayah":"32010","periode":"2025-T4","lengkap":true}]"#, Code::FieldInvalid),
            (r#"[{"kode_wilayah":"320101","periode":"2025-T5","lengkap":true}]"#, Code::FieldInvalid),
            (
                r#"[{"feed":"bank-penyaluran","kode_wilayah":"32","periode":"2025-11","lengkap":true}]"#,
                Code::FieldInvalid,
            ),
            (r#"[{"kode_wilayah":"32","periode":"2025-11","lengkap":true,"x":1}]"#, Code::FieldInvalid),
            (
                r#"[{"kode_wilayah":"32","periode":"2025-11","lengkap":true},{"kode_wilayah":"32","periode":"2025-12","lengkap":true},{"kode_wilayah":"32","periode":"2025-10","lengkap":true}]"#,
                Code::TooManyRows,
            ),
        ] {
            assert_eq!(declared(body, false).expect_err(body).code(), code, "{body}");
        }
    }
}
