//! Which record is whose, as a list: what `padan demo` holds against the truth and an evaluation reads.

use super::codec::decode;
use super::error::ServiceError;
use super::gateway::Gateway;
use super::reading::Pages;
use crate::domain::feed::Feed;
use crate::domain::record::PersonId;
use crate::store::Table;

/// One record and its person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Membership {
    /// `FEED|id_sumber`.
    pub row_id: String,
    /// The person; records that take no part in matching are not listed.
    pub person: PersonId,
}

impl Gateway {
    /// All records that take part in matching, each with its person, in the order of their natural keys.
    pub async fn clusters(&self) -> Result<Vec<Membership>, ServiceError> {
        self.matched_state().await?;
        let mut found = Vec::new();
        let mut pages = Pages::of(self.reader(), Table::Records);
        while let Some(page) = pages.next().await? {
            for (key, bytes) in &page {
                let head: super::accept::Head = decode(bytes, "record")?;
                if let Some(person) = self.matcher(|m| m.person_of(head.id)) {
                    found.push(Membership { row_id: row_id(key)?, person });
                }
            }
        }
        Ok(found)
    }
}

/// `FEED|id_sumber` from a natural key: feed code, agency, zero byte, `id_sumber`.
fn row_id(key: &[u8]) -> Result<String, ServiceError> {
    let corrupt = || ServiceError::Corrupt { what: "natural key".to_owned() };
    let (code, rest) = key.split_first().ok_or_else(corrupt)?;
    let feed = Feed::ALL.into_iter().find(|feed| feed.code() == *code).ok_or_else(corrupt)?;
    let zero = rest.iter().position(|byte| *byte == 0).ok_or_else(corrupt)?;
    let id_sumber = std::str::from_utf8(&rest[zero + 1..]).map_err(|_| corrupt())?;
    Ok(format!("{feed}|{id_sumber}"))
}
