//! The golden record of one person.

use std::borrow::Cow;
use std::cmp::Reverse;

use super::survivorship::{Confirm, FieldRule, Survivorship, Take, Tier};
use crate::domain::null_word::NullWords;
use crate::domain::person::{Attributed, FamilyId, GoldenPerson, NameWords, PersonField};
use crate::domain::record::{PersonId, Record, RecordId};
use crate::domain::row::Detail;

/// One record of the person, with the values that `normalise` and `domain` made of it.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The record.
    pub record: &'a Record,
    /// The name without titles; the raw name stands in where it is not given.
    pub clean_name: Option<&'a str>,
    /// The folded words of the name.
    pub name_words: &'a [String],
    /// The NIK's digits, when it can serve as a key.
    pub nik: Option<&'a str>,
    /// The KK number's digits, when it can serve as evidence.
    pub no_kk: Option<&'a str>,
    /// Its sender does not answer for this person: what it says counts only where nobody else says anything, and of where
    /// the person lives and whether it is dead not even then.
    pub aside: bool,
}

/// A value a source offers for a field.
struct Candidate<'a> {
    value: Cow<'a, str>,
    usable: bool,
    record: &'a Record,
    aside: bool,
}

/// Chooses the best value of every field. Withdrawn records take no part. The order of `sources` does not matter.
pub fn golden_person(
    id: PersonId,
    sources: &[Source<'_>],
    families: Vec<FamilyId>,
    rules: &Survivorship,
) -> GoldenPerson {
    let mut families = families;
    families.sort_unstable();
    families.dedup();
    let mut sources: Vec<Source<'_>> = sources.iter().filter(|source| !source.record.withdrawn).copied().collect();
    sources.sort_unstable_by_key(|source| source.record.id);
    let mut fields: Vec<(PersonField, Attributed)> = Vec::with_capacity(rules.fields.len());
    for rule in &rules.fields {
        let nik =
            fields.iter().find(|(field, chosen)| *field == PersonField::Nik && !chosen.rule.starts_with(UNUSABLE));
        let nik = nik.map(|(_, chosen)| chosen.value.clone());
        if let Some(chosen) = choose(rule, &sources, nik.as_deref()) {
            fields.push((rule.field, chosen));
        }
    }
    take_district_from_village(&mut fields);
    let records = sources.iter().map(|source| source.record.id).collect::<Vec<RecordId>>();
    let aside = sources.iter().filter(|source| source.aside).map(|source| source.record.id).collect();
    let words = NameWords::of(sources.iter().flat_map(|source| source.name_words).map(String::as_str));
    GoldenPerson { id, records, fields, families, aside, words }
}

/// What nobody says of a person for whom another one answers.
const NEVER_ASIDE: [PersonField; 4] =
    [PersonField::Alamat, PersonField::KodeDesa, PersonField::KodeKecamatan, PersonField::TglMeninggal];

/// Marks the rule of a number that nobody can use as a key; it is shown, never matched.
const UNUSABLE: &str = "unusable:";

fn choose(rule: &FieldRule, sources: &[Source<'_>], nik: Option<&str>) -> Option<Attributed> {
    let mut candidates: Vec<Candidate<'_>> =
        sources.iter().filter_map(|source| candidate(source, rule.field)).collect();
    let variants = distinct(&candidates);
    if NEVER_ASIDE.contains(&rule.field) || candidates.iter().any(|candidate| !candidate.aside) {
        candidates.retain(|candidate| !candidate.aside);
    }
    if rule.usable_first && candidates.iter().any(|candidate| candidate.usable) {
        candidates.retain(|candidate| candidate.usable);
    }
    let mut confirmed = false;
    if let (Some(Confirm::Nik), Some(nik)) = (rule.confirm, nik) {
        let fits = |candidate: &Candidate<'_>| fits_nik(rule.field, &candidate.value, nik);
        confirmed = candidates.iter().any(fits) && !candidates.iter().all(fits);
        if confirmed {
            candidates.retain(fits);
        }
    }
    let (tier, best) = rule.tiers.iter().find_map(|tier| Some((tier, best_of(tier, &candidates)?)))?;
    let prefix = if rule.usable_first && !best.usable { UNUSABLE } else { "" };
    let suffix = if confirmed { "+nik" } else { "" };
    Some(Attributed {
        value: best.value.clone().into_owned(),
        source: best.record.id,
        rule: format!("{prefix}{}{suffix}", tier.name),
        variants,
    })
}

fn best_of<'c, 'a>(tier: &Tier, candidates: &'c [Candidate<'a>]) -> Option<&'c Candidate<'a>> {
    let of_tier = || candidates.iter().filter(|candidate| tier.holds(candidate.record));
    // Agreement is counted over all sources: a second agency that says the same is a second witness.
    let witnesses = |value: &str| candidates.iter().filter(|other| other.value == value).count();
    let age = |candidate: &Candidate<'_>| Reverse(candidate.record.standing());
    match tier.take {
        Take::Agreed => of_tier().min_by_key(|c| (Reverse(witnesses(&c.value)), Reverse(c.record.day()), c.record.id)),
        Take::Newest => of_tier().min_by_key(|c| (age(c), c.record.id)),
        Take::Smallest => of_tier().min_by(|a, b| (&a.value, a.record.id).cmp(&(&b.value, b.record.id))),
    }
}

fn candidate<'a>(source: &Source<'a>, field: PersonField) -> Option<Candidate<'a>> {
    let core = &source.record.core;
    let borrowed = |text: &'a Option<String>| text.as_deref().map(Cow::Borrowed);
    let (value, usable) = match field {
        PersonField::Nik => (source.nik.or(core.nik.as_deref()).map(Cow::Borrowed), source.nik.is_some()),
        PersonField::NoKk => (source.no_kk.or(core.no_kk.as_deref()).map(Cow::Borrowed), source.no_kk.is_some()),
        PersonField::Nama => (source.clean_name.or(core.nama.as_deref()).map(Cow::Borrowed), true),
        PersonField::TempatLahir => (borrowed(&core.tempat_lahir), true),
        PersonField::TanggalLahir => (core.tanggal_lahir.map(|date| Cow::Owned(date.to_string())), true),
        PersonField::JenisKelamin => (core.jenis_kelamin.map(|sex| Cow::Borrowed(sex.code())), true),
        PersonField::NamaIbuKandung => (borrowed(&core.nama_ibu_kandung), true),
        PersonField::Alamat => (borrowed(&core.alamat), true),
        PersonField::KodeDesa => (core.desa().map(Cow::Borrowed), true),
        PersonField::KodeKecamatan => (core.kecamatan().map(Cow::Borrowed), true),
        PersonField::NoHp => (borrowed(&core.no_hp), true),
        PersonField::Nisn | PersonField::NoJkn | PersonField::TglMeninggal => detail_value(source.record, field),
    };
    let value = value.filter(|value| !value.trim().is_empty() && !NullWords::usual().contains(value))?;
    Some(Candidate { value, usable, record: source.record, aside: source.aside })
}

/// Numbers in their one form; one that cannot be read stays as it came, and gives way to any other.
fn detail_value(record: &Record, field: PersonField) -> (Option<Cow<'_, str>>, bool) {
    let number = |read: Option<String>, raw: &'_ str| (read.is_some(), read.unwrap_or_else(|| raw.to_owned()));
    let died = match &record.detail {
        Detail::Siswa(row) if field == PersonField::Nisn => {
            let Some(raw) = row.nisn.as_deref() else { return (None, true) };
            let (usable, text) = number(row.nisn_number(record.tgl_data), raw);
            return (Some(Cow::Owned(text)), usable);
        }
        Detail::Jkn(row) if field == PersonField::NoJkn => {
            let (usable, text) = number(row.jkn_number(record.tgl_data), &row.no_jkn);
            return (Some(Cow::Owned(text)), usable);
        }
        Detail::Anggota(row) => row.tgl_meninggal,
        Detail::Jkn(row) => row.tgl_meninggal,
        Detail::Siswa(_) | Detail::Kia(_) | Detail::Rekening(_) | Detail::Penyaluran(_) => None,
    };
    (died.filter(|_| field == PersonField::TglMeninggal).map(|date| Cow::Owned(date.to_string())), true)
}

/// Whether a birth date or a sex is the one a usable NIK carries: `DDMMYY` in positions 7 to 12, +40 days for women.
fn fits_nik(field: PersonField, value: &str, nik: &str) -> bool {
    let part = |at: usize| nik.get(at..at + 2).and_then(|digits| digits.parse::<u8>().ok()).unwrap_or_default();
    let day = part(6);
    match field {
        PersonField::JenisKelamin => (value == "P") == (day > 40),
        PersonField::TanggalLahir => {
            let written = format!("{:02}-{:02}-{:02}", part(10), part(8), if day > 40 { day - 40 } else { day });
            value.get(2..) == Some(written.as_str())
        }
        PersonField::Nik
        | PersonField::NoKk
        | PersonField::Nama
        | PersonField::TempatLahir
        | PersonField::NamaIbuKandung
        | PersonField::Alamat
        | PersonField::KodeDesa
        | PersonField::KodeKecamatan
        | PersonField::NoHp
        | PersonField::Nisn
        | PersonField::NoJkn
        | PersonField::TglMeninggal => true,
    }
}

/// A village lies in its sub-district: where the village is known, the sub-district follows it and shares its source.
fn take_district_from_village(fields: &mut [(PersonField, Attributed)]) {
    let village = fields.iter().find(|(field, _)| *field == PersonField::KodeDesa).map(|(_, chosen)| chosen.clone());
    let district = fields.iter_mut().find(|(field, _)| *field == PersonField::KodeKecamatan);
    if let (Some(village), Some((_, district))) = (village, district)
        && let Some(code) = village.value.get(..6)
    {
        *district = Attributed { value: code.to_owned(), variants: district.variants, ..village };
    }
}

fn distinct(candidates: &[Candidate<'_>]) -> u32 {
    let mut values: Vec<&str> = candidates.iter().map(|candidate| candidate.value.as_ref()).collect();
    values.sort_unstable();
    values.dedup();
    values.len() as u32
}

#[cfg(test)]
#[path = "person_tests.rs"]
mod tests;
