//! Who read what: one line of the target `padan::access` for every answer about persons, cases, searches, reports and
//! receipts, for refusals, and for signing in and out. A line names the caller, the right, the operation, the numbers of the
//! persons or cases that were shown, the outcome, the request and the address; never a value about a person: what somebody
//! asked for is told only once it was found to be a number of ours.
//!
//! What shows somebody is also an entry of the audit log, which is durable before the answer leaves: without an entry
//! nothing is shown ([`disclose`]).

use std::collections::BTreeSet;

use actix_web::dev::ServiceResponse;
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpMessage, HttpRequest, web};

use super::address::client_address;
use super::frame::RequestId;
use super::problem::{Code, Problem};
use crate::auth::{Caller, Right};
use crate::domain::finding::Finding;
use crate::domain::person::GoldenPerson;
use crate::domain::record::PersonId;
use crate::service::answers::views::{CaseView, PersonView};
use crate::service::audit::{Entry, Trace, Who};
use crate::service::error::ServiceError;
use crate::service::gateway::Gateway;

/// The target of these lines; a filter of the log that leaves it out leaves nobody to ask.
pub(crate) const TARGET: &str = "padan::access";

/// Something that shows data about people.
struct Operation {
    method: Method,
    pattern: &'static str,
    name: &'static str,
    right: Right,
    shows: Shows,
}

/// What of an answer is an entry of the audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shows {
    /// It shows somebody, or that there is nobody.
    Somebody,
    /// It counts, and shows somebody only where it names them.
    Counts,
    /// A case, whatever was done before: the entry of what it wrote is another one, and a request that is repeated has none.
    Case,
    /// Nobody, or its entry comes with what it wrote.
    Nobody,
}

impl Operation {
    const fn new(method: Method, pattern: &'static str, name: &'static str, right: Right, shows: Shows) -> Self {
        Self { method, pattern, name, right, shows }
    }
}

const fn get(pattern: &'static str, name: &'static str, right: Right) -> Operation {
    Operation::new(Method::GET, pattern, name, right, Shows::Somebody)
}

const fn post(pattern: &'static str, name: &'static str, right: Right) -> Operation {
    Operation::new(Method::POST, pattern, name, right, Shows::Somebody)
}

/// One that counts.
const fn counting(pattern: &'static str, name: &'static str, right: Right) -> Operation {
    Operation::new(Method::GET, pattern, name, right, Shows::Counts)
}

/// One whose entry comes with what it wrote, or that shows nobody.
const fn noted(method: Method, pattern: &'static str, name: &'static str, right: Right) -> Operation {
    Operation::new(method, pattern, name, right, Shows::Nobody)
}

/// All of them: the interface, then the pages.
const OPERATIONS: &[Operation] = &[
    get("/v1/persons/{id}", "person.read", Right::Persons),
    post("/v1/persons/lookup", "person.lookup", Right::Persons),
    post("/v1/persons/search", "person.search", Right::Persons),
    get("/v1/cases", "case.list", Right::Review),
    get("/v1/cases/{id}", "case.read", Right::Review),
    Operation::new(Method::POST, "/v1/cases/{id}/verdict", "case.decide", Right::Review, Shows::Case),
    post("/v1/explain", "pair.explain", Right::Review),
    counting("/v1/reports/complementarity", "report.read", Right::Reports),
    noted(Method::GET, "/v1/batches/{id}", "batch.read", Right::Push),
    get("/v1/batches/{id}/receipt", "receipt.read", Right::Push),
    noted(Method::GET, "/v1/batches/{id}/receipt/proof", "receipt.prove", Right::Push),
    get("/v1/audit/checkpoint", "audit.export", Right::Audit),
    counting("/v1/audit/tile/{path:.*}", "audit.fetch", Right::Audit),
    get("/v1/audit/persons/{id}", "audit.person", Right::Audit),
    get("/orang/{id}", "person.read", Right::Persons),
    post("/cari", "person.search", Right::Persons),
    get("/konflik", "case.list", Right::Review),
    get("/konflik/{id}", "case.read", Right::Review),
    noted(Method::POST, "/konflik/{id}", "case.decide", Right::Review),
    counting("/komplementaritas", "report.read", Right::Reports),
    get("/komplementaritas/{rule}", "report.findings", Right::Reports),
    get("/jejak/{id}", "audit.person", Right::Audit),
    get("/kiriman/{id}", "receipt.read", Right::Push),
    get("/kiriman/{id}/tanda-terima.{form}", "receipt.read", Right::Push),
];

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

/// The numbers that a person has, had, or may have when it is taken apart: those of its records. So whoever asks later who saw
/// somebody finds it, whatever was joined or parted since.
pub(crate) fn numbers_of(person: &GoldenPerson) -> impl Iterator<Item = PersonId> {
    std::iter::once(person.id).chain(person.records.iter().copied().map(PersonId))
}

/// Everybody whom the view of a person names: the person, and the members of its families.
pub(crate) fn named_by(view: &PersonView) -> impl Iterator<Item = PersonId> {
    let members = view.families.iter().flat_map(|family| family.members.iter().copied().chain(family.head));
    numbers_of(&view.person).chain(view.redirected_from).chain(members)
}

/// Remembers whom an answer shows, each once.
pub(crate) fn note_persons(request: &HttpRequest, shown: impl IntoIterator<Item = PersonId>) {
    note_subjects(request, shown.into_iter().collect::<BTreeSet<PersonId>>());
}

/// Remembers the cases that an answer shows, and the persons that they are about.
pub(crate) fn note_cases<'a>(request: &HttpRequest, views: impl IntoIterator<Item = &'a CaseView>) {
    let mut shown = BTreeSet::new();
    for CaseView { case, records, persons, .. } in views {
        shown.insert(case.id.clone());
        let of_records = records.iter().map(|record| PersonId(record.id));
        let numbers = persons.iter().flat_map(numbers_of).chain(case.persons.iter().copied()).chain(of_records);
        shown.extend(numbers.map(|number| number.to_string()));
    }
    note_subjects(request, shown);
}

/// Remembers whom findings name, if there are any, and whom the page names besides.
pub(crate) fn note_findings<'a>(
    request: &HttpRequest,
    findings: impl IntoIterator<Item = &'a Finding>,
    besides: impl IntoIterator<Item = PersonId>,
) {
    let persons = findings.into_iter().flat_map(|finding| &finding.persons).copied();
    let persons: BTreeSet<PersonId> = persons.chain(besides).collect();
    if !persons.is_empty() {
        note_subjects(request, persons);
    }
}

/// The line of an answer, where it needs one.
pub(super) fn record<B>(response: &ServiceResponse<B>, id: RequestId, problem: Option<&Problem>) {
    let (request, status) = (response.request(), problem.map_or(response.status(), |problem| problem.code().status()));
    let operation = operation_of(request);
    let turned_away =
        matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS);
    if operation.is_none() && !turned_away {
        return;
    }
    let who = request.extensions().get::<Who>().cloned();
    let shown = is_shown(status, who.as_ref());
    let (name, agency) = who.map_or(("-".to_owned(), None), |who| (who.name, who.agency));
    let agency = agency.map(|agency| agency.to_string()).unwrap_or_default();
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

/// Whoever is not signed in is sent to the page for it.
fn is_shown(status: StatusCode, who: Option<&Who>) -> bool {
    status.is_success() || status.is_redirection() && who.is_some()
}

/// Writes the entry of an answer that shows somebody, before it leaves; fails where it cannot be written, and then nothing
/// may be shown.
pub(super) async fn disclose<B>(response: &ServiceResponse<B>, id: RequestId) -> Result<(), Problem> {
    let request = response.request();
    let Some(operation) = operation_of(request) else { return Ok(()) };
    let who = request.extensions().get::<Who>().cloned();
    let Some(who) = who.filter(|who| is_shown(response.status(), Some(who))) else { return Ok(()) };
    let subjects = match operation.shows {
        Shows::Nobody => return Ok(()),
        Shows::Counts if request.extensions().get::<Subjects>().is_none() => return Ok(()),
        Shows::Counts | Shows::Somebody | Shows::Case => subjects_of(request),
    };
    let Some(gateway) = request.app_data::<web::Data<Gateway>>() else { return Ok(()) };
    let does = if operation.shows == Shows::Case { "case.read" } else { operation.name };
    let entry = Entry::new(gateway.now(), who, does).about(subjects);
    let trace = Trace { request: Some(id.to_string()), from: Some(client_address(request).to_string()) };
    let entry = Entry { right: Some(word(operation.right).to_owned()), trace, ..entry };
    gateway.record(entry).await.map_err(|error| not_written(&error))
}

/// Nobody is shown of whom it is not written down who saw them.
pub(crate) fn not_written(error: &ServiceError) -> Problem {
    tracing::warn!(error = error as &dyn std::error::Error, "an entry of the audit log could not be written");
    Problem::new(Code::NotReady, "the audit log takes no entry now, so nobody is shown; ask again later")
}

/// Somebody signed in: an entry of the log and a line. Without the entry nobody is.
pub(crate) async fn signed_in(request: &HttpRequest, caller: &Caller) -> Result<(), Problem> {
    session_entry(request, caller, "session.begin").await?;
    of_session(request, &caller.name, "sign_in", "done");
    Ok(())
}

async fn session_entry(request: &HttpRequest, caller: &Caller, does: &str) -> Result<(), Problem> {
    let Some(gateway) = request.app_data::<web::Data<Gateway>>() else { return Ok(()) };
    let id = request.extensions().get::<RequestId>().map(RequestId::to_string);
    let trace = Trace { request: id, from: Some(client_address(request).to_string()) };
    let entry = Entry { trace, ..Entry::new(gateway.now(), caller.into(), does) };
    gateway.record(entry).await.map_err(|error| not_written(&error))
}

/// Somebody tried to sign in with a code that nobody has, or was told to wait.
pub(crate) fn sign_in_failed(request: &HttpRequest, result: &'static str) {
    of_session(request, "-", "sign_in", result);
}

/// Somebody signed out; the session ends whether or not that can be written down.
pub(crate) async fn signed_out(request: &HttpRequest, caller: &Caller) {
    let result = if session_entry(request, caller, "session.end").await.is_ok() { "done" } else { "done, no entry" };
    of_session(request, &caller.name, "sign_out", result);
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
        Right::Audit => "audit",
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
            "/v1/audit/key",
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
