//! What values parameters take: those of one name have one shape everywhere, so that a client learns from the contract what
//! would be refused.

use utoipa::Modify;
use utoipa::openapi::path::Parameter;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{OpenApi, RefOr};

use super::config::Limits;
use super::refusals::operations;
use crate::domain::feed::Feed;

/// Gives the parameters of every operation their shapes.
pub(super) struct Shapes;

impl Modify for Shapes {
    fn modify(&self, openapi: &mut OpenApi) {
        let operations = openapi.paths.paths.values_mut().flat_map(operations);
        for parameter in operations.flat_map(|operation| operation.parameters.iter_mut().flatten()) {
            if let RefOr::T(parameter) = parameter
                && let Some(shape) = shape_of(parameter)
            {
                parameter.schema = Some(RefOr::T(Schema::Object(shape.build())));
            }
        }
    }
}

/// The shape of a parameter by its name; `None` where any text may be given.
fn shape_of(parameter: &Parameter) -> Option<ObjectBuilder> {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let one_of = |words: &[&str]| text().enum_values(Some(words.iter().copied()));
    Some(match parameter.name.as_str() {
        "feed" => one_of(&Feed::ALL.map(Feed::name)),
        "Idempotency-Key" => text().pattern(Some("^[!-~]+$")).min_length(Some(1)).max_length(Some(128)),
        "limit" => {
            let limits = Limits::default();
            let number = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
            number.maximum(Some(limits.max_page_items)).default(Some(limits.page_items.into()))
        }
        // A form sends a field empty where all regions, or the usual day, are meant.
        "kode_wilayah" => text().pattern(Some("^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{10})?$")),
        "as_of" => text().pattern(Some("^([0-9]{4}-[0-9]{2}-[0-9]{2})?$")),
        "kind" => one_of(&["gap", "overlap", "quality"]),
        "question" => one_of(&["same_person", "shared_nik", "over_linked", "statement", "crowd"]),
        "state" => one_of(&["baru", "istirahat", "selesai"]),
        "order" => one_of(&["heaviest", "oldest"]),
        _ => return None,
    })
}
