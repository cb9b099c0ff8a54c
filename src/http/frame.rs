//! What every request gets, whoever answers it: an id, security headers, metrics, a problem document (or page) where it
//! was refused, and its turn on the connection.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use actix_http::ConnectionType;
use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{Method, Version};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse};
use uuid::Uuid;

use super::access;
use super::answer::Answer;
use super::body::ReadWhole;
use super::door::{Connection, Turn};
use super::problem::Problem;
use super::steward;
use crate::telemetry::metric;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A browser that was here once never asks without TLS again.
pub(super) const STRICT_TRANSPORT: &str = "max-age=31536000";

/// Pages bring no script and load nothing from elsewhere.
const PAGE_POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// The browsable contract is a program of its own.
const DOCS_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                           base-uri 'none'; frame-ancestors 'none'";

/// The id under which the log knows a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct RequestId(Uuid);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Marks a refusal that has its final form already: a page with a form to try again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rendered;

/// What leaves the outermost layer.
type Framed<B> = ServiceResponse<Answer<EitherBody<B, BoxBody>>>;

/// The outermost layer.
pub(super) async fn frame<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<Framed<B>, Error> {
    let Some(connection) = request.conn_data::<Arc<Connection>>().cloned() else {
        return framed(request, next).await.map(|response| response.map_body(|_, body| Answer::new(body, None)));
    };
    let body = Body::of(&request);
    let Some(turn) = Turn::begin(&connection, body != Body::None) else {
        // Beyond the limit of streams: as cheap as can be, since whoever comes here was told the limit.
        let busy = HttpResponse::ServiceUnavailable().insert_header((header::RETRY_AFTER, 1)).finish();
        return Ok(request.into_response(busy).map_into_right_body().map_body(|_, body| Answer::new(body, None)));
    };
    let mut response = framed(request, next).await?;
    if body != Body::None && response.request().extensions().get::<ReadWhole>().is_none() {
        // What was not wanted is not read to its end.
        let whole_connection = body == Body::OfConnection;
        connection.refuse_body(whole_connection);
        if whole_connection {
            response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
        }
    }
    Ok(response.map_body(|_, body| Answer::new(body, Some(turn))))
}

/// What comes behind the head of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Body {
    None,
    /// On a stream of its own, which can be reset.
    OfStream,
    /// In the way of the next request.
    OfConnection,
}

impl Body {
    fn of(request: &ServiceRequest) -> Self {
        let length = request.headers().get(header::CONTENT_LENGTH).map(HeaderValue::as_bytes);
        let chunked = request.headers().contains_key(header::TRANSFER_ENCODING);
        let safe = matches!(*request.method(), Method::GET | Method::HEAD);
        match (request.version() == Version::HTTP_2, length) {
            (_, Some(b"0")) => Self::None,
            (false, length) if length.is_some() || chunked => Self::OfConnection,
            (true, length) if length.is_some() || !safe => Self::OfStream,
            _ => Self::None,
        }
    }
}

async fn framed<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    let started = Instant::now();
    let id = RequestId(Uuid::now_v7());
    request.extensions_mut().insert(id);
    let response = next.call(request).await?;
    let problem = match access::disclose(&response, id).await {
        Ok(()) => problem_of(&response),
        Err(problem) => Some(problem),
    };
    access::record(&response, id, problem.as_ref());
    measure(&response, started);
    let mut response = match problem {
        Some(problem) => {
            let answer = refuse(&problem, response.request(), id);
            response.into_response(answer).map_into_right_body()
        }
        None => response.map_into_left_body(),
    };
    protect(&mut response, id);
    steward::remember_language(&mut response);
    Ok(response)
}

/// The innermost layer: `HEAD` is answered wherever `GET` is, with the same status and headers. The server sends no body.
pub(super) async fn head_as_get<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    next.call(request).await
}

/// The problem of a refusal; also of those that the framework made on its own.
fn problem_of<B>(response: &ServiceResponse<B>) -> Option<Problem> {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error())
        || response.response().extensions().get::<Rendered>().is_some()
    {
        return None;
    }
    let known = response.response().error().and_then(|error| error.as_error::<Problem>()).cloned();
    Some(known.unwrap_or_else(|| {
        let allow = response.headers().get(header::ALLOW).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Problem::of_status(status).allowing(allow.split(", ").filter_map(|method| method.parse().ok()).collect())
    }))
}

fn refuse(problem: &Problem, request: &HttpRequest, id: RequestId) -> HttpResponse {
    if steward::wants_page(request) {
        return steward::refusal(problem, request, &id.to_string());
    }
    problem.document(&id.to_string())
}

fn protect<B>(response: &mut ServiceResponse<B>, id: RequestId) {
    let docs = response.request().path().starts_with("/docs/");
    let policy = if docs { DOCS_POLICY } else { PAGE_POLICY };
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(REQUEST_ID, id);
    }
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

fn measure<B>(response: &ServiceResponse<B>, started: Instant) {
    let route = response.request().match_pattern().unwrap_or_else(|| "none".to_owned());
    let method = match response.request().method().as_str() {
        known @ ("GET" | "POST" | "PUT") => known.to_owned(),
        _ => "other".to_owned(),
    };
    let status = response.status().as_u16().to_string();
    metrics::histogram!(metric::HTTP_SECONDS, "route" => route.clone(), "method" => method.clone())
        .record(started.elapsed().as_secs_f64());
    metrics::counter!(metric::HTTP_REQUESTS, "route" => route, "method" => method, "status" => status).increment(1);
}
