//! For machines that watch the gateway.

use actix_web::{HttpResponse, web};
use metrics_exporter_prometheus::PrometheusHandle;

use crate::auth::Right;
use crate::http::caller::{Reader, need};
use crate::http::extract::Backend;
use crate::http::problem::{Code, Problem};
use crate::service::error::ServiceError;

/// The process answers.
#[utoipa::path(get, path = "/healthz", tag = "watch", operation_id = "healthz", security(()),
    responses((status = 200, description = "It lives", body = String, content_type = "text/plain")))]
pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

/// The gateway can take requests: the matcher is loaded, and the store takes writes.
///
/// Where it does not (the disk is full or read-only, the database server is away), counts are answered and nobody is shown; `detail` says why.
#[utoipa::path(get, path = "/readyz", tag = "watch", operation_id = "readyz", security(()),
    responses((status = 200, description = "Ready", body = String, content_type = "text/plain"),
        (status = 503, description = "Starting or stopping, or writes are refused", body = crate::http::problem::ProblemDocument, content_type = "application/problem+json")))]
pub(crate) async fn ready(gateway: Backend) -> Result<&'static str, Problem> {
    let gateway = gateway.get()?;
    if !gateway.ready() {
        return Err(Problem::new(Code::NotReady, "the store or the matcher is not up yet"));
    }
    gateway.takes_writes().await.map_err(|error| not_written(&error))?;
    Ok("ready\n")
}

/// Why writes are refused. Reports and counts go on, so it is for whoever watches to say whether requests still come here.
fn not_written(error: &ServiceError) -> Problem {
    let why = if matches!(error, ServiceError::Full) {
        "the disk of the store is full; it goes on by itself when there is room"
    } else if matches!(error, ServiceError::Away(_)) {
        "the database server is away; it goes on by itself when it is back"
    } else {
        "the store is read-only or failed; the log says why, and the gateway has to be started again"
    };
    Problem::new(
        Code::NotReady,
        format!(
            "writes are refused, and so is what shows somebody, since it could not be written down; counts are answered: {why}"
        ),
    )
}

/// Figures in the Prometheus text format, for a caller with the right `reports`. They name feeds, routes and codes, never
/// people. Coming from this machine is no pass: behind a proxy every caller does.
#[utoipa::path(get, path = "/metrics", tag = "watch", operation_id = "metrics",
    responses((status = 200, description = "Figures", body = String, content_type = "text/plain"),
        (status = 401, description = "No token, or one that is not known", body = crate::http::problem::ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Without the right `reports`", body = crate::http::problem::ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "This gateway collects no metrics", body = crate::http::problem::ProblemDocument, content_type = "application/problem+json")))]
pub(crate) async fn metrics(
    reader: Reader,
    handle: web::Data<Option<PrometheusHandle>>,
) -> Result<HttpResponse, Problem> {
    need(&reader.0, Right::Reports)?;
    let absent = || Problem::new(Code::NotFound, "this gateway collects no metrics");
    let handle = handle.get_ref().as_ref().ok_or_else(absent)?;
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(handle.render()))
}
