//! What leaves the gateway about a person, masked as DOMAIN 5 says: NIK, KK and account numbers in the middle, the
//! mother's name down to its first letter, and the mother's name that a bank keeps as a secret question not at all.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::domain::feed::Feed;
use crate::domain::person::{Attributed, PersonField};
use crate::domain::private::mask_number;
use crate::domain::record::{Record, RecordId};
use crate::domain::row::Detail;

/// Fields of any row that are shown masked in the middle.
const NUMBERS: &[&str] = &["nik", "no_kk", "nik_ayah", "nik_ibu", "nik_wali", "no_rekening", "cif"];
/// The mother's name.
const MOTHER: &str = "nama_ibu_kandung";

/// A field ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MaskedField {
    /// The best value.
    pub(crate) value: String,
    /// The record it was taken from.
    pub(crate) source: RecordId,
    /// The rule that chose it.
    pub(crate) rule: String,
    /// How many different values the sources hold.
    pub(crate) variants: u32,
}

/// The person core of a record; fields without a value are left out.
pub(crate) fn core(record: &Record) -> Map<String, Value> {
    let mut fields = object(&record.core);
    if comes_from_bank(record.key.feed) {
        fields.shift_remove(MOTHER);
    }
    mask(fields)
}

/// The feed's own fields of a record.
pub(crate) fn detail(record: &Record) -> Map<String, Value> {
    mask(match &record.detail {
        Detail::Anggota(detail) => object(detail),
        Detail::Siswa(detail) => object(detail),
        Detail::Jkn(detail) => object(detail),
        Detail::Kia(detail) => object(detail),
        Detail::Rekening(detail) => object(detail),
        Detail::Penyaluran(detail) => object(detail),
    })
}

/// A field of a golden record; `None` when nobody may see it. `sources` are the person's records.
pub(crate) fn golden(field: PersonField, best: &Attributed, sources: &[Record]) -> Option<MaskedField> {
    let value = match field {
        PersonField::Nik | PersonField::NoKk => mask_number(&best.value),
        PersonField::NamaIbuKandung => {
            let elsewhere: BTreeSet<RecordId> =
                sources.iter().filter(|record| !comes_from_bank(record.key.feed)).map(|record| record.id).collect();
            elsewhere.contains(&best.source).then(|| first_letter(&best.value))?
        }
        PersonField::Nama
        | PersonField::TempatLahir
        | PersonField::TanggalLahir
        | PersonField::JenisKelamin
        | PersonField::Alamat
        | PersonField::KodeDesa
        | PersonField::KodeKecamatan
        | PersonField::NoHp
        | PersonField::Nisn
        | PersonField::NoJkn
        | PersonField::TglMeninggal => best.value.clone(),
    };
    Some(MaskedField { value, source: best.source, rule: best.rule.clone(), variants: best.variants })
}

/// A number of which only the ends are shown.
pub(crate) fn number(digits: &str) -> String {
    mask_number(digits)
}

/// A name of which only the first letter is shown.
pub(crate) fn first_letter(name: &str) -> String {
    name.trim().chars().next().map(|first| format!("{first}***")).unwrap_or_default()
}

fn comes_from_bank(feed: Feed) -> bool {
    matches!(feed, Feed::Rekening | Feed::Penyaluran)
}

fn object(value: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

fn mask(fields: Map<String, Value>) -> Map<String, Value> {
    let present = |value: &Value| !(value.is_null() || value.as_array().is_some_and(Vec::is_empty) || value == "");
    fields
        .into_iter()
        .filter(|(_, value)| present(value))
        .map(|(name, value)| {
            let value = match value.as_str() {
                Some(text) if NUMBERS.contains(&name.as_str()) => Value::String(mask_number(text)),
                Some(text) if name == MOTHER => Value::String(first_letter(text)),
                _ => value,
            };
            (name, value)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::steward::samples;

    #[test]
    fn numbers_are_masked_and_a_banks_mother_never_leaves() {
        let school = core(&samples::school_record());
        assert_eq!(school["nik"], "320101******0003");
        assert_eq!(school[MOTHER], "S***");
        assert!(!school.contains_key("no_hp"), "absent fields are left out");
        let bank = samples::bank_record();
        assert!(!core(&bank).contains_key(MOTHER));
        assert_eq!(detail(&bank)["no_rekening"], "******7788");
    }

    #[test]
    fn a_golden_mothers_name_is_shown_only_when_it_is_not_the_banks() {
        let (school, bank) = (samples::school_record(), samples::bank_record());
        let best = |source| Attributed { value: "SITI".into(), source, rule: "newest".into(), variants: 1 };
        let sources = [school.clone(), bank.clone()];
        let shown = |source| golden(PersonField::NamaIbuKandung, &best(source), &sources).map(|field| field.value);
        assert_eq!(shown(school.id).as_deref(), Some("S***"));
        assert_eq!(shown(bank.id), None);
        assert_eq!(shown(RecordId(999)), None, "a source that is not known is not shown");
    }
}
