//! Families: which memberships are one family.
//!
//! A membership is what one agency calls a family: the rows of one `id_keluarga`. That is what a programme is paid to
//! (KPM), so the overlap rules O01 to O03 count memberships, not families: `GoldenFamily::sources` keeps every key, and
//! `complement` groups the rows by them again. Gaps are about families: a family that has its card under one membership
//! is not without a card under the other.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::domain::person::{Attributed, FamilyId, GoldenFamily};
use crate::domain::record::{PersonId, Record, RecordId};
use crate::domain::row::{AnggotaKeluarga, Detail};

/// One membership row: a person in a family of Dinas Sosial.
#[derive(Debug, Clone, Copy)]
pub struct Membership<'a> {
    /// The row. Other feeds and withdrawn rows are passed over.
    pub record: &'a Record,
    /// Whose row it is.
    pub person: PersonId,
    /// The KK number's digits, when usable.
    pub no_kk: Option<&'a str>,
}

/// The rows of one `id_keluarga` of one agency.
#[derive(Default)]
struct Group<'a> {
    rows: Vec<Membership<'a>>,
    members: Vec<PersonId>,
    head: Option<PersonId>,
    no_kk: Option<&'a str>,
}

/// Joins memberships into families.
///
/// Two memberships are one family when at least two members are on both, or when they stand on the same KK number and
/// no second head contradicts it: the same person heads both, or only one of them names a head (one card has one head).
/// They stay apart, whatever they share, when both name different heads *and* different KK numbers: after a divorce the
/// children stand on both lists, and there are two families (trap 17). The result does not depend on the order of rows.
pub fn golden_families(memberships: &[Membership<'_>]) -> Vec<GoldenFamily> {
    let groups = groups_of(memberships);
    let keys: Vec<&(&str, &str)> = groups.keys().collect();
    let list: Vec<&Group<'_>> = groups.values().collect();
    let mut sets = Sets::new(list.len());
    join_by_members(&list, &mut sets);
    join_by_card(&list, &mut sets);
    let mut joined: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for at in 0..list.len() {
        joined.entry(sets.root(at)).or_default().push(at);
    }
    let mut families: Vec<GoldenFamily> = joined
        .into_values()
        .map(|ats| {
            let sources = ats.iter().map(|at| format!("{}|{}", keys[*at].0, keys[*at].1)).collect();
            family_of(&ats.iter().map(|at| list[*at]).collect::<Vec<_>>(), sources)
        })
        .collect();
    families.sort_unstable_by_key(|family| family.id);
    families
}

fn row_of(record: &Record) -> Option<&AnggotaKeluarga> {
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

fn groups_of<'a>(memberships: &[Membership<'a>]) -> BTreeMap<(&'a str, &'a str), Group<'a>> {
    let mut groups: BTreeMap<(&str, &str), Group<'a>> = BTreeMap::new();
    for membership in memberships {
        if let Some(row) = row_of(membership.record) {
            let key = (membership.record.key.agency.as_str(), row.id_keluarga.as_str());
            groups.entry(key).or_default().rows.push(*membership);
        }
    }
    for group in groups.values_mut() {
        group.rows.sort_unstable_by_key(|membership| membership.record.id);
        group.members = group.rows.iter().map(|membership| membership.person).collect();
        group.members.sort_unstable();
        group.members.dedup();
        group.head = head_of(&group.rows);
        group.no_kk = card_of(&group.rows).and_then(|membership| membership.no_kk);
    }
    groups
}

/// The newest row that says `hubungan_keluarga` 1.
fn head_of(rows: &[Membership<'_>]) -> Option<PersonId> {
    let heads = rows.iter().filter(|m| row_of(m.record).is_some_and(|row| row.hubungan_keluarga == Some(1)));
    heads.max_by_key(|m| (m.record.tgl_data, std::cmp::Reverse(m.record.id))).map(|m| m.person)
}

/// The KK number most rows of a family agree on; among equals the newest, then the oldest record.
fn card_of<'a, 'r>(rows: &'r [Membership<'a>]) -> Option<&'r Membership<'a>> {
    let witnesses = |kk: Option<&str>| rows.iter().filter(|m| m.no_kk == kk).count();
    rows.iter()
        .filter(|m| m.no_kk.is_some())
        .max_by_key(|m| (witnesses(m.no_kk), m.record.tgl_data, std::cmp::Reverse(m.record.id)))
}

/// The row that says where the family lives: the village most members' newest rows name, then the newest of those rows.
/// One member's row may lag behind a move, or run ahead of it.
fn home_of<'a, 'r>(rows: &'r [Membership<'a>]) -> Option<&'r Membership<'a>> {
    let mut newest: BTreeMap<PersonId, &Membership<'a>> = BTreeMap::new();
    let age = |m: &Membership<'_>| (m.record.tgl_data, std::cmp::Reverse(m.record.id));
    for row in rows.iter().filter(|m| m.record.core.desa().is_some()) {
        let known = newest.entry(row.person).or_insert(row);
        if age(known) < age(row) {
            *known = row;
        }
    }
    let village = |m: &Membership<'a>| m.record.core.desa();
    let votes = |code: Option<&str>| newest.values().filter(|m| village(m) == code).count();
    newest.values().copied().max_by_key(|m| (votes(village(m)), age(m)))
}

fn contradict(a: &Group<'_>, b: &Group<'_>) -> bool {
    let differ = |x: Option<PersonId>, y: Option<PersonId>| x.is_some() && y.is_some() && x != y;
    differ(a.head, b.head) && a.no_kk.is_some() && b.no_kk.is_some() && a.no_kk != b.no_kk
}

fn join_by_members(groups: &[&Group<'_>], sets: &mut Sets) {
    let mut of_person: FxHashMap<PersonId, Vec<usize>> = FxHashMap::default();
    for (at, group) in groups.iter().enumerate() {
        for person in &group.members {
            of_person.entry(*person).or_default().push(at);
        }
    }
    let mut shared: FxHashMap<(usize, usize), u32> = FxHashMap::default();
    for ats in of_person.values() {
        for (i, a) in ats.iter().enumerate() {
            for b in &ats[i + 1..] {
                *shared.entry((*a, *b)).or_default() += 1;
            }
        }
    }
    for ((a, b), count) in shared {
        if count >= 2 && !contradict(groups[a], groups[b]) {
            sets.join(a, b);
        }
    }
}

fn join_by_card(groups: &[&Group<'_>], sets: &mut Sets) {
    let mut of_card: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
    for (at, group) in groups.iter().enumerate() {
        if let Some(kk) = group.no_kk {
            of_card.entry(kk).or_default().push(at);
        }
    }
    for ats in of_card.values().filter(|ats| ats.len() > 1) {
        let mut heads: Vec<PersonId> = ats.iter().filter_map(|at| groups[*at].head).collect();
        heads.sort_unstable();
        heads.dedup();
        for head in &heads {
            let headed: Vec<usize> = ats.iter().copied().filter(|at| groups[*at].head == Some(*head)).collect();
            for at in &headed {
                sets.join(headed[0], *at);
            }
        }
        if heads.len() == 1 {
            for at in ats {
                sets.join(ats[0], *at);
            }
        }
    }
}

fn family_of(groups: &[&Group<'_>], mut sources: Vec<String>) -> GoldenFamily {
    let mut rows: Vec<Membership<'_>> = groups.iter().flat_map(|group| group.rows.iter().copied()).collect();
    rows.sort_unstable_by_key(|membership| membership.record.id);
    let mut members: Vec<PersonId> = rows.iter().map(|membership| membership.person).collect();
    members.sort_unstable();
    members.dedup();
    sources.sort_unstable();
    let records: Vec<RecordId> = rows.iter().map(|membership| membership.record.id).collect();
    let variants = |values: Vec<Option<&str>>| {
        let mut known: Vec<&str> = values.into_iter().flatten().collect();
        known.sort_unstable();
        known.dedup();
        known.len() as u32
    };
    let no_kk = card_of(&rows).and_then(|chosen| {
        Some(Attributed {
            value: chosen.no_kk?.to_owned(),
            source: chosen.record.id,
            rule: "agreed".to_owned(),
            variants: variants(rows.iter().map(|m| m.no_kk).collect()),
        })
    });
    let newest = home_of(&rows);
    let kode_desa = newest.and_then(|chosen| {
        Some(Attributed {
            value: chosen.record.core.desa()?.to_owned(),
            source: chosen.record.id,
            rule: "most_members".to_owned(),
            variants: variants(rows.iter().map(|m| m.record.core.desa()).collect()),
        })
    });
    let id = FamilyId(records[0]);
    GoldenFamily { id, head: head_of(&rows), records, members, no_kk, kode_desa, sources }
}

/// Disjoint sets; the root of a set is its smallest member, so that it does not depend on the order of joins.
struct Sets(Vec<usize>);

impl Sets {
    fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    fn root(&mut self, mut at: usize) -> usize {
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }
}

#[cfg(test)]
#[path = "family_tests.rs"]
mod tests;
