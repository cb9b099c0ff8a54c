//! The root span of a request: its id, method, route pattern and status. No path, no query, no address, no header: a
//! person's number must not reach a log by way of a URL.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::{Error, HttpMessage};
use tracing::Span;
use tracing::field::Empty;
use tracing_actix_web::RootSpanBuilder;

use super::frame::RequestId;

/// Makes root spans that name routes only.
pub(super) struct RouteSpan;

impl RootSpanBuilder for RouteSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let id = request.extensions().get::<RequestId>().map(RequestId::to_string).unwrap_or_default();
        let route = request.match_pattern().unwrap_or_else(|| "none".to_owned());
        tracing::info_span!(
            "request",
            request.id = %id,
            http.method = %request.method(),
            http.route = %route,
            http.status = Empty,
        )
    }

    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        let status = match outcome {
            Ok(response) => response.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        span.record("http.status", status.as_u16());
    }
}
