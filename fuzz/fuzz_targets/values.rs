//! Readers of values on any text: none panics, and what was read reads as itself.

#![no_main]

use libfuzzer_sys::fuzz_target;
use padan::domain::date::Date;
use padan::domain::family_card::read_kk;
use padan::domain::identifier::{IdentifierKind, read_identifier};
use padan::domain::nik::read_nik;
use padan::domain::null_word::NullWords;
use padan::domain::region::Regions;
use padan::normalise::date::{DateFormat, as_written, read_date};
use padan::normalise::number::{NumberFormat, neighbourhood, number};
use padan::normalise::phone::phone;
use padan::normalise::shape::{Wanted, looks_like, shape};
use padan::normalise::text::{Case, plain, words};
use padan::normalise::{NameTables, code, parse_name, sex, sound};

const TODAY: Date = Date::constant(2025, 11, 20);

fn dates(text: &str) {
    for format in [
        DateFormat::Usual,
        DateFormat::DayFirst,
        DateFormat::MonthFirst,
        DateFormat::YearFirst,
        DateFormat::Excel,
        DateFormat::Epoch,
        DateFormat::EpochMillis,
    ] {
        if let Some(day) = read_date(text, format) {
            let written = format!("{:04}-{:02}-{:02}", day.year, day.month, day.day);
            assert_eq!(read_date(&written, DateFormat::Usual), Some(day));
            assert_eq!(as_written(&written), Some(day));
        }
    }
    let _ = as_written(text);
}

fn identifiers(text: &str) {
    let kinds = [
        IdentifierKind::Nisn,
        IdentifierKind::Npsn,
        IdentifierKind::Jkn,
        IdentifierKind::Bank,
        IdentifierKind::Account,
        IdentifierKind::Pkh,
    ];
    for kind in kinds {
        if let Some(form) = read_identifier(kind, text, TODAY).text {
            assert_eq!(read_identifier(kind, &form, TODAY).text, Some(form.clone()));
        }
    }
    let nik = read_nik(text, TODAY, Regions::embedded());
    assert!(nik.usable().is_none() || nik.defective().is_none());
    assert!(nik.usable().is_some() || nik.says().1.is_empty());
    let _ = read_kk(text, TODAY);
    if let Some(form) = Regions::embedded().read_code(text) {
        assert_eq!(Regions::embedded().read_code(&form), Some(form.clone()));
    }
    if let Some(form) = phone(text).value() {
        assert_eq!(phone(&form).value(), Some(form.clone()));
    }
}

fuzz_target!(|text: &str| {
    dates(text);
    identifiers(text);
    let form = words(text);
    assert_eq!(words(&form), form);
    for case in [Case::Upper, Case::Lower] {
        let form = plain(text, case);
        assert_eq!(form.as_deref().and_then(|form| plain(form, case)), form);
    }
    let _ = (code::code(text), code::digits(text), sex::sex(text), neighbourhood(text));
    for format in [NumberFormat::Usual, NumberFormat::DecimalComma, NumberFormat::DecimalPoint] {
        let _ = number(text, format);
    }
    let _ = (parse_name(text, NameTables::embedded()), sound::sounds(text, NameTables::embedded()));
    let _ = NullWords::usual().contains(text);
    for wanted in [Wanted::Date, Wanted::Number, Wanted::Identifier, Wanted::Region, Wanted::Name] {
        let _ = (shape(text), looks_like(text, wanted));
    }
});
