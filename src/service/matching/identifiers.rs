//! Which records bear a number: what is asked for exactly is found whatever matching makes of it.
//!
//! Matching passes over numbers that are doubtful, shared by many or borne by too many rows. Who looks a number up wants
//! just those, so the look-up has an index of its own, over the cleaned form of a number and over what was written.

use xxhash_rust::xxh3::xxh3_64;

use crate::domain::date::Date;
use crate::domain::family_card::read_kk;
use crate::domain::identifier::{IdentifierKind, read_identifier};
use crate::domain::nik::read_nik;
use crate::domain::record::Record;
use crate::domain::region::Regions;
use crate::domain::row::Detail;
use crate::service::answers::views::LookupQuery;

/// The numbers a person can be looked up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::service) enum Kind {
    /// Of a resident.
    Nik,
    /// Of a family card.
    Kk,
    /// Of a pupil.
    Nisn,
    /// Of an insured person.
    Jkn,
    /// Of an account, whatever the bank.
    Account,
}

/// A number as the index has it: it only has to be told from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::service) struct Number(u64);

impl Number {
    fn of(kind: Kind, form: &str) -> Self {
        let kind = match kind {
            Kind::Nik => "nik",
            Kind::Kk => "kk",
            Kind::Nisn => "nisn",
            Kind::Jkn => "jkn",
            Kind::Account => "rekening",
        };
        Self(xxh3_64(format!("{kind}|{form}").as_bytes()))
    }

    /// What [`Self::value`] gave, or [`account_of`].
    pub(in crate::service) fn from_value(value: u64) -> Self {
        Self(value)
    }

    /// As a number.
    pub(in crate::service) fn value(self) -> u64 {
        self.0
    }

    /// A NIK that can be somebody's: 16 digits and no error in it.
    pub(in crate::service) fn of_nik(raw: &str, day: Date) -> Option<Self> {
        read_nik(raw, day, Regions::embedded()).usable().map(|nik| Self::of(Kind::Nik, nik))
    }
}

/// The NIK of a record, when it can be somebody's.
pub(in crate::service) fn nik_of(record: &Record) -> Option<Number> {
    let raw = record.core.nik.as_deref().filter(|_| !record.withdrawn)?;
    Number::of_nik(raw, record.tgl_data)
}

/// Bank and number of an account row or a payment, as one number.
pub(in crate::service) fn account_of(record: &Record) -> Option<u64> {
    record.detail.account().map(|account| xxh3_64(account.as_bytes()))
}

/// A number under each form in which it is found.
fn numbers(kind: Kind, raw: &str, day: Date) -> Vec<Number> {
    let written: String = raw.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_uppercase).collect();
    let mut forms: Vec<String> = cleaned(kind, raw, day).into_iter().chain([written]).collect();
    forms.retain(|form| !form.is_empty());
    forms.dedup();
    forms.iter().map(|form| Number::of(kind, form)).collect()
}

/// The cleaned form of a number; `None` when it has none.
fn cleaned(kind: Kind, raw: &str, day: Date) -> Option<String> {
    let kind = match kind {
        Kind::Nik => return read_nik(raw, day, Regions::embedded()).text,
        Kind::Kk => return read_kk(raw, day).text,
        Kind::Nisn => IdentifierKind::Nisn,
        Kind::Jkn => IdentifierKind::Jkn,
        Kind::Account => IdentifierKind::Account,
    };
    read_identifier(kind, raw, day).text
}

/// The numbers of a record; none when it is withdrawn or not about a person.
pub(in crate::service) fn numbers_of(record: &Record) -> Box<[Number]> {
    if record.withdrawn || !record.key.feed.describes_person() {
        return Box::default();
    }
    let own = match &record.detail {
        Detail::Siswa(row) => row.nisn.as_deref().map(|raw| (Kind::Nisn, raw)),
        Detail::Jkn(row) => Some((Kind::Jkn, row.no_jkn.as_str())),
        Detail::Rekening(row) => Some((Kind::Account, row.no_rekening.as_str())),
        Detail::Anggota(_) | Detail::Kia(_) | Detail::Penyaluran(_) => None,
    };
    let core = [(Kind::Nik, &record.core.nik), (Kind::Kk, &record.core.no_kk)];
    let core = core.into_iter().filter_map(|(kind, raw)| Some((kind, raw.as_deref()?)));
    core.chain(own).flat_map(|(kind, raw)| numbers(kind, raw, record.tgl_data)).collect()
}

/// The number that a look-up asks for, in all its forms; `None` when it asks for none.
pub(in crate::service) fn numbers_asked(query: &LookupQuery, day: Date) -> Option<Vec<Number>> {
    let asked = [
        (Kind::Nik, &query.nik),
        (Kind::Kk, &query.no_kk),
        (Kind::Nisn, &query.nisn),
        (Kind::Jkn, &query.no_jkn),
        (Kind::Account, &query.no_rekening),
    ];
    asked.into_iter().find_map(|(kind, raw)| Some(numbers(kind, raw.as_deref()?, day)))
}

/// A number of no known kind, under all kinds and forms.
pub(in crate::service) fn numbers_of_any_kind(raw: &str, day: Date) -> Vec<Number> {
    let kinds = [Kind::Nik, Kind::Kk, Kind::Nisn, Kind::Jkn, Kind::Account];
    kinds.into_iter().flat_map(|kind| numbers(kind, raw, day)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Date = Date::constant(2025, 11, 20);

    #[test]
    fn a_number_is_found_by_its_cleaned_form_and_as_it_was_written() {
        for (kind, row, asked, found) in [
            (Kind::Nik, "3201050503800011", "3201050503800011", true),
            (Kind::Nik, "3201.0505.0380.0011", "3201050503800011", true),
            (Kind::Nik, "'3201050503800011", "3201 0505 0380 0011", true),
            (Kind::Nik, "320105050380", "320105050380", true),
            (Kind::Nik, "1234567890123456", "1234567890123456", true),
            (Kind::Nik, "0000000000000000", "0000000000000000", true),
            (Kind::Nik, "3.20105E+15", "3.20105e+15", true),
            (Kind::Nik, "3201050503800011", "3201050503800012", false),
            (Kind::Nik, "", "", false),
            (Kind::Nisn, "45678901", "0045678901", true),
            (Kind::Nisn, "45678901.0", "0045678901", true),
            (Kind::Jkn, "1234567890", "0001234567890", true),
            (Kind::Account, "100-000.0011", "1000000011", true),
            (Kind::Account, "0001000000011", "1000000011", true),
            (Kind::Nisn, "0000000000", "0000000000", true),
        ] {
            let (a, b) = (numbers(kind, row, DAY), numbers(kind, asked, DAY));
            assert_eq!(a.iter().any(|number| b.contains(number)), found, "{row} {asked}");
        }
        assert_ne!(numbers(Kind::Nik, "3201050503800011", DAY), numbers(Kind::Kk, "3201050503800011", DAY));
    }
}
