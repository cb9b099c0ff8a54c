//! No. KK, the 16-digit number of a family card (DOMAIN 1.3). It changes in a family's life: an attribute, not a key.

use super::date::{Date, days_between};
use super::flag::{FlagCode, Severity};
use super::number::{clean_number, is_made_up_16};
use super::region::Regions;

/// What a raw KK number turned out to be.
#[derive(Clone, PartialEq, Eq)]
pub struct KkReading {
    /// The cleaned text.
    pub text: Option<String>,
    /// What was noticed.
    pub flags: Vec<FlagCode>,
    /// The day the card was issued, as far as the number tells.
    pub issued: Option<Date>,
}

impl std::fmt::Debug for KkReading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KkReading").field("flags", &self.flags).finish_non_exhaustive()
    }
}

impl KkReading {
    /// The worst severity among the flags.
    pub fn severity(&self) -> Option<Severity> {
        self.flags.iter().map(|flag| flag.severity()).max().filter(|severity| *severity > Severity::Info)
    }

    /// The number, when it can serve as evidence.
    pub fn usable(&self) -> Option<&str> {
        if self.severity() == Some(Severity::Error) { None } else { self.text.as_deref() }
    }
}

/// Reads a raw KK number as known on `today`.
pub fn read_kk(raw: &str, today: Date) -> KkReading {
    let cleaned = clean_number(raw);
    let mut reading = KkReading { text: cleaned.text, flags: cleaned.flags, issued: None };
    let digits = reading.text.clone().unwrap_or_default();
    if is_made_up_16(&digits) || (digits.len() == 16 && (digits.starts_with('0') || digits.ends_with("0000000000"))) {
        reading.flags.push(FlagCode::Placeholder);
        return reading;
    }
    let shaped = digits.len() == 16 && digits.bytes().all(|b| b.is_ascii_digit());
    if !shaped {
        if reading.text.is_some() {
            reading.flags.push(FlagCode::KkFormat);
        }
        return reading;
    }
    let part = |at: usize| digits[at..at + 2].parse::<i16>().unwrap_or_default();
    let day = part(6);
    match Date::new(2000 + part(10), part(8) as i8, day as i8) {
        Ok(issued) => {
            reading.issued = Some(issued);
            if days_between(today, issued) > 0 {
                reading.flags.push(FlagCode::KkFuture);
            }
        }
        Err(_) if (41..=71).contains(&day) => reading.flags.push(FlagCode::KkLooksLikeNik),
        Err(_) => reading.flags.push(FlagCode::KkDate),
    }
    if &digits[12..] == "0000" {
        reading.flags.push(FlagCode::Serial0000);
    }
    if Regions::embedded().status(&digits[..2]).is_none() {
        reading.flags.push(FlagCode::ProvinceUnknown);
    }
    reading
}
