//! What the rules look at, and the indexes that make one pass over it enough.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::evaluate::closed::Closed;
use crate::domain::batch::Completeness;
use crate::domain::date::{Date, Period};
use crate::domain::family_card::read_kk;
use crate::domain::feed::Feed;
use crate::domain::nik::read_nik;
use crate::domain::person::{GoldenFamily, GoldenPerson, PersonField};
use crate::domain::record::{PersonId, Record, RecordId};
use crate::domain::region::Regions;
use crate::domain::row::{AnggotaKeluarga, Detail, Enrolment};

/// How alike two names are, 0 to 1; the first is the account's, which may be cut off.
pub type NameMatch<'a> = &'a (dyn Fn(&str, &str) -> f32 + Sync);

/// Everything a set of findings depends on.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// Records; withdrawn ones are passed over.
    pub records: &'a [Record],
    /// Golden persons; their `records` say which row is whose.
    pub persons: &'a [GoldenPerson],
    /// Golden families.
    pub families: &'a [GoldenFamily],
    /// Which feeds are closed where; of two entries for one region and period the later counts.
    pub completeness: &'a [Completeness],
    /// Persons in an open case.
    pub open_cases: &'a FxHashSet<PersonId>,
    /// The day the rules are read for.
    pub as_of: Date,
    /// Compares an account's name with a person's.
    pub name_match: NameMatch<'a>,
    /// How many persons bear the NIK of a row, where that is not seen from the persons that are here.
    pub shared_niks: Option<&'a FxHashMap<RecordId, u32>>,
}

/// Position of a thing in its list; `NONE` where there is none.
pub(super) type At = u32;
pub(super) const NONE: At = At::MAX;

/// The rows of one `id_keluarga` of one agency.
#[derive(Default)]
pub(super) struct Membership<'a> {
    /// Positions of its records, ascending by record number.
    pub(super) rows: Vec<At>,
    /// The KK number most of its rows agree on.
    pub(super) card: Option<String>,
    /// Programmes its rows carry, each once.
    pub(super) programmes: Vec<&'a Enrolment>,
    /// PKH number, where a row has one.
    pub(super) pkh_number: Option<String>,
    /// The golden family it belongs to.
    pub(super) family: At,
}

/// One bank account: its rows, payments and holders.
#[derive(Default)]
pub(super) struct Account {
    pub(super) rows: Vec<At>,
    pub(super) payments: Vec<At>,
    pub(super) holders: Vec<At>,
}

/// Where a subject is counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Place<'a> {
    pub(super) village: Option<&'a str>,
    pub(super) district: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// The most exact code.
    pub(super) fn code(&self) -> Option<&'a str> {
        self.village.or(self.district)
    }
}

/// A [`World`] with its indexes. Build it once; evaluate as often as subjects change.
pub struct Index<'a> {
    pub(super) world: World<'a>,
    pub(super) period: Period,
    pub(super) month: Period,
    pub(super) closed: Closed<'a>,
    pub(super) record_at: FxHashMap<RecordId, At>,
    /// Records of which what they say of a death or an account waits for a steward.
    pub(super) aside: FxHashSet<RecordId>,
    pub(super) person_at: FxHashMap<PersonId, At>,
    /// Records of all persons, person by person, each ascending by (feed, number).
    person_rows: Vec<At>,
    /// Per person: where each feed's rows begin in `person_rows`, in the order of `Feed::ALL`, and where they end.
    person_bounds: Vec<[u32; Feed::ALL.len() + 1]>,
    pub(super) person_of: Vec<At>,
    pub(super) memberships: Vec<Membership<'a>>,
    pub(super) membership_of: Vec<At>,
    pub(super) family_memberships: Vec<Vec<At>>,
    pub(super) by_card: FxHashMap<String, Vec<At>>,
    pub(super) accounts: Vec<Account>,
    pub(super) account_of: FxHashMap<At, At>,
    /// Rows whose NIK several persons bear: how many.
    pub(super) shared_niks: FxHashMap<At, u32>,
}

impl<'a> Index<'a> {
    /// Builds the indexes; linear in rows.
    pub fn new(world: &World<'a>) -> Self {
        let world = *world;
        let mut record_at = FxHashMap::with_capacity_and_hasher(world.records.len(), rustc_hash::FxBuildHasher);
        let aside: FxHashSet<RecordId> = world.persons.iter().flat_map(|person| &person.aside).copied().collect();
        let counts = |record: &Record| !record.withdrawn && !is_foreign_account(record, &aside);
        let live = world.records.iter().enumerate().filter(|(_, record)| counts(record));
        record_at.extend(live.map(|(at, record)| (record.id, at as At)));
        let mut index = Self {
            period: Period::quarter_of(world.as_of),
            month: Period::month_of(world.as_of),
            closed: Closed::new(world.completeness),
            record_at,
            aside,
            person_at: world.persons.iter().enumerate().map(|(at, person)| (person.id, at as At)).collect(),
            person_rows: Vec::with_capacity(world.records.len()),
            person_bounds: Vec::with_capacity(world.persons.len()),
            person_of: vec![NONE; world.records.len()],
            memberships: Vec::new(),
            membership_of: vec![NONE; world.records.len()],
            family_memberships: Vec::with_capacity(world.families.len()),
            by_card: FxHashMap::default(),
            accounts: Vec::new(),
            account_of: FxHashMap::default(),
            shared_niks: FxHashMap::default(),
            world,
        };
        index.place_persons();
        index.place_memberships();
        index.place_families();
        index.place_accounts();
        index.place_niks();
        index
    }

    fn place_persons(&mut self) {
        for (person, golden) in self.world.persons.iter().enumerate() {
            let mut rows: Vec<At> = golden.records.iter().filter_map(|id| self.record_at.get(id).copied()).collect();
            rows.sort_unstable_by_key(|at| (self.record(*at).key.feed, self.record(*at).id));
            for at in &rows {
                self.person_of[*at as usize] = person as At;
            }
            let start = self.person_rows.len();
            let before = |feed: Feed| rows.partition_point(|at| self.record(*at).key.feed < feed);
            let mut bounds = [(start + rows.len()) as u32; Feed::ALL.len() + 1];
            for (bound, feed) in bounds.iter_mut().zip(Feed::ALL) {
                *bound = (start + before(feed)) as u32;
            }
            self.person_bounds.push(bounds);
            self.person_rows.extend(rows);
        }
    }

    fn place_memberships(&mut self) {
        let mut known: FxHashMap<(&str, &str), At> = FxHashMap::default();
        for (at, record) in self.world.records.iter().enumerate() {
            let Some(row) = family_row(record) else { continue };
            let next = self.memberships.len() as At;
            let membership = *known.entry((record.key.agency.as_str(), row.id_keluarga.as_str())).or_insert(next);
            if membership == next {
                self.memberships.push(Membership { family: NONE, ..Membership::default() });
            }
            self.membership_of[at] = membership;
            self.memberships[membership as usize].rows.push(at as At);
        }
        for at in 0..self.memberships.len() {
            let mut rows = std::mem::take(&mut self.memberships[at].rows);
            rows.sort_unstable_by_key(|row| self.record(*row).id);
            let details = || rows.iter().filter_map(|row| family_row(self.record(*row)));
            let mut programmes: Vec<&Enrolment> = Vec::new();
            for enrolment in details().flat_map(|row| &row.program) {
                if !programmes.contains(&enrolment) {
                    programmes.push(enrolment);
                }
            }
            let as_of = self.world.as_of;
            let pkh_number = details().find_map(|row| row.pkh_number(as_of));
            let card = self.card_of(&rows);
            if let Some(card) = &card {
                self.by_card.entry(card.clone()).or_default().push(at as At);
            }
            self.memberships[at] = Membership { rows, card, programmes, pkh_number, family: NONE };
        }
    }

    /// The usable KK number most rows agree on, then the newest, then the oldest record.
    fn card_of(&self, rows: &[At]) -> Option<String> {
        let mut cards: Vec<(String, usize, Option<Date>)> = Vec::new();
        for record in rows.iter().map(|at| self.record(*at)) {
            let reading = record.core.no_kk.as_deref().map(|raw| read_kk(raw, self.world.as_of));
            let Some(card) = reading.as_ref().and_then(|reading| reading.usable()) else { continue };
            match cards.iter_mut().find(|(known, ..)| known == card) {
                Some((_, count, newest)) => (*count, *newest) = (*count + 1, (*newest).max(record.day())),
                None => cards.push((card.to_owned(), 1, record.day())),
            }
        }
        cards.into_iter().rev().max_by_key(|(_, count, newest)| (*count, *newest)).map(|(card, ..)| card)
    }

    fn place_families(&mut self) {
        for (family, golden) in self.world.families.iter().enumerate() {
            let ats = golden.records.iter().filter_map(|id| self.record_at.get(id));
            let mut memberships: Vec<At> = ats.map(|at| self.membership_of[*at as usize]).collect();
            memberships.sort_unstable();
            memberships.dedup();
            memberships.retain(|at| *at != NONE);
            for at in &memberships {
                self.memberships[*at as usize].family = family as At;
            }
            self.family_memberships.push(memberships);
        }
    }

    fn place_accounts(&mut self) {
        let mut known: FxHashMap<String, At> = FxHashMap::default();
        for (at, record) in self.world.records.iter().enumerate() {
            if record.withdrawn || is_foreign_account(record, &self.aside) {
                continue;
            }
            if !matches!(record.detail, Detail::Rekening(_) | Detail::Penyaluran(_)) {
                continue;
            }
            let next = self.accounts.len() as At;
            // An account whose number cannot be read is one by itself: it is there, and nobody shares it.
            let account = record.detail.account().map_or(next, |key| *known.entry(key).or_insert(next));
            if account == next {
                self.accounts.push(Account::default());
            }
            let account = &mut self.accounts[account as usize];
            if record.key.feed == Feed::Rekening { &mut account.rows } else { &mut account.payments }.push(at as At);
        }
        let (records, persons) = (self.world.records, self.world.persons);
        for account in &mut self.accounts {
            account.rows.sort_unstable_by_key(|at| records[*at as usize].id);
            account.payments.sort_unstable_by_key(|at| records[*at as usize].id);
            account.holders = account.rows.iter().map(|at| self.person_of[*at as usize]).collect();
            account.holders.retain(|person| *person != NONE);
            // By person number: the first holder says where the account is counted.
            account.holders.sort_unstable_by_key(|person| persons[*person as usize].id);
            account.holders.dedup();
        }
        let oldest =
            |account: &Account| account.rows.iter().chain(&account.payments).map(|at| records[*at as usize].id).min();
        self.accounts.sort_by_cached_key(oldest);
        for (at, account) in self.accounts.iter().enumerate() {
            for row in account.rows.iter().chain(&account.payments) {
                self.account_of.insert(*row, at as At);
            }
        }
    }

    /// Finds the NIKs that can be somebody's and that several persons bear.
    fn place_niks(&mut self) {
        if let Some(known) = self.world.shared_niks {
            let shared = self.record_at.iter().filter_map(|(id, at)| Some((*at, *known.get(id)?)));
            self.shared_niks = shared.filter(|(_, persons)| *persons > 1).collect();
            return;
        }
        let nik = |at: At| {
            let record = self.record(at);
            let reading = read_nik(record.core.nik.as_deref()?, record.tgl_data, Regions::embedded());
            reading.usable()?.parse::<u64>().ok()
        };
        let rows = (0..self.world.records.len() as At).into_par_iter();
        let whose = rows.filter(|at| self.person_of[*at as usize] != NONE);
        let mut borne: Vec<(u64, At, At)> =
            whose.filter_map(|at| Some((nik(at)?, self.person_of[at as usize], at))).collect();
        borne.par_sort_unstable();
        for rows in borne.chunk_by(|a, b| a.0 == b.0) {
            let persons = rows.chunk_by(|a, b| a.1 == b.1).count();
            if persons > 1 {
                self.shared_niks.extend(rows.iter().map(|(_, _, at)| (*at, persons as u32)));
            }
        }
    }

    pub(super) fn record(&self, at: At) -> &'a Record {
        &self.world.records[at as usize]
    }

    /// A person's rows of one feed, ascending by record number. Payments are those to the person's accounts.
    pub(super) fn rows_of(&self, person: At, feed: Feed) -> &[At] {
        let bounds = &self.person_bounds[person as usize];
        let at = usize::from(feed.code()) - 1;
        &self.person_rows[bounds[at] as usize..bounds[at + 1] as usize]
    }

    /// All rows of a person, by feed and record number.
    pub(super) fn all_rows_of(&self, person: At) -> &[At] {
        let bounds = &self.person_bounds[person as usize];
        &self.person_rows[bounds[0] as usize..bounds[Feed::ALL.len()] as usize]
    }

    /// The family a person is counted with: through the row whose membership is in a programme now, then the newest.
    pub(super) fn family_of(&self, person: At) -> At {
        let rows = self.rows_of(person, Feed::AnggotaKeluarga).iter().copied();
        let best = rows.max_by_key(|at| {
            let membership = &self.memberships[self.membership_of[*at as usize] as usize];
            let active = membership.programmes.iter().any(|enrolment| enrolment.status == "AKTIF");
            (active, self.record(*at).day(), std::cmp::Reverse(self.record(*at).id))
        });
        best.map_or(NONE, |at| self.memberships[self.membership_of[at as usize] as usize].family)
    }

    /// Where a family lives: the village of the golden family, else the newest sub-district on its rows.
    pub(super) fn place_of_family(&self, family: At) -> Place<'a> {
        let golden = &self.world.families[family as usize];
        if let Some(village) = &golden.kode_desa {
            return Place { village: Some(&village.value), district: village.value.get(..6) };
        }
        let rows = self.family_memberships[family as usize].iter().flat_map(|at| &self.memberships[*at as usize].rows);
        let placed = rows.map(|at| self.record(*at)).filter(|record| record.core.kecamatan().is_some());
        let newest = placed.max_by_key(|record| (record.day(), std::cmp::Reverse(record.id)));
        Place { village: None, district: newest.and_then(|record| record.core.kecamatan()) }
    }

    /// Where a person is counted: with the family, else by the person's own golden record.
    pub(super) fn place_of_person(&self, person: At) -> Place<'a> {
        let family = self.family_of(person);
        let place = if family == NONE { Place::default() } else { self.place_of_family(family) };
        if place.code().is_some() {
            return place;
        }
        let golden = &self.world.persons[person as usize];
        Place { village: golden.value(PersonField::KodeDesa), district: golden.value(PersonField::KodeKecamatan) }
    }
}

/// Whether it gives somebody an account for whom its sender does not answer: a steward is asked, and until then it is not there.
fn is_foreign_account(record: &Record, aside: &FxHashSet<RecordId>) -> bool {
    record.key.feed == Feed::Rekening && aside.contains(&record.id)
}

/// The row of a membership record.
pub(super) fn family_row(record: &Record) -> Option<&AnggotaKeluarga> {
    match &record.detail {
        Detail::Anggota(row) if !record.withdrawn => Some(row),
        Detail::Anggota(_)
        | Detail::Siswa(_)
        | Detail::Jkn(_)
        | Detail::Kia(_)
        | Detail::Rekening(_)
        | Detail::Penyaluran(_) => None,
    }
}
