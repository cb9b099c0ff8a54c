//! What a NIK says by itself, held against what the record says: region of issue, birth date and sex. The number itself
//! stays masked.

use super::format;
use super::layout::Lang;
use crate::domain::date::Date;
use crate::domain::nik::{NikReading, NikRelation, nik_relation, read_nik};
use crate::domain::record::Record;
use crate::domain::region::Regions;
use crate::domain::sex::Sex;

/// A decoded value, and whether the record agrees with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    /// What the NIK says.
    pub(super) text: String,
    /// Whether the record says the same; `None` where it says nothing.
    pub(super) agrees: Option<bool>,
}

/// What the NIK of one record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decoded {
    /// Name or code of the district and regency of issue.
    pub(super) region: Option<String>,
    /// Birth date.
    pub(super) birth: Option<Told>,
    /// Sex.
    pub(super) sex: Option<Told>,
}

/// Decodes the NIK of a record.
pub(super) fn decode(record: &Record, today: Date, lang: Lang) -> Decoded {
    let reading = reading(record, today);
    let usable = reading.as_ref().and_then(NikReading::usable);
    let core = &record.core;
    let birth = reading.as_ref().and_then(|reading| reading.birth_near(core.tanggal_lahir)).map(|birth| Told {
        text: format::date(birth, lang),
        agrees: core.tanggal_lahir.map(|stated| stated == birth),
    });
    let sex = reading.as_ref().and_then(|reading| reading.says().0).map(|sex| Told {
        text: sex_label(sex, lang).to_owned(),
        agrees: core.jenis_kelamin.map(|stated| stated == sex),
    });
    Decoded { region: usable.map(region_of), birth, sex }
}

/// How the NIKs of two records relate, in words; `None` when one of them cannot be compared.
pub(super) fn relation(a: &Record, b: &Record, today: Date, lang: Lang) -> Option<&'static str> {
    let (a, b) = (reading(a, today)?, reading(b, today)?);
    Some(relation_label(nik_relation(a.comparable()?, b.comparable()?), lang))
}

/// The word for a sex.
pub(super) fn sex_label(sex: Sex, lang: Lang) -> &'static str {
    match sex {
        Sex::Male => lang.pick(Sex::Male.label(), "male"),
        Sex::Female => lang.pick(Sex::Female.label(), "female"),
    }
}

/// The name of a region, or its code where no table knows it.
pub(super) fn region_name(code: &str) -> String {
    Regions::embedded().name(code).map_or_else(|| code.to_owned(), str::to_owned)
}

fn reading(record: &Record, today: Date) -> Option<NikReading> {
    record.core.nik.as_deref().map(|raw| read_nik(raw, today, Regions::embedded()))
}

fn region_of(nik: &str) -> String {
    let (Some(district), Some(regency)) = (nik.get(..6), nik.get(..4)) else { return String::new() };
    match Regions::embedded().name(district) {
        Some(name) => format!("{name}, {}", region_name(regency)),
        None => region_name(regency),
    }
}

fn relation_label(relation: NikRelation, lang: Lang) -> &'static str {
    let (indonesian, english) = match relation {
        NikRelation::Exact => ("sama persis", "equal"),
        NikRelation::Transpose => ("dua angka berdampingan tertukar", "two neighbouring digits are swapped"),
        NikRelation::SexFlip => (
            "hanya tanda jenis kelamin berbeda (selisih 40 pada tanggal)",
            "only the mark of sex differs (40 in the day)",
        ),
        NikRelation::DdmmSwap => ("tanggal dan bulan lahir tertukar", "day and month of birth are swapped"),
        NikRelation::Sub1Serial => (
            "satu angka pada nomor urut berbeda; anak kembar juga seperti ini",
            "one digit of the serial differs; twins look like this too",
        ),
        NikRelation::Sub1 => ("satu angka berbeda", "one digit differs"),
        NikRelation::SerialDiff => (
            "hanya nomor urut berbeda; orang lain yang lahir pada hari yang sama juga seperti ini",
            "only the serial differs; others born on that day look like this too",
        ),
        NikRelation::RegionDiff => ("hanya kode wilayah berbeda", "only the region differs"),
        NikRelation::Sub2 => ("dua angka berbeda", "two digits differ"),
        NikRelation::Indel1 => ("satu angka hilang atau berlebih", "one digit is missing or too many"),
        NikRelation::Different => ("berbeda", "different"),
    };
    lang.pick(indonesian, english)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::steward::samples;

    const TODAY: Date = Date::constant(2025, 11, 20);

    #[test]
    fn a_nik_is_held_against_the_record() {
        let mut record = samples::school_record();
        record.core.nik = Some("3201015507150003".to_owned());
        record.core.tanggal_lahir = Some(Date::constant(2015, 7, 15));
        record.core.jenis_kelamin = Some(Sex::Male);
        let decoded = decode(&record, TODAY, Lang::Indonesian);
        assert_eq!(decoded.birth, Some(Told { text: "15 Juli 2015".to_owned(), agrees: Some(true) }));
        assert_eq!(decoded.sex, Some(Told { text: "Perempuan".to_owned(), agrees: Some(false) }));
        record.core.nik = Some("32010155".to_owned());
        let short = decode(&record, TODAY, Lang::Indonesian);
        assert_eq!(short, Decoded { region: None, birth: None, sex: None });
    }

    #[test]
    fn two_numbers_are_related_in_words() {
        let with = |nik: &str| {
            let mut record = samples::school_record();
            record.core.nik = Some(nik.to_owned());
            record
        };
        for (a, b, words) in [
            ("3201015507150003", "3201015507150003", Some("sama persis")),
            ("3201015507150003", "3201015507150030", Some("dua angka berdampingan tertukar")),
            (
                "3201015507150003",
                "3201015507150009",
                Some("satu angka pada nomor urut berbeda; anak kembar juga seperti ini"),
            ),
            ("3201015507150003", "0", None),
        ] {
            assert_eq!(relation(&with(a), &with(b), TODAY, Lang::Indonesian), words, "{a} {b}");
        }
    }
}
