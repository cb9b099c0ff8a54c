//! The contracts, as files: feed schemas and this interface itself.

use actix_web::http::header;
use actix_web::{HttpResponse, web};

use crate::domain::feed::Feed;
use crate::feed::schema_text;
use crate::http::problem::{Problem, ProblemDocument};

/// The JSON Schema of a feed's rows.
#[utoipa::path(get, path = "/v1/schemas/{feed}", tag = "contract", operation_id = "getFeedSchema", security(()),
    params(("feed" = String, Path, description = "Name of the feed")),
    responses((status = 200, description = "JSON Schema, Draft 2020-12", body = Object, content_type = "application/schema+json"),
        (status = 404, description = "No such feed", body = ProblemDocument, content_type = "application/problem+json")))]
pub(crate) async fn show(feed: web::Path<String>) -> Result<HttpResponse, Problem> {
    let feed: Feed = feed.parse()?;
    let answer = HttpResponse::Ok()
        .content_type("application/schema+json")
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .body(schema_text(feed));
    Ok(answer)
}
