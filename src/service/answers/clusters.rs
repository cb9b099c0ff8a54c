//! Which record is whose, as a list: what `padan demo` holds against the truth and an evaluation reads.

use crate::domain::feed::Feed;
use crate::domain::record::PersonId;
use crate::service::error::ServiceError;
use crate::service::gateway::Gateway;
use crate::service::stored::codec::decode;
use crate::service::stored::head::Head;
use crate::service::stored::reading::Pages;
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
        let view = self.view().await?;
        let mut found = Vec::new();
        let mut pages = Pages::of(view.reader(), Table::Records);
        while let Some(page) = pages.next().await? {
            let heads = page.iter().map(|(_, bytes)| decode::<Head>(bytes, "record"));
            let ids = heads.map(|head| Ok(head?.id)).collect::<Result<Vec<_>, ServiceError>>()?;
            for ((key, _), person) in page.iter().zip(view.persons_of(&ids).await?) {
                if let Some(person) = person {
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
