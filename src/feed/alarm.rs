//! Alarms about many rows at once: what a spreadsheet does to a whole column shows in no single row.
//!
//! Each alarm asks how often something would happen by chance, and is raised when that is rarer than one in a million. So
//! six numbers of six are enough, and one good number among thirty does not silence it. Pure counts: they add up over
//! batches and files.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hash as _, Hasher as _};

use rustc_hash::FxHasher;

use crate::domain::date::Date;
use crate::domain::family_card::read_kk;
use crate::domain::nik::NikReading;
use crate::domain::row::{Detail, PersonCore};
use crate::domain::sign::separates_digits;

/// The last digits of sixteen-digit numbers are 0: a spreadsheet kept 15 of them (DOMAIN, trap 11).
pub const EXCEL_PRECISION: &str = "EXCEL_PRECISION";
/// The last digits of account numbers are 00: a spreadsheet kept 15 of them.
pub const ACCOUNT_PRECISION: &str = "ACCOUNT_PRECISION";
/// Numbers of one column have lost a digit, all the same one.
pub const ONE_LENGTH_SHORT: &str = "ONE_LENGTH_SHORT";
/// Day and month of birth are swapped against the NIK more often than chance does.
pub const DAY_MONTH_SWAPPED: &str = "DAY_MONTH_SWAPPED";

/// Many rows have one first name and one birth date: values were filled down a column, or the list is invented.
pub const ALIKE_ROWS: &str = "ALIKE_ROWS";

/// So many rows of one first name and birth date are no alarm in any list.
const ALIKE_FROM: u32 = 100;

/// Of a list no more rows than this share have the commonest first name and one birth date, also where a few days of a year
/// stand for births that nobody remembers.
const ALIKE_CHANCE: f64 = 0.000_1;

/// What is rarer than this is no chance, as a power of e.
const RARE: f64 = -13.815_510_557_964_274;

/// How many of how many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Share {
    hits: u64,
    of: u64,
}

impl Share {
    fn note(&mut self, hit: bool) {
        self.of += 1;
        self.hits += u64::from(hit);
    }

    /// Whether so many hits, each of which happens by chance with probability `p`, are rarer than one in a million.
    fn is_no_chance(self, p: f64) -> bool {
        self.hits > 0 && tail(self.of, self.hits, p) <= RARE + 1e-9
    }
}

/// The logarithm of the chance of `hits` or more of `of`; the bound of Chernoff, which errs on the quiet side, refined by
/// the exact sum where there are few.
fn tail(of: u64, hits: u64, p: f64) -> f64 {
    let (n, k) = (of as f64, hits as f64);
    if k <= n * p {
        return 0.0;
    }
    if of > 1_000 {
        let q = k / n;
        let part = |x: f64, y: f64| if x > 0.0 { x * (x / y).ln() } else { 0.0 };
        return -n * (part(q, p) + part(1.0 - q, 1.0 - p));
    }
    let mut term = 0.0;
    for i in 0..hits {
        term += ((of - i) as f64 / (i + 1) as f64).ln() + p.ln();
    }
    term += (n - k) * (1.0 - p).ln();
    // Terms from `hits` on, as shares of the first.
    let (mut share, mut sum) = (1.0, 1.0);
    for i in hits..of {
        share *= (of - i) as f64 / (i + 1) as f64 * p / (1.0 - p);
        sum += share;
    }
    term + sum.ln()
}

/// What a column of numbers looks like.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Numbers {
    /// Ends in 0, or in 00 for accounts.
    ends_in_zero: Share,
    /// One digit short, among all that are there.
    short: Share,
}

/// How long account numbers are that a spreadsheet damages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Length {
    Sixteen,
    More,
}

impl Length {
    /// How often the digits that would be lost are zeros by chance.
    const fn chance(self) -> f64 {
        match self {
            Self::Sixteen => 0.1,
            Self::More => 0.01,
        }
    }
}

/// Counts over rows, of a batch or of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Alarms {
    nik: Numbers,
    kk: Numbers,
    /// By bank: each has accounts of one length.
    accounts: BTreeMap<(String, Length), Share>,
    /// Birth dates that are those of the NIK or swapped against it, where a swap can be seen.
    swapped: Share,
    alike: Alike,
}

/// Rows by first name and birth date.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Alike {
    rows: HashMap<u64, u32, BuildHasherDefault<FxHasher>>,
    most: u32,
    of: u64,
}

impl Alike {
    fn note(&mut self, core: &PersonCore) {
        let first = core.nama.as_deref().and_then(|name| name.split_whitespace().next());
        let (Some(first), Some(born)) = (first, core.tanggal_lahir) else { return };
        let mut hasher = FxHasher::default();
        (first.to_uppercase(), born.to_string()).hash(&mut hasher);
        let rows = self.rows.entry(hasher.finish()).or_default();
        *rows += 1;
        self.most = self.most.max(*rows);
        self.of += 1;
    }

    fn is_no_chance(&self) -> bool {
        self.most > ALIKE_FROM && Share { hits: u64::from(self.most), of: self.of }.is_no_chance(ALIKE_CHANCE)
    }
}

impl Alarms {
    /// Counts one row with what its NIK was read as.
    pub fn note(&mut self, core: &PersonCore, detail: &Detail, nik: Option<&NikReading>, today: Date) {
        self.alike.note(core);
        if let Some(reading) = nik {
            self.nik.note(reading.comparable(), reading.usable());
            self.note_birth(core.tanggal_lahir, reading.says().1);
        }
        if let Some(raw) = core.no_kk.as_deref() {
            let reading = read_kk(raw, today);
            let digits = reading.text.as_deref().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
            self.kk.note(digits, reading.usable());
        }
        let account = match detail {
            Detail::Rekening(row) => Some((&row.kode_bank, &row.no_rekening)),
            Detail::Penyaluran(row) => Some((&row.kode_bank, &row.no_rekening)),
            Detail::Anggota(_) | Detail::Siswa(_) | Detail::Jkn(_) | Detail::Kia(_) => None,
        };
        if let Some((bank, number)) = account {
            self.note_account(bank, number);
        }
    }

    /// Up to fifteen digits a spreadsheet loses none; of sixteen it loses one, and two of more are enough to tell.
    fn note_account(&mut self, bank: &str, number: &str) {
        let digits: String = number.chars().filter(|c| !separates_digits(*c)).collect();
        if digits.len() < 16 || !digits.bytes().all(|b| b.is_ascii_digit()) || digits.bytes().all(|b| b == b'0') {
            return;
        }
        let (length, lost) = if digits.len() == 16 { (Length::Sixteen, "0") } else { (Length::More, "00") };
        self.accounts.entry((bank.to_owned(), length)).or_default().note(digits.ends_with(lost));
    }

    fn note_birth(&mut self, stated: Option<Date>, said: &[Date]) {
        let Some(stated) = stated else { return };
        let swapped = |born: &Date| Date::new(born.year(), born.day(), born.month()).ok();
        // Where both readings are one day, or the swapped one is no day, nothing can be seen.
        let tells = said.iter().any(|born| swapped(born).is_some_and(|other| other != *born));
        let (same, other) = (said.contains(&stated), said.iter().any(|born| swapped(born) == Some(stated)));
        if tells && same != other {
            self.swapped.note(other);
        }
    }

    /// The alarms that these counts raise, by their codes.
    pub fn raised(&self) -> Vec<&'static str> {
        let columns = [&self.nik, &self.kk];
        let mut raised = Vec::new();
        if columns.iter().any(|column| column.ends_in_zero.is_no_chance(0.1)) {
            raised.push(EXCEL_PRECISION);
        }
        // Some accounts end in 00 by the way banks number them: of several banks' files each is asked for itself.
        let lost = |((_, length), share): (&(String, Length), &Share)| {
            share.is_no_chance(length.chance()) && share.hits * 2 > share.of
        };
        if self.accounts.iter().any(lost) {
            raised.push(ACCOUNT_PRECISION);
        }
        if columns.iter().any(|column| column.short.is_no_chance(0.05) && column.short.hits * 2 > column.short.of) {
            raised.push(ONE_LENGTH_SHORT);
        }
        if self.swapped.is_no_chance(0.05) {
            raised.push(DAY_MONTH_SWAPPED);
        }
        if self.alike.is_no_chance() {
            raised.push(ALIKE_ROWS);
        }
        raised
    }
}

impl Numbers {
    fn note(&mut self, digits: Option<&str>, usable: Option<&str>) {
        let Some(digits) = digits else { return };
        self.short.note(digits.len() == 15);
        if digits.len() == 16 && (usable.is_some() || !digits.ends_with("0000")) {
            self.ends_in_zero.note(digits.ends_with('0'));
        }
    }
}

/// The sentence of an alarm, in Indonesian and in English.
pub const fn sentence(code: &str) -> Option<(&'static str, &'static str)> {
    Some(match code.as_bytes() {
        b"EXCEL_PRECISION" => (
            "Digit terakhir NIK atau No. KK hampir semua 0: Excel menyimpan 15 digit saja. Ubah kolom menjadi Teks, isi ulang dari sumbernya, lalu kirim lagi",
            "almost all numbers end in 0; digits were lost in a spreadsheet. Send them again as text",
        ),
        b"ACCOUNT_PRECISION" => (
            "Digit terakhir nomor rekening hampir semua 0: Excel menyimpan 15 digit saja. Ubah kolom menjadi Teks, isi ulang dari sumbernya, lalu kirim lagi",
            "almost all account numbers end in zeros; digits were lost in a spreadsheet. Send them again as text",
        ),
        b"ONE_LENGTH_SHORT" => (
            "Sebagian besar NIK atau No. KK hanya 15 digit: satu digit hilang pada pengolahan berkas",
            "most NIK or KK numbers have 15 digits: one digit was lost on the way",
        ),
        b"DAY_MONTH_SWAPPED" => (
            "Tanggal dan bulan lahir tertukar terhadap NIK pada banyak baris: periksa urutan tanggal saat ekspor",
            "day and month of birth are swapped against the NIK in many rows: check the order of dates in the export",
        ),
        b"ALIKE_ROWS" => (
            "Banyak baris memakai nama depan dan tanggal lahir yang sama: mungkin isi kolom tersalin ke bawah. Periksa berkas sebelum dikirim lagi",
            "many rows have one first name and one birth date: a column may have been filled down. Look at the file",
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_rarer_than_one_in_a_million_is_no_chance() {
        for (hits, of, p, expected) in [
            (5, 5, 0.1, false),
            (6, 6, 0.1, true),
            (29, 30, 0.1, true),
            (30, 30, 0.1, true),
            (10, 100, 0.1, false),
            (20, 100, 0.1, false),
            (30, 100, 0.1, true),
            (1_000, 10_000, 0.1, false),
            (1_300, 10_000, 0.1, true),
            (3, 3, 0.01, true),
            (2, 2, 0.01, false),
            (0, 0, 0.1, false),
        ] {
            assert_eq!(Share { hits, of }.is_no_chance(p), expected, "{hits} of {of}");
        }
        // The exact tail of the binomial distribution: 1 of 2 with p = 0.1 is 0.19.
        assert!((tail(2, 1, 0.1).exp() - 0.19).abs() < 1e-9);
        assert!((tail(5, 5, 0.1).exp() - 1e-5).abs() < 1e-12);
    }
}
