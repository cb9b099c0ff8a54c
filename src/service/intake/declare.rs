//! Taking a declaration of completeness in.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;

use super::idempotency::{IdempotencyKey, Owner, RequestId};
use super::{Input, Planned, TakenIn};
use crate::auth::Caller;
use crate::domain::agency::AgencyId;
use crate::domain::batch::{Completeness, Declaration};
use crate::domain::date::{Date, Timestamp};
use crate::domain::feed::Feed;
use crate::service::answers::views::{Declared, Unsent};
use crate::service::audit;
use crate::service::clock::day_in_jakarta;
use crate::service::completeness::{Said, Words, declaration_key, present_region};
use crate::service::error::ServiceError;
use crate::service::gateway::Gateway;
use crate::service::stored::codec::encode;
use crate::service::stored::journal::Entry;
use crate::store::{Table, WriteBatch};

/// Programmes are older than no period before this year.
const FIRST_YEAR: i16 = 2000;

/// How long the answer waits for reports to follow from a declaration: everything is evaluated again for it.
const FOR_ITS_EFFECT: Duration = Duration::from_secs(1);

/// What an agency says of its rows, as an input.
struct Declare<'a> {
    caller: &'a Caller,
    agency: AgencyId,
    feed: Feed,
    key: IdempotencyKey,
    declared: Vec<Completeness>,
}

#[async_trait]
impl Input for Declare<'_> {
    type Answer = Declared;

    /// A declaration is a state: to say it again changes nothing.
    fn request(&self) -> RequestId {
        RequestId::of_state(Owner::Agency(&self.agency), &self.key)
    }

    async fn plan(&self, gateway: &Gateway) -> Result<Planned<Declared>, ServiceError> {
        let (feed, agency, now) = (self.feed, &self.agency, gateway.clock().now());
        let known = gateway.declared().await?;
        let words = Words::new(&known);
        let nothing = Said::default();
        let said = words.of(feed, agency).unwrap_or(&nothing);
        let own: Vec<&Declaration> =
            known.iter().filter(|item| item.feed == feed && item.agency.as_ref() == Some(agency)).collect();
        let compared = gateway.compared(agency, feed, &own, &self.declared).await?;
        let mut answer = Declared { declared: self.declared.len() as u64, ..Declared::default() };
        let mut write = WriteBatch::new();
        let mut names = Vec::with_capacity(self.declared.len());
        for item in &self.declared {
            answer.changed += u64::from(!said.is(item.lengkap, &item.kode_wilayah, item.periode));
            let name = declaration_key(feed, agency, &item.kode_wilayah, item.periode);
            let last = own.iter().find(|known| same_place(known, item)).copied();
            let before = compared.before.get(&item.kode_wilayah).copied();
            write.put(Table::Completeness, name.as_bytes(), encode(&self.stored(item, last, before, now)));
            names.push(name);
        }
        answer.unchanged = answer.declared - answer.changed;
        answer.unsent = compared.unsent;
        Ok(Planned {
            write,
            note: Box::new(move |once| Entry::Declarations { once, names, at: Some(now) }),
            led_to: String::new(),
            records: Vec::new(),
            audit: audit::Entry::new(now, self.caller.into(), "completeness.declare").about([feed]),
            answer,
        })
    }
}

impl Declare<'_> {
    fn stored(
        &self,
        item: &Completeness,
        last: Option<&Declaration>,
        before: Option<Timestamp>,
        now: Timestamp,
    ) -> Declaration {
        Declaration {
            agency: Some(self.agency.clone()),
            feed: self.feed,
            before,
            closed_at: if item.lengkap { Some(now) } else { last.and_then(|known| known.closed_at) },
            kode_wilayah: item.kode_wilayah.clone(),
            periode: item.periode,
            lengkap: item.lengkap,
            at: Some(now),
            by: Some(self.caller.name.clone()),
        }
    }
}

impl Gateway {
    /// Closes (or opens again) the caller's rows of a feed for regions and periods. Answers what that changed, and which
    /// rows of theirs were not in what was sent since the last time.
    pub async fn declare(
        &self,
        caller: &Caller,
        feed: Feed,
        key: IdempotencyKey,
        declared: Vec<Completeness>,
    ) -> Result<Declared, ServiceError> {
        let agency = caller.may_push(feed).ok_or(ServiceError::WrongFeed { feed })?.clone();
        let today = self.as_of().max(day_in_jakarta(self.clock().now()));
        let declared = checked(caller, feed, today, declared)?;
        match self.take_in(&Declare { caller, agency, feed, key, declared }).await? {
            TakenIn::New { answer, position } => {
                // Nothing is lost where it takes longer: the report says of which position it is.
                let _ = tokio::time::timeout(FOR_ITS_EFFECT, self.matching().evaluated_through(position)).await;
                Ok(answer)
            }
            TakenIn::Before(_) => unreachable!("a state has no memory of requests"),
        }
    }

    /// Which lists were declared before and sent again since, and the rows that they no longer have.
    async fn compared(
        &self,
        agency: &AgencyId,
        feed: Feed,
        own: &[&Declaration],
        declared: &[Completeness],
    ) -> Result<Compared, ServiceError> {
        let mut compared = Compared::default();
        let Some(oldest) = own.iter().flat_map(|item| [item.before, item.closed_at]).flatten().min() else {
            return Ok(compared);
        };
        let sent = self.sent(agency, feed, oldest).await?;
        for item in declared {
            let region = &item.kode_wilayah;
            let covering = own.iter().filter(|known| region.starts_with(known.kode_wilayah.as_str()));
            let Some(last) = covering.max_by_key(|known| known.closed_at) else { continue };
            let since = last.closed_at.filter(|at| sent.anything_after(*at)).or(last.before);
            let Some(since) = since else { continue };
            if compared.before.insert(region.clone(), since).is_some() || !item.lengkap {
                continue;
            }
            let unsent = self.unsent(agency, feed, region, since, &sent).await?;
            compared.unsent.extend(unsent.filter(|unsent| unsent.rows > 0));
        }
        Ok(compared)
    }
}

/// What comparing with earlier declarations found.
#[derive(Default)]
struct Compared {
    /// By region: since when the list is compared.
    before: BTreeMap<String, Timestamp>,
    unsent: Vec<Unsent>,
}

fn same_place(known: &Declaration, item: &Completeness) -> bool {
    known.kode_wilayah == item.kode_wilayah && known.periode == item.periode
}

/// Entries with the codes of today; an error where one names what there is not or what the caller does not answer for, or
/// contradicts another.
fn checked(
    caller: &Caller,
    feed: Feed,
    today: Date,
    declared: Vec<Completeness>,
) -> Result<Vec<Completeness>, ServiceError> {
    let mut good: Vec<Completeness> = Vec::with_capacity(declared.len());
    for (at, item) in declared.into_iter().enumerate() {
        let wrong = |field, pesan, problem| ServiceError::Entry { at, field, pesan, problem };
        if item.feed != feed {
            return Err(wrong("feed", "bukan feed pada alamat permintaan", "not the feed of the path"));
        }
        let Some(code) = present_region(&item.kode_wilayah) else {
            return Err(wrong("kode_wilayah", "kode wilayah tidak dikenal", "there is no region of this code"));
        };
        if !caller.answers_for(&code) {
            let pesan = "di luar wilayah yang menjadi tanggung jawab instansi Anda";
            return Err(wrong("kode_wilayah", pesan, "outside the regions that your agency answers for"));
        }
        let year = item.periode.start().year();
        if !(FIRST_YEAR..=today.year() + 1).contains(&year) {
            return Err(wrong("periode", "periode di luar waktu yang wajar", "a period of another time"));
        }
        good.push(Completeness { kode_wilayah: code, ..item });
    }
    // What closes a region closes what lies in it, and what closes a quarter closes its months.
    let covers = |whole: &Completeness, part: &Completeness| {
        part.kode_wilayah.starts_with(&whole.kode_wilayah) && whole.periode.covers(part.periode)
    };
    let mut by_place: BTreeMap<&str, Vec<&Completeness>> = BTreeMap::new();
    good.iter().filter(|item| item.lengkap).for_each(|item| by_place.entry(&item.kode_wilayah).or_default().push(item));
    for (at, item) in good.iter().enumerate().filter(|(_, item)| !item.lengkap) {
        let regions = [2, 4, 6, 10].into_iter().filter_map(|digits| item.kode_wilayah.get(..digits));
        if regions.filter_map(|region| by_place.get(region)).flatten().any(|whole| covers(whole, item)) {
            return Err(ServiceError::Entry {
                at,
                field: "lengkap",
                pesan: "wilayah dan periode ini juga dinyatakan lengkap dalam kiriman yang sama",
                problem: "the same request closes this region and period, too",
            });
        }
    }
    good.dedup();
    Ok(good)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A caller that answers for these regions.
    fn caller(regions: &[&str]) -> Caller {
        let client = crate::auth::Client {
            name: "bank".to_owned(),
            token_sha256: crate::auth::token_hash("bank"),
            rights: vec![crate::auth::Right::Push],
            agency: AgencyId::new("bank-x").ok(),
            kind: Some(crate::domain::agency::AgencyKind::Bank),
            regions: regions.iter().map(|region| (*region).to_owned()).collect(),
            purpose: None,
        };
        crate::auth::Directory::new(&[client]).expect("a good client").by_token("bank").expect("known")
    }

    #[test]
    fn an_agency_speaks_for_its_own_regions() {
        let today = Date::constant(2025, 11, 20);
        for (regions, place, fits) in [
            (&[][..], "31", true),
            (&["3201"], "3201", true),
            (&["3201"], "320105", true),
            (&["3201", "3271"], "327101", true),
            (&["9101"], "9301", true),
            (&["3201"], "32", false),
            (&["3201"], "3271", false),
        ] {
            let periode = "2025-T4".parse().expect("a period");
            let item = Completeness { feed: Feed::Rekening, kode_wilayah: place.to_owned(), periode, lengkap: true };
            let found = checked(&caller(regions), Feed::Rekening, today, vec![item]);
            assert_eq!(found.is_ok(), fits, "{regions:?} {place}");
        }
    }

    #[test]
    fn entries_that_cannot_be_true_are_refused() {
        let today = Date::constant(2025, 11, 20);
        let everywhere = caller(&[]);
        // Entries as `region period +`; the place of what is wrong.
        for (text, wrong) in [
            ("3201 2025-T4 +", None),
            ("9101 2025-T4 +", None),
            ("3201 2025-T4 +, 3201 2025-T4 +", None),
            ("3201 2025-T4 -, 320105 2025-T4 +", None),
            ("3201 2025-10 +, 3201 2025-11 -", None),
            ("99 2025-T4 +", Some((0, "kode_wilayah"))),
            ("3201 2025-T4 +, 3299 2025-T4 +", Some((1, "kode_wilayah"))),
            ("3201 1899-T4 +", Some((0, "periode"))),
            ("3201 2099-01 +", Some((0, "periode"))),
            ("3201 2025-T4 +, 3201 2025-T4 -", Some((1, "lengkap"))),
            ("3201 2025-T4 -, 3201 2025-T4 +", Some((0, "lengkap"))),
            ("3201 2025-T4 +, 3201 2025-11 -", Some((1, "lengkap"))),
            ("32 2025-T4 +, 3201052008 2025-T4 -", Some((1, "lengkap"))),
            ("9101 2025-T4 +, 9301 2025-T4 -", Some((1, "lengkap"))),
        ] {
            let entry = |entry: &str| {
                let parts: Vec<&str> = entry.split_whitespace().collect();
                Completeness {
                    feed: Feed::Rekening,
                    kode_wilayah: parts[0].to_owned(),
                    periode: parts[1].parse().expect("a period"),
                    lengkap: parts[2] == "+",
                }
            };
            let found = checked(&everywhere, Feed::Rekening, today, text.split(", ").map(entry).collect());
            let told = wrong.map(|(at, field)| format!("/{at}/{field}: "));
            match (found, told) {
                (Ok(_), None) => {}
                (Err(error), Some(told)) => assert!(error.to_string().starts_with(&told), "{text}: {error}"),
                (found, _) => panic!("{text}: {found:?}"),
            }
        }
        let old = Completeness {
            feed: Feed::Rekening,
            kode_wilayah: "9101".to_owned(),
            periode: "2025-T4".parse().expect("a period"),
            lengkap: true,
        };
        let read = checked(&everywhere, Feed::Rekening, today, vec![old]).expect("good");
        assert_eq!(read[0].kode_wilayah, "9301", "a retired code is read as its successor");
    }
}
