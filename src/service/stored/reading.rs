//! Reading whole tables page by page, and many keys in portions a store accepts.

use serde::de::DeserializeOwned;

use super::codec::decode;
use crate::service::error::ServiceError;
use crate::store::{Read, Row, Table, after};

/// Rows in one page, keys in one portion.
const PAGE: usize = 8_192;

/// The rows of a range of a table, a page at a time, in key order.
pub(in crate::service) struct Pages<'a> {
    store: &'a dyn Read,
    table: Table,
    from: Option<Vec<u8>>,
    to: Option<Vec<u8>>,
}

impl<'a> Pages<'a> {
    /// All rows of a table.
    pub(in crate::service) fn of(store: &'a dyn Read, table: Table) -> Self {
        Self::between(store, table, Vec::new(), None)
    }

    /// The rows from `from` up to and without `to`.
    pub(in crate::service) fn between(store: &'a dyn Read, table: Table, from: Vec<u8>, to: Option<Vec<u8>>) -> Self {
        Self { store, table, from: Some(from), to }
    }

    /// The next page; `None` after the last.
    pub(in crate::service) async fn next(&mut self) -> Result<Option<Vec<Row>>, ServiceError> {
        let Some(from) = self.from.take() else { return Ok(None) };
        let page = self.store.scan(self.table, from, self.to.clone(), PAGE).await?;
        if page.len() == PAGE {
            self.from = page.last().map(|(key, _)| after(key));
        }
        Ok(Some(page).filter(|page| !page.is_empty()))
    }

    /// Every noun of the range.
    pub(in crate::service) async fn decode_all<T: DeserializeOwned>(mut self) -> Result<Vec<T>, ServiceError> {
        let mut found = Vec::new();
        while let Some(page) = self.next().await? {
            for (_, bytes) in &page {
                found.push(decode(bytes, self.table.name())?);
            }
        }
        Ok(found)
    }
}

/// The values of any number of keys, in their order.
pub(in crate::service) async fn get_many(
    store: &dyn Read,
    table: Table,
    mut keys: Vec<Vec<u8>>,
) -> Result<Vec<Option<Vec<u8>>>, ServiceError> {
    let mut found = Vec::with_capacity(keys.len());
    while !keys.is_empty() {
        let rest = keys.split_off(keys.len().min(PAGE));
        found.extend(store.get_many(table, keys).await?);
        keys = rest;
    }
    Ok(found)
}
