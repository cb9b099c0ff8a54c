//! NIK, the 16-digit number of a resident: reading it, doubting it, and how two of them relate (DOMAIN 1.1, 1.2).

use super::date::Date;
use super::flag::{FlagCode, Severity};
use super::number::{clean_number, is_made_up_16};
use super::region::{RegionStatus, Regions};
use super::sex::Sex;

/// What a raw NIK turned out to be.
#[derive(Clone, PartialEq, Eq)]
pub struct NikReading {
    /// The cleaned text; `None` when nothing is left. Not always 16 digits: see `flags`.
    pub text: Option<String>,
    /// What was noticed, in the order of the checks.
    pub flags: Vec<FlagCode>,
    /// Sex by the day part; see [`Self::says`].
    pub sex: Option<Sex>,
    /// Birth dates it can mean, this century first; see [`Self::says`].
    pub births: Vec<Date>,
}

impl std::fmt::Debug for NikReading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NikReading").field("flags", &self.flags).finish_non_exhaustive()
    }
}

impl NikReading {
    /// The worst severity among the flags; `None` when there is no doubt worth a word.
    pub fn severity(&self) -> Option<Severity> {
        self.flags.iter().map(|flag| flag.severity()).max().filter(|severity| *severity > Severity::Info)
    }

    /// The number, when it can serve as a key: 16 digits and no error.
    pub fn usable(&self) -> Option<&str> {
        if self.severity() == Some(Severity::Error) { None } else { self.text.as_deref() }
    }

    /// Sex and birth dates that may be believed: a number with an error says nothing about anybody.
    pub fn says(&self) -> (Option<Sex>, &[Date]) {
        if self.usable().is_some() { (self.sex, &self.births) } else { (None, &[]) }
    }

    /// Digits with an error that may still be *near* the right ones. Two such numbers that are equal are no identity.
    pub fn defective(&self) -> Option<&str> {
        if self.usable().is_some() { None } else { self.comparable() }
    }

    /// Digits that may still be compared with another NIK by their distance: anything but a placeholder.
    pub fn comparable(&self) -> Option<&str> {
        let digits = self.text.as_deref().filter(|t| t.bytes().all(|b| b.is_ascii_digit()))?;
        let placeholder = self.flags.contains(&FlagCode::Placeholder);
        ((14..=18).contains(&digits.len()) && !placeholder).then_some(digits)
    }

    /// The birth date, resolved by the date in the record where the century is open, else the younger reading.
    pub fn birth_near(&self, recorded: Option<Date>) -> Option<Date> {
        let (_, births) = self.says();
        recorded.filter(|date| births.contains(date)).or_else(|| births.first().copied())
    }
}

/// Reads a raw NIK against the region tables as known on `today` (steps 1 to 15 of DOMAIN 1.1).
pub fn read_nik(raw: &str, today: Date, regions: &Regions) -> NikReading {
    let cleaned = clean_number(raw);
    let mut reading = NikReading { text: cleaned.text, flags: cleaned.flags, sex: None, births: Vec::new() };
    let Some(text) = reading.text.clone() else { return reading };
    if let Err(flag) = check_shape(&text) {
        reading.flags.push(flag);
        return reading;
    }
    if &text[12..] == "0000" {
        reading.flags.push(FlagCode::Serial0000);
    }
    match birth_part(&text, today) {
        Ok((sex, births)) => {
            reading.sex = Some(sex);
            reading.births = births;
        }
        Err(flag) => {
            reading.flags.push(flag);
            return reading;
        }
    }
    let region = region_flag(&text, regions);
    if is_filler(&text, region) {
        return NikReading { flags: vec![FlagCode::Placeholder], sex: None, births: Vec::new(), ..reading };
    }
    reading.flags.extend(region);
    reading
}

/// Whether a number that could be a NIK was made up by a program: the first of January 2001 with the first serial number
/// in a region that does not exist, or a village's code with a counter behind it. That reads as a birth on the 10th or the
/// 20th of a month of 2000 (villages are numbered 1001 and 2001 on), and no table knows all villages that programs know:
/// one person in a thousand has such a NIK rightly, and is found by name and birth date.
fn is_filler(text: &str, region: Option<FlagCode>) -> bool {
    let nowhere = matches!(region, Some(FlagCode::RegencyUnknown | FlagCode::DistrictUnknown));
    let first_day = matches!(&text[6..], "0101010001" | "0101000001" | "4101010001" | "4101000001");
    (nowhere && first_day) || (&text[10..12] == "00" && matches!(&text[6..8], "10" | "20"))
}

fn check_shape(text: &str) -> Result<(), FlagCode> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(FlagCode::NonDigit);
    }
    match text.len() {
        16 => {}
        14 => return Err(FlagCode::Len14),
        15 => return Err(FlagCode::Len15),
        17 => return Err(FlagCode::Len17),
        18 => return Err(FlagCode::Len18),
        _ => return Err(FlagCode::LenOther),
    }
    // No province begins with 0: so do the temporary numbers that village programs make. 09 was one before SIAK.
    let temporary = text.starts_with('0') && !text.starts_with("09");
    if temporary || is_made_up_16(text) || &text[6..] == "0000000000" {
        return Err(FlagCode::Placeholder);
    }
    Ok(())
}

fn two_digits(text: &str, at: usize) -> i8 {
    text[at..at + 2].bytes().fold(0, |n, b| n * 10 + (b - b'0').cast_signed())
}

fn birth_part(text: &str, today: Date) -> Result<(Sex, Vec<Date>), FlagCode> {
    let (day, month, year) = (two_digits(text, 6), two_digits(text, 8), two_digits(text, 10));
    let (sex, day) = match day {
        1..=31 => (Sex::Male, day),
        41..=71 => (Sex::Female, day - 40),
        _ => return Err(FlagCode::DayRange),
    };
    if !(1..=12).contains(&month) {
        return Err(FlagCode::MonthRange);
    }
    let oldest = 120 * 366;
    let births: Vec<Date> = [2000, 1900]
        .into_iter()
        .filter_map(|century| Date::new(century + i16::from(year), month, day).ok())
        .filter(|birth| (0..=oldest).contains(&super::date::days_between(*birth, today)))
        .collect();
    if births.is_empty() { Err(FlagCode::DateInvalid) } else { Ok((sex, births)) }
}

fn region_flag(text: &str, regions: &Regions) -> Option<FlagCode> {
    let (province, regency, district) = (&text[..2], &text[..4], &text[..6]);
    if matches!(province, "09" | "10") {
        return Some(FlagCode::NikLegacy);
    }
    if regions.status(province).is_none() {
        return Some(FlagCode::ProvinceUnknown);
    }
    let Some(regency) = regions.status(regency) else { return Some(FlagCode::RegencyUnknown) };
    let Some(district) = regions.status(district) else { return Some(FlagCode::DistrictUnknown) };
    (regency == RegionStatus::Retired || district == RegionStatus::Retired).then_some(FlagCode::RegionRetired)
}

/// How two numbers relate, most specific first (DOMAIN 1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NikRelation {
    /// Equal.
    Exact,
    /// Two neighbouring digits swapped.
    Transpose,
    /// Day of birth differs by 40: the other sex.
    SexFlip,
    /// Day and month of birth swapped.
    DdmmSwap,
    /// One digit differs among the last four. Twins look like this too.
    Sub1Serial,
    /// One digit differs among the first twelve.
    Sub1,
    /// Only the serial differs: same-day births in one district look like this too.
    SerialDiff,
    /// Only the region differs.
    RegionDiff,
    /// Two digits differ.
    Sub2,
    /// One digit is missing or too many.
    Indel1,
    /// Nothing of the above.
    Different,
}

impl NikRelation {
    /// The code used in models and explanations: `SUB1_SERIAL`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Exact => "EXACT",
            Self::Transpose => "TRANSPOSE",
            Self::SexFlip => "SEX_FLIP",
            Self::DdmmSwap => "DDMM_SWAP",
            Self::Sub1Serial => "SUB1_SERIAL",
            Self::Sub1 => "SUB1",
            Self::SerialDiff => "SERIAL_DIFF",
            Self::RegionDiff => "REGION_DIFF",
            Self::Sub2 => "SUB2",
            Self::Indel1 => "INDEL1",
            Self::Different => "DIFFERENT",
        }
    }
}

/// The relation of two cleaned numbers. Symmetric; no allocation.
pub fn nik_relation(a: &str, b: &str) -> NikRelation {
    if a == b {
        return NikRelation::Exact;
    }
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() == 16 && b.len() == 16 && a.iter().chain(b).all(u8::is_ascii_digit) {
        return relation_of_16(a, b);
    }
    if a.len().abs_diff(b.len()) == 1 {
        let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
        let split = short.iter().zip(long).take_while(|(x, y)| x == y).count();
        if short[split..] == long[split + 1..] {
            return NikRelation::Indel1;
        }
    }
    NikRelation::Different
}

fn relation_of_16(a: &[u8], b: &[u8]) -> NikRelation {
    let mut differing = 0u32;
    let (mut first, mut last) = (0, 0);
    for i in 0..16 {
        if a[i] != b[i] {
            if differing == 0 {
                first = i;
            }
            last = i;
            differing += 1;
        }
    }
    let day = |n: &[u8]| i32::from(n[6] - b'0') * 10 + i32::from(n[7] - b'0');
    if differing == 2 && last == first + 1 && a[first] == b[last] && a[last] == b[first] {
        NikRelation::Transpose
    } else if a[..6] == b[..6] && a[8..] == b[8..] && (day(a) - day(b)).abs() == 40 {
        NikRelation::SexFlip
    } else if a[..6] == b[..6] && a[10..] == b[10..] && a[6..8] == b[8..10] && a[8..10] == b[6..8] {
        NikRelation::DdmmSwap
    } else if differing == 1 {
        if first >= 12 { NikRelation::Sub1Serial } else { NikRelation::Sub1 }
    } else if a[..12] == b[..12] {
        NikRelation::SerialDiff
    } else if a[6..] == b[6..] {
        NikRelation::RegionDiff
    } else if differing == 2 {
        NikRelation::Sub2
    } else {
        NikRelation::Different
    }
}
