//! Numbers, dates and times as people in Indonesia read them.

use crate::domain::date::{Date, Period, Timestamp};
use crate::domain::money::group_thousands;

use super::layout::Lang;

const BULAN: [&str; 12] = [
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A count: `1.234.567`, in English `1,234,567`.
pub(super) fn count(number: u64, lang: Lang) -> String {
    let text = group_thousands(number);
    match lang {
        Lang::Indonesian => text,
        Lang::English => text.replace('.', ","),
    }
}

/// A weight in bits with its sign: `+12,3`.
pub(super) fn weight(bits: f64, lang: Lang) -> String {
    let text = format!("{bits:+.1}").replace('-', "\u{2212}");
    match lang {
        Lang::Indonesian => text.replace('.', ","),
        Lang::English => text,
    }
}

/// A share of one as percent. What is not quite all or nothing is never rounded to it.
pub(super) fn percent(share: f64, lang: Lang) -> String {
    let (bound, share) = match share {
        share if share > 0.9999 && share < 1.0 => (">\u{2009}", 0.9999),
        share if share < 0.0001 && share > 0.0 => ("<\u{2009}", 0.0001),
        share => ("", share),
    };
    let digits = if share > 0.99 && share < 1.0 || share < 0.01 && share > 0.0 { 2 } else { 0 };
    let text = format!("{bound}{:.digits$}", share * 100.0);
    match lang {
        Lang::Indonesian => format!("{}\u{a0}%", text.replace('.', ",")),
        Lang::English => format!("{text}%"),
    }
}

/// A day: `20 November 2025`.
pub(super) fn date(day: Date, lang: Lang) -> String {
    format!("{} {} {}", day.day(), month(day.month().unsigned_abs(), lang), day.year())
}

/// A period: `Triwulan IV 2025` or `November 2025`.
pub(super) fn period(period: Period, lang: Lang) -> String {
    match period {
        Period::Quarter { year, quarter } => {
            let roman = ["I", "II", "III", "IV"][usize::from(quarter).clamp(1, 4) - 1];
            lang.pick(format!("Triwulan {roman} {year}"), format!("Q{quarter} {year}"))
        }
        Period::Month { year, month: number } => format!("{} {year}", month(number, lang)),
    }
}

fn month(number: u8, lang: Lang) -> &'static str {
    lang.pick(BULAN, MONTHS)[usize::from(number).clamp(1, 12) - 1]
}

/// A moment in Western Indonesian Time: `20 November 2025 14.05 WIB`.
pub(super) fn time(at: Timestamp, lang: Lang) -> String {
    let local = jiff::tz::Offset::constant(7).to_datetime(at);
    let separator = match lang {
        Lang::Indonesian => '.',
        Lang::English => ':',
    };
    format!("{} {:02}{separator}{:02} WIB", date(local.date(), lang), local.hour(), local.minute())
}

/// The present day in Western Indonesian Time.
pub(super) fn today() -> Date {
    jiff::tz::Offset::constant(7).to_datetime(Timestamp::now()).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_are_written_as_people_read_them() {
        assert_eq!(count(1_234_567, Lang::Indonesian), "1.234.567");
        assert_eq!(count(1_234_567, Lang::English), "1,234,567");
        assert_eq!(weight(-4.25, Lang::Indonesian), "\u{2212}4,2");
        assert_eq!(weight(18.0, Lang::English), "+18.0");
        for (share, shown) in [
            (0.5, "50\u{a0}%"),
            (1.0, "100\u{a0}%"),
            (0.0, "0\u{a0}%"),
            (0.9987, "99,87\u{a0}%"),
            (0.999_999_9, ">\u{2009}99,99\u{a0}%"),
            (0.000_001, "<\u{2009}0,01\u{a0}%"),
        ] {
            assert_eq!(percent(share, Lang::Indonesian), shown, "{share}");
        }
        assert_eq!(percent(0.9987, Lang::English), "99.87%");
        assert_eq!(period(Period::Quarter { year: 2025, quarter: 4 }, Lang::Indonesian), "Triwulan IV 2025");
        assert_eq!(period(Period::Month { year: 2025, month: 11 }, Lang::English), "November 2025");
        let at: Timestamp = "2025-11-20T20:05:00Z".parse().expect("a moment");
        assert_eq!(time(at, Lang::Indonesian), "21 November 2025 03.05 WIB");
        assert_eq!(time(at, Lang::English), "21 November 2025 03:05 WIB");
    }
}
