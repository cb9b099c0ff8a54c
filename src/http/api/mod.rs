//! The JSON interface, one file a resource. Names: what a feed or a receipt calls Indonesian stays so (`baris`, `hasil`,
//! `putusan`); what the gateway adds is English. Times are RFC 3339 in UTC. A list answers `items` and `next`, the path
//! of the next page or null. Every write needs `Idempotency-Key`. Refusals are problem documents.

pub(crate) mod audit;
pub(crate) mod batches;
pub(crate) mod cases;
pub(crate) mod completeness;
pub(crate) mod explain;
pub(crate) mod health;
pub(crate) mod lists;
pub(crate) mod overview;
pub(crate) mod persons;
pub(crate) mod receipts;
pub(crate) mod records;
pub(crate) mod reports;
pub(crate) mod schemas;
pub(crate) mod search;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::extract::percent;

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PageDto<T> {
    /// The items.
    items: Vec<T>,
    /// Path of the next page; null at the end.
    next: Option<String>,
    /// How many there are in all, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
}

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageParams {
    /// Where the page starts, as given in `next`.
    cursor: Option<String>,
    /// Items a page.
    #[param(example = "50")]
    limit: Option<String>,
}

/// The path of a next page: `base?cursor=...&limit=...` and what else the caller asked for.
fn next_path(base: &str, cursor: Option<&str>, limit: usize, more: &[(&str, Option<&str>)]) -> Option<String> {
    let path = format!("{base}?cursor={}&limit={limit}", percent(cursor?));
    let asked = more.iter().filter_map(|(name, value)| Some((name, percent((*value)?))));
    Some(asked.fold(path, |path, (name, value)| format!("{path}&{name}={value}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_repeats_the_question() {
        assert_eq!(next_path("/v1/cases", None, 50, &[]), None);
        assert_eq!(
            next_path("/v1/cases", Some("a/1"), 50, &[("reason", Some("V1")), ("kode_wilayah", None)]).as_deref(),
            Some("/v1/cases?cursor=a%2F1&limit=50&reason=V1")
        );
    }
}
