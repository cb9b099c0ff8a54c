use proptest::prelude::*;

use super::DateFormat::{DayFirst, Epoch, EpochMillis, Excel, MonthFirst, Usual, YearFirst};
use super::*;

fn text(day: Option<Written>) -> String {
    day.map_or_else(|| "-".to_owned(), |day| format!("{:04}-{:02}-{:02}", day.year, day.month, day.day))
}

#[test]
fn a_date_that_means_one_day_is_read() {
    for raw in [
        "1990-04-12",
        "19900412",
        "19900412.0",
        "1990-4-12",
        "1990/04/12",
        "1990.04.12",
        "1990 04 12",
        "12-04-1990",
        "12-4-1990",
        "12/04/1990",
        "12/4/1990",
        "12.04.1990",
        "12. 4. 1990",
        "12 04 1990",
        " 12-04-1990 ",
        "'12-04-1990",
        "12\u{2013}04\u{2013}1990",
        "\u{ff11}\u{ff12}/04/1990",
        "12\u{a0}April\u{a0}1990",
        "12 April 1990",
        "12 april 1990",
        "12 Apr 1990",
        "12-Apr-1990",
        "April 12, 1990",
        "1990-Apr-12",
        "1990-04-12 00:00:00",
        "1990-04-12T00:00:00",
        "1990-04-12T00:00:00.000",
        "1990-04-12T00:00:00Z",
        "1990-04-12T00:00:00+00:00",
        "1990-04-12 00:00:00 UTC",
        "1990-04-12\u{2028}00:00:00",
        "1990-04-12\u{3000}00:00",
        "1990-04-12T00:00:00+07:00",
        "1990-04-12T00:00:00+0700",
        "1990-04-12 00:00",
        "1990-04-12 08:30:15",
        "1990-04-12T23:59:59+07:00",
        "12/04/1990 00:00:00",
        "12/4/1990 12:00:00 AM",
        "12/04/1990 07:15",
        "12 04 1990 00:00",
    ] {
        assert_eq!(text(read_date(raw, Usual)), "1990-04-12", "{raw}");
    }
    assert_eq!(text(read_date("29-02-2000", Usual)), "2000-02-29");
    for (raw, day) in [("17 Agustus 1945", "1945-08-17"), ("1 Mei 2001", "2001-05-01"), ("3 Nop 1999", "1999-11-03")] {
        assert_eq!(text(read_date(raw, Usual)), day, "{raw}");
    }
}

#[test]
fn what_means_no_day_or_several_is_unreadable() {
    for raw in [
        "1990-0412",
        "0812-3456",
        "19-90-04-12",
        "99-99-9999",
        "1-2-199012",
        "31-02-1990",
        "1990-02-30",
        "29-02-1900",
        "0000-01-01",
        "1204-19-90",
        "1204-04-12",
        "9999-12-31",
        "12041990",
        "12/04/90",
        "12-Apr-90",
        "12 04",
        "04/25/1990",
        "12-04/1990",
        "32975",
        "32975.0",
        "1990",
        "1990-04",
        "12,04,1990",
        "1990-04-11T17:00:00Z",
        "1990-04-12T25:00:00",
        "1990-04-12T00:00:00 Mars",
        "\u{1282}\u{2028}:",
        "12 Foo 1990",
        "12 Ma 1990",
        "12 1990 April",
        "640000000",
        "besok",
        "19900412 1990",
        "19900412123",
        "",
        ":",
        "T:",
    ] {
        assert_eq!(read_date(raw, Usual), None, "{raw}");
    }
}

#[test]
fn a_column_may_say_how_its_dates_are_written() {
    for (format, raw, day) in [
        (MonthFirst, "04/12/1990", "1990-04-12"),
        (MonthFirst, "04121990", "1990-04-12"),
        (MonthFirst, "1990-04-12", "1990-04-12"),
        (MonthFirst, "25/04/1990", "-"),
        (DayFirst, "12041990", "1990-04-12"),
        (DayFirst, "12/04/1990", "1990-04-12"),
        (DayFirst, "1990-04-12", "1990-04-12"),
        (YearFirst, "1990.4.12", "1990-04-12"),
        (YearFirst, "12-04-1990", "-"),
        (Excel, "32975", "1990-04-12"),
        (Excel, "32975.0", "1990-04-12"),
        (Excel, "32975.75", "1990-04-12"),
        (Excel, "1", "1900-01-01"),
        (Excel, "59", "1900-02-28"),
        (Excel, "60", "-"),
        (Excel, "61", "1900-03-01"),
        (Excel, "0", "-"),
        (Excel, "1990-04-12", "1990-04-12"),
        (Excel, "12/04/1990", "-"),
        (Excel, "4294967295", "-"),
        (Epoch, "639878400", "1990-04-12"),
        (Epoch, "639878401", "-"),
        (Epoch, "-86400", "1969-12-31"),
        (Epoch, "1990-04-12", "-"),
        (EpochMillis, "639878400000", "1990-04-12"),
        (EpochMillis, "639878400000.0", "1990-04-12"),
        (EpochMillis, "-9223372036854775808", "-"),
    ] {
        assert_eq!(text(read_date(raw, format)), day, "{format:?} {raw}");
    }
}

#[test]
fn a_wrong_digit_stays_where_dates_are_taken_as_written() {
    for (raw, day) in [
        ("19901304", "1990-13-04"),
        ("1990-02-31", "1990-02-31"),
        ("19900412", "1990-04-12"),
        ("1990-0412", "-"),
        ("0812-3456", "-"),
        ("12-04-1990", "-"),
        ("19-90-04-12", "-"),
    ] {
        assert_eq!(text(as_written(raw)), day, "{raw}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(raw in "[0-9TZ:./\\- a-z+,\u{a0}\u{200b}é李]{0,24}") {
        for format in [Usual, DayFirst, MonthFirst, YearFirst, Excel, Epoch, EpochMillis] {
            let day = read_date(&raw, format).filter(|_| !matches!(format, Epoch | EpochMillis));
            if day.is_some() {
                prop_assert_eq!(read_date(&text(day), format), day);
            }
        }
        let _ = as_written(&raw);
    }

    #[test]
    fn every_spelling_of_a_day_is_that_day(days in -135_000i64..80_000) {
        let day = of_days(days).unwrap();
        let Written { year, month, day: date } = day;
        for raw in [
            format!("{year:04}-{month:02}-{date:02}"), format!("{year:04}{month:02}{date:02}"),
            format!("{date:02}-{month:02}-{year:04}"), format!("{date}/{month}/{year:04}"),
            format!("{date:02}.{month:02}.{year:04} 00:00:00"), format!("{year}-{month}-{date}T00:00:00+07:00"),
        ] {
            prop_assert_eq!(read_date(&raw, Usual), Some(day), "{}", raw);
        }
        if days > -25_508 {
            prop_assert_eq!(read_date(&(days + 25_569).to_string(), Excel), Some(day));
        }
        prop_assert_eq!(read_date(&(days * 86_400).to_string(), Epoch), Some(day));
    }
}
