//! Which refusals an operation may answer besides those that it describes itself: they follow from what it takes, so no
//! operation can forget one.

use utoipa::Modify;
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder};

use super::problem::MEDIA_TYPE;

/// Completes the responses of every operation.
pub(super) struct Refusals;

impl Modify for Refusals {
    fn modify(&self, openapi: &mut OpenApi) {
        openapi.paths.paths.values_mut().flat_map(operations).for_each(complete);
    }
}

/// The operations of a path.
pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post].into_iter().flatten()
}

fn complete(operation: &mut Operation) {
    for status in statuses(operation) {
        operation.responses.responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(refusal(status)));
    }
}

/// The statuses of what an operation takes: a token, an id, a query, a body, a key.
fn statuses(operation: &Operation) -> impl Iterator<Item = &'static str> + use<> {
    let has = |place: ParameterIn| {
        let parameters = operation.parameters.iter().flatten();
        { parameters }.any(|parameter| matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == place))
    };
    let rules: [(bool, &[&str]); 6] = [
        // Of any request: no HTTP, a slow or too large head, too many streams.
        (true, &["400", "408", "431", "503"]),
        (operation.security.is_none(), &["401", "403", "500"]),
        (has(ParameterIn::Path), &["404"]),
        (has(ParameterIn::Query), &["422"]),
        (operation.request_body.is_some(), &["413", "415", "422"]),
        (has(ParameterIn::Header), &["409", "422", "507"]),
    ];
    rules.into_iter().filter(|(holds, _)| *holds).flat_map(|(_, statuses)| statuses.iter().copied())
}

fn refusal(status: &str) -> Response {
    let means = match status {
        "400" => {
            "Not understood: HTTP, a query parameter, the idempotency key, or a body that is empty, cut off or no JSON"
        }
        "401" => "No token, or one that is not known",
        "403" => "Without the right",
        "404" => "No such thing, or not for this caller",
        "408" => "The head or the body did not arrive in time",
        "409" => "The same key is being worked on, or somebody was faster",
        "413" => "Too many bytes or entries",
        "415" => "Not a content type that is read here, or a content encoding",
        "422" => "A field cannot be used, or the key was used for another body",
        "431" => "Too many or too long headers",
        "503" => {
            "Starting, stopping or too busy: come back after `Retry-After`. Without a body beyond the limit of streams"
        }
        "507" => "The disk of the gateway is full; nothing was stored",
        _ => "The gateway failed; nothing was stored",
    };
    let document = ContentBuilder::new().schema(Some(Ref::from_schema_name("ProblemDocument"))).build();
    ResponseBuilder::new().description(means).content(MEDIA_TYPE, document).build()
}
