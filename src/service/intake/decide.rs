//! Taking a decision of a steward in: one verdict, for each pair of records that it is about.

use std::collections::BTreeSet;

use async_trait::async_trait;

use super::idempotency::{IdempotencyKey, Owner, RequestId};
use super::{Input, Planned, TakenIn};
use crate::auth::Caller;
use crate::domain::case::{Case, Question};
use crate::domain::date::Timestamp;
use crate::domain::decision::Decision;
use crate::domain::record::{PersonId, RecordId, Sequence};
use crate::review::{NotAllowed, Step, allows};
use crate::service::answers::cases::may_review;
use crate::service::answers::views::{CaseView, VerdictRequest};
use crate::service::audit;
use crate::service::error::ServiceError;
use crate::service::gateway::Gateway;
use crate::service::stored::codec::encode;
use crate::service::stored::decisions::decision_key;
use crate::service::stored::journal::Entry;
use crate::store::{Table, WriteBatch};

/// Longest reason a steward may give, in characters.
const MAX_REASON: usize = 1_000;

/// A verdict on a case, as an input.
struct Deciding<'a> {
    caller: &'a Caller,
    case: &'a str,
    key: IdempotencyKey,
    request: VerdictRequest,
}

#[async_trait]
impl Input for Deciding<'_> {
    type Answer = ();

    fn request(&self) -> RequestId {
        let asked = format!("decide|{}|{:?}|{}", self.case, self.request.verdict, self.request.reason);
        RequestId::remembered(Owner::Client(&self.caller.name), &self.key, &asked)
    }

    async fn plan(&self, gateway: &Gateway) -> Result<Planned<()>, ServiceError> {
        let view = gateway.view().await?;
        let case = view.case(self.case).await?.ok_or(ServiceError::NotFound { what: "case" })?;
        self.fits(&case)?;
        let pairs = view.pairs_of_verdict(&case, self.request.verdict).await?;
        // A decision is about the rows that stood then: its number is above theirs.
        let rows = view.last_rows(&[case.pair.0, case.pair.1]).await?;
        let newest = rows.iter().map(|row| row.sequence).max().unwrap_or(Sequence(0));
        let mut numbers = gateway.draw(pairs.len(), newest).await?;
        let at = gateway.clock().now();
        let mut write = WriteBatch::new();
        // Also the numbers that the persons have when the decision is taken back.
        let persons: BTreeSet<PersonId> =
            case.persons.iter().copied().chain(case.records.iter().copied().map(PersonId)).collect();
        let about: Vec<String> =
            std::iter::once(case.id.clone()).chain(persons.iter().map(ToString::to_string)).collect();
        let mut asked = self.request.verdict.map(|_| Box::new(case));
        for (a, b, nth) in &pairs {
            let place = decision_key(*a, *b, *nth);
            let decision = Decision { asked: asked.take(), ..self.decision((*a, *b), numbers.sequence(), at) };
            write.require_absent(Table::Decisions, place.clone());
            write.put(Table::Decisions, place, encode(&decision));
        }
        gateway.give_back(&numbers);
        let decisions = pairs.into_iter().map(|(a, b, nth)| (a, b, nth as u64)).collect();
        Ok(Planned {
            write,
            note: Box::new(|once| Entry::Decisions { once, decisions }),
            led_to: self.case.to_owned(),
            records: Vec::new(),
            audit: audit::Entry::new(at, self.caller.into(), "case.decide")
                .about(about)
                .with(audit::Detail::Decided(self.request.verdict)),
            answer: (),
        })
    }

    /// Another steward decided one of the pairs: this one has not seen it.
    fn on_conflict(&self) -> Option<ServiceError> {
        Some(ServiceError::Changed { what: "case" })
    }
}

impl Deciding<'_> {
    /// Whether the case can have this verdict now.
    fn fits(&self, case: &Case) -> Result<(), ServiceError> {
        allows(case, Step::of(self.request.verdict)).map_err(|why| match why {
            NotAllowed::Changed => ServiceError::Changed { what: "case" },
            NotAllowed::Resting => ServiceError::CaseRests,
            NotAllowed::TooMany => ServiceError::Invalid { pointer: "/putusan", problem: too_many(case.question) },
        })
    }

    fn decision(&self, (a, b): (RecordId, RecordId), sequence: Sequence, at: Timestamp) -> Decision {
        Decision {
            sequence,
            a,
            b,
            verdict: self.request.verdict,
            reason: self.request.reason.clone(),
            by: self.caller.name.clone(),
            at,
            case: self.case.to_owned(),
            asked: None,
        }
    }
}

/// Why a case about so many persons cannot be decided at once.
fn too_many(question: Question) -> &'static str {
    match question {
        Question::Crowd => "these are too many persons to decide about: have the rows corrected by who sent them",
        Question::SharedNik | Question::SamePerson | Question::OverLinked | Question::Statement => {
            "more than 8 persons share this NIK: have the number corrected by who sent it"
        }
    }
}

impl Gateway {
    /// Decides a case, or takes the decision back; its effect on the clusters is there when this returns.
    pub async fn decide(
        &self,
        caller: &Caller,
        id: &str,
        key: IdempotencyKey,
        request: VerdictRequest,
    ) -> Result<CaseView, ServiceError> {
        may_review(caller)?;
        let reason = request.reason.trim().to_owned();
        if reason.is_empty() || reason.chars().count() > MAX_REASON {
            return Err(ServiceError::Invalid { pointer: "/alasan", problem: "give a reason of 1 to 1000 characters" });
        }
        let request = VerdictRequest { reason, ..request };
        if let TakenIn::New { position, .. } = self.take_in(&Deciding { caller, case: id, key, request }).await? {
            // It is durable; should the worker stop now, its effect comes at the next start.
            self.matched_through(position).await;
        }
        self.decided_view(id).await
    }
}
