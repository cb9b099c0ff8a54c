//! The contract of the JSON interface as one OpenAPI 3.1 document, generated from the handlers and committed as
//! `schemas/openapi.json`.

use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::api::{
    audit, batches, cases, completeness, explain, health, lists, overview, persons, receipts, records, reports,
    schemas, search,
};
use super::problem::ProblemDocument;
use super::refusals::Refusals;
use super::shapes::Shapes;

/// Everything that is described.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Padan",
        description = "The hub where agencies' lists of social-assistance beneficiaries meet: who is the same person, \
                       who is paid twice, who is left out. Every write needs `Idempotency-Key`; refusals are problem \
                       documents (RFC 9457) in two languages; no personal value ever stands in a URL. `HEAD` is answered wherever \
                       `GET` is. Behind a refusal the rest of a body is not read and the connection is closed.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    paths(
        batches::push, lists::mapping, lists::keep, lists::template, records::push, batches::show, receipts::show, completeness::declare, completeness::list,
        persons::lookup, search::search, persons::show, cases::list, cases::show, cases::decide,
        explain::pair,
        reports::complementarity, audit::receipt, audit::key, audit::checkpoint, audit::tile, audit::person, overview::show, schemas::show, health::alive, health::ready, health::metrics,
    ),
    components(schemas(ProblemDocument)),
    tags(
        (name = "push", description = "Agencies send rows and declare feeds complete"),
        (name = "persons", description = "Who somebody is across agencies"),
        (name = "review", description = "What the engine could not settle"),
        (name = "reports", description = "Gaps, overlaps and the state of the gateway"),
        (name = "audit", description = "Who saw or did what, provable without this gateway"),
        (name = "contract", description = "What a row may hold"),
        (name = "watch", description = "For machines that watch the gateway"),
    ),
    security(("token" = [])),
    modifiers(&Token, &Refusals, &Shapes),
)]
pub(super) struct Contract;

/// The bearer token.
struct Token;

impl Modify for Token {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        openapi.components.get_or_insert_default().add_security_scheme("token", scheme);
    }
}

/// The document as it is committed: pretty, stable, with a line break at its end.
pub fn document() -> String {
    let mut text = Contract::openapi().to_pretty_json().expect("the document holds strings, numbers and maps only");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_document_is_the_generated_one() {
        let committed = include_str!("../../schemas/openapi.json");
        assert!(document() == committed, "schemas/openapi.json is old; run: padan openapi > schemas/openapi.json");
    }

    #[test]
    fn every_described_path_is_served_and_the_other_way_round() {
        let document: serde_json::Value = serde_json::from_str(&document()).expect("JSON");
        assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
        let described: std::collections::BTreeSet<String> =
            document["paths"].as_object().expect("paths").keys().cloned().collect();
        let served: std::collections::BTreeSet<String> =
            super::super::routes::API.iter().map(|(path, _)| path.replace(":.*", "")).collect();
        assert_eq!(described, served);
    }
}
