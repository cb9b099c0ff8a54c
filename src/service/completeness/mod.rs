//! Which feeds are closed for which region and period. Only then may a report call a missing row a gap.
//!
//! A declaration is a state and no request: it is set as often as somebody likes, whatever was said before.

mod closed;
mod expected;
mod unsent;

use std::collections::BTreeMap;

pub(super) use self::closed::{Said, Words};
use self::expected::Senders;
pub(super) use self::expected::present_region;
pub use self::expected::{ExpectedConfig, ExpectedError};
use super::answers::view::View;
use super::error::ServiceError;
use super::gateway::Gateway;
use super::stored::reading::Pages;
use crate::auth::{Caller, Directory, Right};
use crate::domain::agency::AgencyId;
use crate::domain::batch::{Completeness, Declaration};
use crate::domain::date::{Date, Period};
use crate::domain::feed::Feed;
use crate::store::Table;

/// The key of a declaration: of two by one agency about one feed, region and period the later stands.
pub(super) fn declaration_key(feed: Feed, agency: &AgencyId, region: &str, period: Period) -> String {
    format!("{feed}|{agency}|{region}|{period}")
}

/// The region of a declaration, from its key.
pub(super) fn region_of(key: &str) -> Option<&str> {
    key.rsplit('|').nth(1)
}

impl Gateway {
    /// What an agency said of a feed, for itself; what all said, for a caller who may read reports.
    pub async fn declarations(&self, caller: &Caller, feed: Feed) -> Result<Vec<Declaration>, ServiceError> {
        let own = caller.may_push(feed);
        if own.is_none() && !caller.has(Right::Reports) {
            return Err(ServiceError::Forbidden);
        }
        let mut declared = self.declared().await?;
        declared.retain(|item| {
            item.feed == feed && (caller.has(Right::Reports) || item.agency.is_none() || item.agency.as_ref() == own)
        });
        Ok(declared)
    }

    /// All declarations, in key order.
    pub(super) async fn declared(&self) -> Result<Vec<Declaration>, ServiceError> {
        Pages::of(self.reader(), Table::Completeness).decode_all().await
    }

    fn senders<'a>(&'a self, clients: &'a Directory) -> Senders<'a> {
        Senders { expected: &self.settings().expected, clients }
    }

    /// What is closed for all agencies together, in the quarter of a day.
    pub(super) async fn closed_together(&self, view: &View, as_of: Date) -> Result<Vec<Completeness>, ServiceError> {
        let (declared, clients) = (view.declared().await?, self.clients());
        Ok(Words::new(&declared).together(self.senders(&clients), Period::quarter_of(as_of)))
    }

    /// Who is awaited: the agencies that are to send a feed for a place and have not closed the period there.
    pub(super) async fn awaited(
        &self,
        asked: &[(Feed, Period, String)],
    ) -> Result<BTreeMap<(Feed, Period, String), Vec<AgencyId>>, ServiceError> {
        let (declared, clients) = (self.declared().await?, self.clients());
        let words = Words::new(&declared);
        let answer = |(feed, period, place): &(Feed, Period, String)| {
            ((*feed, *period, place.clone()), words.awaited(self.senders(&clients), *feed, *period, place))
        };
        Ok(asked.iter().map(answer).collect())
    }
}
