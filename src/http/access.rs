//! Who read what: one line of the target `padan::access` for every answer about persons, cases, searches, reports and
//! receipts, for refusals, and for signing in and out. A line names the caller, the right, the operation, the numbers of the
//! persons or cases that were shown, the outcome, the request and the address; never a value about a person: what somebody
//! asked for is told only once it was found to be a number of ours.
//!
//! The chain of an audit log is to be fed from the same place.

use actix_web::dev::ServiceResponse;
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpMessage, HttpRequest};

use super::address::client_address;
use super::frame::RequestId;
use crate::auth::{Caller, Right};

/// The target of these lines; a filter of the log that leaves it out leaves nobody to ask.
pub(crate) const TARGET: &str = "padan::access";

/// Something that shows data about people.
struct Operation {
    method: Method,
    pattern: &'static str,
    name: &'static str,
    right: Right,
}

const fn get(pattern: &'static str, name: &'static str, right: Right) -> Operation {
    Operation { method: Method::GET, pattern, name, right }
}

const fn post(pattern: &'static str, name: &'static str, right: Right) -> Operation {
    Operation { method: Method::POST, pattern, name, right }
}

/// All of them: the interface, then the pages.
const OPERATIONS: &[Operation] = &[
    get("/v1/persons/{id}", "person.read", Right::Persons),
    post("/v1/persons/lookup", "person.lookup", Right::Persons),
    post("/v1/persons/search", "person.search", Right::Persons),
    get("/v1/cases", "case.list", Right::Review),
    get("/v1/cases/{id}", "case.read", Right::Review),
    post("/v1/cases/{id}/verdict", "case.decide", Right::Review),
    post("/v1/explain", "pair.explain", Right::Review),
    get("/v1/reports/complementarity", "report.read", Right::Reports),
    get("/v1/batches/{id}", "batch.read", Right::Push),
    get("/v1/batches/{id}/receipt", "receipt.read", Right::Push),
    get("/orang/{id}", "person.read", Right::Persons),
    post("/cari", "person.search", Right::Persons),
    get("/konflik", "case.list", Right::Review),
    get("/konflik/{id}", "case.read", Right::Review),
    post("/konflik/{id}", "case.decide", Right::Review),
    get("/komplementaritas", "report.read", Right::Reports),
    get("/komplementaritas/{rule}", "report.findings", Right::Reports),
];

/// Who a request turned out to come from.
#[derive(Debug, Clone)]
struct Who {
    name: String,
    agency: String,
}

impl From<&Caller> for Who {
    fn from(caller: &Caller) -> Self {
        Self { name: caller.name.clone(), agency: caller.agency.as_ref().map(ToString::to_string).unwrap_or_default() }
    }
}

/// Numbers of the persons or records that an answer shows, where the path does not name them.
#[derive(Debug, Clone)]
struct Subjects(Vec<String>);

/// Remembers who a request comes from, for its line.
pub(crate) fn note_caller(request: &HttpRequest, caller: &Caller) {
    request.extensions_mut().insert(Who::from(caller));
}

/// Remembers whom an answer shows: numbers of the gateway's own, never what somebody asked for.
pub(crate) fn note_subjects<T: ToString>(request: &HttpRequest, shown: impl IntoIterator<Item = T>) {
    let shown = shown.into_iter().map(|number| number.to_string()).collect();
    request.extensions_mut().insert(Subjects(shown));
}

/// The line of an answer, where it needs one.
pub(super) fn record<B>(response: &ServiceResponse<B>, id: RequestId) {
    let (request, status) = (response.request(), response.status());
    let operation = operation_of(request);
    let turned_away =
        matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS);
    if operation.is_none() && !turned_away {
        return;
    }
    let who = request.extensions().get::<Who>().cloned();
    // Whoever is not signed in is sent to the page for it.
    let shown = status.is_success() || status.is_redirection() && who.is_some();
    let Who { name, agency } = who.unwrap_or(Who { name: "-".to_owned(), agency: String::new() });
    let subjects = if shown { subjects_of(request) } else { Vec::new() };
    tracing::info!(
        target: TARGET,
        {
            request.id = %id,
            who = name,
            agency,
            right = operation.map_or("-", |operation| word(operation.right)),
            operation = operation.map_or("-", |operation| operation.name),
            subject = subjects.join(" "),
            subjects = subjects.len(),
            result = if shown { "shown" } else { "refused" },
            status = status.as_u16(),
            from = %client_address(request),
        },
        "data about people was asked for"
    );
}

/// Somebody signed in.
pub(crate) fn signed_in(request: &HttpRequest, caller: &Caller) {
    of_session(request, &caller.name, "sign_in", "done");
}

/// Somebody tried to sign in with a code that nobody has, or was told to wait.
pub(crate) fn sign_in_failed(request: &HttpRequest, result: &'static str) {
    of_session(request, "-", "sign_in", result);
}

/// Somebody signed out.
pub(crate) fn signed_out(request: &HttpRequest, caller: &Caller) {
    of_session(request, &caller.name, "sign_out", "done");
}

fn of_session(request: &HttpRequest, who: &str, operation: &'static str, result: &'static str) {
    let id = request.extensions().get::<RequestId>().map(RequestId::to_string).unwrap_or_default();
    let from = client_address(request);
    tracing::info!(target: TARGET, { request.id = %id, who, operation, result, from = %from }, "a session was asked for");
}

fn operation_of(request: &HttpRequest) -> Option<&'static Operation> {
    let pattern = request.match_pattern()?;
    let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
    OPERATIONS.iter().find(|operation| operation.pattern == pattern && operation.method == *method)
}

/// Whom an answer showed: what the handler said, else what the path names. What was found is a number of ours.
fn subjects_of(request: &HttpRequest) -> Vec<String> {
    if let Some(Subjects(shown)) = request.extensions().get::<Subjects>() {
        return shown.clone();
    }
    let named = request.match_info().get("id").or_else(|| request.match_info().get("rule"));
    named.map(str::to_owned).into_iter().collect()
}

fn word(right: Right) -> &'static str {
    match right {
        Right::Push => "push",
        Right::Persons => "persons",
        Right::Review => "review",
        Right::Reports => "reports",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::routes::API;

    #[test]
    fn every_path_that_shows_data_about_people_has_its_line() {
        let silent = [
            "/v1/feeds/{feed}/batches",
            "/v1/feeds/{feed}/records",
            "/v1/feeds/{feed}/completeness",
            "/v1/feeds/{feed}/mapping",
            "/v1/feeds/{feed}/template",
            "/v1/overview",
            "/v1/schemas/{feed}",
            "/healthz",
            "/readyz",
            "/metrics",
        ];
        for (path, _) in API {
            let told = OPERATIONS.iter().any(|operation| operation.pattern == *path);
            assert_ne!(told, silent.contains(path), "{path}: either it shows data about people, or it does not");
        }
    }
}
