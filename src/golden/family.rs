//! Families: which memberships are one family.
//!
//! A membership is what one agency calls a family: the rows of one `id_keluarga`. That is what a programme is paid to
//! (KPM), so the overlap rules O01 to O03 count memberships, not families: `GoldenFamily::sources` keeps every key, and
//! `complement` groups the rows by them again. Gaps are about families: a family that has its card under one membership
//! is not without a card under the other.

use std::collections::BTreeMap;

use super::join::{Side, join};
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
/// Two memberships are one family when one person heads both and no KK numbers contradict it, when at least two members
/// are on both, when both name the same people and nobody else, or when they stand on the same KK number and no second
/// head contradicts it (one card has one head). Two different heads *and* two different KK numbers are never in one
/// family, whatever they share and whatever else lies between them: after a divorce the children stand on both lists,
/// and there are two families (trap 17). A list that fits both equally well belongs to neither. The result does not
/// depend on the order of rows.
pub fn golden_families(memberships: &[Membership<'_>]) -> Vec<GoldenFamily> {
    let groups = groups_of(memberships);
    let keys: Vec<&(&str, &str)> = groups.keys().collect();
    let list: Vec<&Group<'_>> = groups.values().collect();
    let sides: Vec<Side<'_>> =
        list.iter().map(|group| Side { members: &group.members, head: group.head, card: group.no_kk }).collect();
    let mut joined: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, root) in join(&sides).into_iter().enumerate() {
        joined.entry(root).or_default().push(at);
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
    heads.max_by_key(|m| (m.record.day(), std::cmp::Reverse(m.record.id))).map(|m| m.person)
}

/// The KK number most rows of a family agree on; among equals the newest, then the oldest record.
fn card_of<'a, 'r>(rows: &'r [Membership<'a>]) -> Option<&'r Membership<'a>> {
    let witnesses = |kk: Option<&str>| rows.iter().filter(|m| m.no_kk == kk).count();
    rows.iter()
        .filter(|m| m.no_kk.is_some())
        .max_by_key(|m| (witnesses(m.no_kk), m.record.day(), std::cmp::Reverse(m.record.id)))
}

/// The row that says where the family lives: the village most members' newest rows name, then the newest of those rows.
/// One member's row may lag behind a move, or run ahead of it.
fn home_of<'a, 'r>(rows: &'r [Membership<'a>]) -> Option<&'r Membership<'a>> {
    let mut newest: BTreeMap<PersonId, &Membership<'a>> = BTreeMap::new();
    let age = |m: &Membership<'_>| (m.record.day(), std::cmp::Reverse(m.record.id));
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

#[cfg(test)]
#[path = "family_tests.rs"]
mod tests;
