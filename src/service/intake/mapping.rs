//! Keeping how an agency's lists become rows of a feed.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::idempotency::{IdempotencyKey, Owner, RequestId};
use super::{Input, Planned};
use crate::auth::Caller;
use crate::domain::agency::AgencyId;
use crate::domain::date::Timestamp;
use crate::domain::feed::Feed;
use crate::feed::mapping::Mapping;
use crate::service::audit;
use crate::service::error::ServiceError;
use crate::service::gateway::Gateway;
use crate::service::stored::codec::{decode, encode};
use crate::service::stored::journal::Entry;
use crate::store::{Table, WriteBatch};

/// A mapping as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptMapping {
    /// The mapping.
    pub mapping: Mapping,
    /// When it was kept.
    pub at: Timestamp,
    /// The client that kept it.
    pub by: String,
}

/// A mapping, as an input.
struct Keeping<'a> {
    caller: &'a Caller,
    agency: AgencyId,
    key: IdempotencyKey,
    mapping: Mapping,
}

/// The key under which the mapping of an agency and a feed is kept: it has one.
fn mapping_key(agency: &AgencyId, feed: Feed) -> String {
    format!("{feed}|{agency}")
}

#[async_trait]
impl Input for Keeping<'_> {
    type Answer = KeptMapping;

    /// A mapping is a state: to keep it again changes nothing.
    fn request(&self) -> RequestId {
        RequestId::of_state(Owner::Agency(&self.agency), &self.key)
    }

    async fn plan(&self, gateway: &Gateway) -> Result<Planned<KeptMapping>, ServiceError> {
        let at = gateway.clock().now();
        let kept = KeptMapping { mapping: self.mapping.clone(), at, by: self.caller.name.clone() };
        let name = mapping_key(&self.agency, self.mapping.feed);
        let mut write = WriteBatch::new();
        write.put(Table::Mappings, name.as_bytes(), encode(&kept));
        Ok(Planned {
            write,
            note: Box::new(move |once| Entry::Mapping { once, name, at }),
            led_to: String::new(),
            records: Vec::new(),
            audit: audit::Entry::new(at, self.caller.into(), "mapping.keep").about([self.mapping.feed]),
            answer: kept,
        })
    }
}

impl Gateway {
    /// How the lists of the caller's agency become rows of a feed, where that was kept.
    pub async fn mapping(&self, caller: &Caller, feed: Feed) -> Result<Option<KeptMapping>, ServiceError> {
        let agency = caller.may_push(feed).ok_or(ServiceError::WrongFeed { feed })?;
        let bytes = self.get(Table::Mappings, mapping_key(agency, feed).into_bytes()).await?;
        bytes.map(|bytes| decode(&bytes, "mapping")).transpose()
    }

    /// Keeps how the lists of the caller's agency become rows of the mapping's feed, in the place of what was kept before.
    pub async fn keep_mapping(
        &self,
        caller: &Caller,
        key: IdempotencyKey,
        mapping: Mapping,
    ) -> Result<(), ServiceError> {
        let feed = mapping.feed;
        let agency = caller.may_push(feed).ok_or(ServiceError::WrongFeed { feed })?.clone();
        self.take_in(&Keeping { caller, agency, key, mapping }).await.map(drop)
    }
}
