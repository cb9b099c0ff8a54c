//! Receipts: every line of a batch and what became of it, a page at a time or all as NDJSON.

use std::borrow::Cow;

use actix_web::error::Error;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::stream;
use serde::Serialize;
use utoipa::ToSchema;

use super::{PageDto, PageParams, next_path};
use crate::auth::Caller;
use crate::domain::batch::ReceiptLine;
use crate::domain::date::Date;
use crate::domain::flag::{Flag, Severity};
use crate::domain::record::day_of;
use crate::http::body::NDJSON;
use crate::http::caller::Reader;
use crate::http::config::Config;
use crate::http::extract::{Backend, asks_for, page_size, query};
use crate::http::problem::{Problem, ProblemDocument, ProblemField};
use crate::service::answers::views::Page;
use crate::service::gateway::Gateway;

/// One line of a receipt.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LineDto {
    /// 1-based line of the body.
    baris: u64,
    /// The sender's row key, where it could be read.
    id_sumber: Option<String>,
    /// `diterima`, `ditandai`, `ditolak`, `tanpa_perubahan` (it stands already) or `lebih_lama` (a newer row stands).
    #[schema(pattern = "^(diterima|ditandai|ditolak|tanpa_perubahan|lebih_lama)$")]
    hasil: &'static str,
    /// The row changed nothing: it stands already, or a newer one does.
    tanpa_perubahan: bool,
    /// The day of the newer row that stands.
    #[schema(format = Date)]
    #[serde(skip_serializing_if = "Option::is_none")]
    berlaku: Option<String>,
    /// Doubts about values.
    tanda: Vec<FlagDto>,
    /// Why the row was refused.
    kesalahan: Vec<ProblemField>,
}

/// A doubt about a value.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FlagDto {
    /// JSON pointer of the field.
    #[schema(example = "/nik")]
    pointer: String,
    /// Machine code.
    #[schema(example = "DOB_MISMATCH")]
    code: &'static str,
    /// `info`, `warn` or `error`; even an error keeps the row.
    #[schema(pattern = "^(info|warn|error)$")]
    severity: &'static str,
    /// The sentence in Indonesian.
    pesan: Cow<'static, str>,
    /// The sentence in English.
    message: Cow<'static, str>,
}

impl FlagDto {
    /// Says that a row is without effect, and which day is newer.
    fn older(day: Date, flags: &[Flag]) -> Self {
        let (pesan, message) = if day_of(day, flags).is_none() {
            (
                format!(
                    "Tanggal data belum tiba, maka baris bertanggal {day} tetap berlaku; baris ini tidak mengubah apa pun"
                ),
                format!("its as-of date has not come, so the row of {day} stands; this row changes nothing"),
            )
        } else {
            (
                format!("Lebih lama dari baris bertanggal {day} yang sudah berlaku; baris ini tidak mengubah apa pun"),
                format!("older than the row of {day} that stands; this row changes nothing"),
            )
        };
        Self {
            pointer: "/tgl_data".to_owned(),
            code: "LEBIH_LAMA",
            severity: "warn",
            pesan: pesan.into(),
            message: message.into(),
        }
    }
}

impl From<&Flag> for FlagDto {
    fn from(flag: &Flag) -> Self {
        let severity = match flag.code.severity() {
            Severity::Info => "info",
            Severity::Warn => "warn",
            Severity::Error => "error",
        };
        Self {
            pointer: flag.pointer.clone(),
            code: flag.code.code(),
            severity,
            pesan: flag.code.message_id().into(),
            message: flag.code.message_en().into(),
        }
    }
}

impl From<&ReceiptLine> for LineDto {
    fn from(line: &ReceiptLine) -> Self {
        let older = line.berlaku.map(|day| FlagDto::older(day, &line.tanda));
        Self {
            baris: line.baris,
            id_sumber: line.id_sumber.clone(),
            hasil: line.hasil.code(),
            tanpa_perubahan: line.tanpa_perubahan,
            berlaku: line.berlaku.map(|day| day.to_string()),
            tanda: older.into_iter().chain(line.tanda.iter().map(FlagDto::from)).collect(),
            kesalahan: line.kesalahan.iter().map(ProblemField::from).collect(),
        }
    }
}

/// The receipt of a batch.
///
/// A page of lines; with `Accept: application/x-ndjson` all of them, one JSON object a line.
#[utoipa::path(get, path = "/v1/batches/{id}/receipt", tag = "push", operation_id = "getReceipt",
    params(("id" = String, Path, description = "Id of the batch"), PageParams),
    responses((status = 200, description = "Lines", content((PageDto<LineDto> = "application/json"), (String = "application/x-ndjson"))),
        (status = 404, description = "No such batch of this agency", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 410, description = "The retention rule took the receipt away", body = ProblemDocument, content_type = "application/problem+json")))]
pub(crate) async fn show(
    Reader(caller): Reader,
    id: web::Path<String>,
    request: HttpRequest,
    config: web::Data<Config>,
    gateway: Backend,
) -> Result<HttpResponse, Problem> {
    let params: PageParams = query(&request)?;
    let limit = page_size(params.limit.as_deref(), &config.limits)?;
    let gateway = gateway.get()?;
    if NDJSON.iter().any(|media_type| asks_for(&request, media_type)) {
        let limit = config.limits.max_page_items;
        let first = gateway.receipt(&caller, &id, None, limit).await?;
        return Ok(all_lines(Download { gateway: gateway.clone(), caller, id: id.into_inner(), limit }, first));
    }
    let page = gateway.receipt(&caller, &id, params.cursor, limit).await?;
    let next = next_path(&format!("/v1/batches/{id}/receipt"), page.next.as_deref(), limit, &[]);
    let items: Vec<LineDto> = page.items.iter().map(LineDto::from).collect();
    Ok(HttpResponse::Ok().json(PageDto { items, next, total: page.total }))
}

/// A receipt on its way out.
struct Download {
    gateway: Gateway,
    caller: Caller,
    id: String,
    limit: usize,
}

/// Streams the receipt page by page; the first page is there already, so that refusals come before the head.
fn all_lines(download: Download, first: Page<ReceiptLine>) -> HttpResponse {
    let pages = stream::try_unfold((download, Some(first)), |(download, page)| async move {
        let Some(page) = page else { return Ok::<_, Error>(None) };
        let lines = ndjson(&page.items);
        let next = match page.next {
            Some(cursor) => {
                let more = download.gateway.receipt(&download.caller, &download.id, Some(cursor), download.limit).await;
                Some(more.map_err(Problem::from)?)
            }
            None => None,
        };
        Ok(Some((lines, (download, next))))
    });
    HttpResponse::Ok().content_type(NDJSON[0]).streaming(Box::pin(pages))
}

fn ndjson(lines: &[ReceiptLine]) -> Bytes {
    let mut text = String::new();
    for line in lines {
        text.push_str(&serde_json::to_string(&LineDto::from(line)).unwrap_or_default());
        text.push('\n');
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::steward::samples;

    #[test]
    fn a_receipt_as_ndjson_has_one_object_a_line_with_both_languages() {
        let text = ndjson(&samples::pushed().lines);
        let lines: Vec<serde_json::Value> = text
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).expect("an object"))
            .collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[1]["tanda"][0]["code"], "SEX_MISMATCH");
        assert_eq!(lines[1]["tanda"][0]["pesan"], "Jenis kelamin berbeda dengan NIK");
        assert_eq!(lines[2]["kesalahan"][0]["pointer"], "/nik");
        assert_eq!(lines[2]["hasil"], "ditolak");
    }
}
