//! Values as the caller hands them over: typed, normalised, and without a readable `Debug`.

use crate::domain::name::NameParts;

use super::field::Kind;

/// One value of a row.
#[derive(Clone, PartialEq, Default)]
pub enum Value {
    /// There is none.
    #[default]
    Missing,
    /// There is one, and it could not be read: it says nothing, but it might have spoken against a match.
    Unreadable,
    /// Free text; empty text is missing.
    Text(String),
    /// A name that was taken apart; one without words is missing.
    Name(Box<NameParts>),
    /// Digits.
    Digits(Digits),
    /// A day.
    Date(Day),
    /// A code; an empty one is missing.
    Code(String),
    /// A number; NaN is missing.
    Number(f64),
    /// Several texts; none is missing.
    Set(Vec<String>),
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.kind() {
            None if *self == Self::Unreadable => f.write_str("Unreadable"),
            None => f.write_str("Missing"),
            Some(kind) => write!(f, "{kind}(***)"),
        }
    }
}

impl Value {
    /// The type of column it fits; a missing or unreadable value fits any.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Self::Missing | Self::Unreadable => None,
            Self::Text(_) => Some(Kind::Text),
            Self::Name(_) => Some(Kind::Name),
            Self::Digits(_) => Some(Kind::Digits),
            Self::Date(_) => Some(Kind::Date),
            Self::Code(_) => Some(Kind::Code),
            Self::Number(_) => Some(Kind::Number),
            Self::Set(_) => Some(Kind::Set),
        }
    }
}

/// A string of 1 to 19 digits in one integer: shorter strings first, then by value. Leading zeros count.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digits(u64);

/// Longest string of digits.
const MOST_DIGITS: usize = 19;

/// `FIRST[n]`: the code of `n` zeros; the last entry ends the codes.
const FIRST: [u64; MOST_DIGITS + 2] = {
    let mut first = [0; MOST_DIGITS + 2];
    first[1] = 1;
    let (mut length, mut count) = (2, 10u64);
    while length <= MOST_DIGITS + 1 {
        first[length] = first[length - 1] + count;
        count = count.wrapping_mul(10);
        length += 1;
    }
    first
};

impl std::fmt::Debug for Digits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Digits({} digits)", self.count())
    }
}

impl Digits {
    /// Reads ASCII digits; `None` for anything else, for the empty string and for more than 19 digits.
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() || text.len() > MOST_DIGITS || !text.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let value = text.bytes().fold(0, |n: u64, b| n * 10 + u64::from(b - b'0'));
        Some(Self(FIRST[text.len()] + value))
    }

    pub(crate) const fn code(self) -> u64 {
        self.0
    }

    /// The digits behind a code; `None` for 0, which is no string of digits.
    #[inline]
    pub(crate) const fn from_code(code: u64) -> Option<Self> {
        if code == 0 { None } else { Some(Self(code)) }
    }

    /// Whether some string of digits has this code.
    pub(crate) const fn is_code(code: u64) -> bool {
        code != 0 && code < FIRST[MOST_DIGITS + 1]
    }

    /// How many digits there are.
    #[inline]
    pub fn count(self) -> usize {
        // `FIRST[n]` is (10^n - 1) / 9.
        match self.0.checked_mul(9) {
            Some(nine) => (nine + 1).ilog10() as usize,
            None => FIRST.partition_point(|first| *first <= self.0) - 1,
        }
    }

    /// The digits as they were given.
    pub(crate) fn text(self) -> String {
        let (value, count) = self.value();
        format!("{value:0count$}")
    }

    #[inline]
    fn value(self) -> (u64, usize) {
        let count = self.count();
        (self.0 - FIRST[count], count)
    }

    /// The first `n` digits, if there are as many.
    #[inline]
    pub(crate) fn first(self, n: usize) -> Option<Self> {
        let (value, count) = self.value();
        (n <= count).then(|| Self(FIRST[n] + value / 10u64.pow((count - n) as u32)))
    }

    /// The last `n` digits, if there are as many.
    #[inline]
    pub(crate) fn last(self, n: usize) -> Option<Self> {
        let (value, count) = self.value();
        if n == count {
            return Some(self);
        }
        (n < count).then(|| Self(FIRST[n] + value % 10u64.pow(n as u32)))
    }

    /// The digits without the one at place `at` from the right; `None` when nothing would be left.
    pub(crate) fn without(self, at: usize) -> Option<Self> {
        let (value, count) = self.value();
        if count < 2 || at >= count {
            return None;
        }
        let low = 10u64.pow(at as u32);
        let rest = if at + 1 == MOST_DIGITS { 0 } else { value / (low * 10) };
        Some(Self(FIRST[count - 1] + rest * low + value % low))
    }

    /// The digits without one of them, for each place from one to another in turn, counted from 1 at the left.
    pub(crate) fn without_each(self, from: usize, to: usize) -> impl Iterator<Item = Self> {
        let count = self.count();
        (from..=to.min(count)).filter_map(move |place| self.without(count - place))
    }

    /// The number that sixteen digits make; `None` for more or fewer of them.
    pub(crate) fn sixteen(self) -> Option<u64> {
        (FIRST[16]..FIRST[17]).contains(&self.0).then(|| self.0 - FIRST[16])
    }

    /// How many digits agree from the start.
    pub(crate) fn common_start(self, other: Self) -> usize {
        let ((mut a, a_count), (mut b, b_count)) = (self.value(), other.value());
        let shorter = a_count.min(b_count);
        a /= 10u64.pow((a_count - shorter) as u32);
        b /= 10u64.pow((b_count - shorter) as u32);
        let mut common = shorter;
        while a / 10_000 != b / 10_000 {
            (a, b, common) = (a / 10_000, b / 10_000, common - 4);
        }
        while a != b {
            (a, b, common) = (a / 10, b / 10, common - 1);
        }
        common
    }

    /// Writes the digits into `buffer` and returns them as text.
    pub(crate) fn write(self, buffer: &mut [u8; MOST_DIGITS]) -> &str {
        let (mut value, count) = self.value();
        for place in buffer[..count].iter_mut().rev() {
            *place = b'0' + (value % 10) as u8;
            value /= 10;
        }
        std::str::from_utf8(&buffer[..count]).expect("digits are ASCII")
    }
}

/// A day as written, packed as `yyyymmdd`; it need not stand in the calendar.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(u32);

impl std::fmt::Debug for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Day(***)")
    }
}

impl Day {
    /// A day from its parts; `None` when they do not fit `yyyymmdd` or are all zero.
    pub const fn new(year: u32, month: u32, day: u32) -> Option<Self> {
        if year > 9999 || month > 99 || day > 99 || year + month + day == 0 {
            return None;
        }
        Some(Self(year * 10_000 + month * 100 + day))
    }

    pub(crate) const fn code(self) -> u32 {
        self.0
    }

    pub(crate) const fn from_code(code: u32) -> Option<Self> {
        if code == 0 { None } else { Some(Self(code)) }
    }

    /// Whether some day has this code.
    pub(crate) const fn is_code(code: u64) -> bool {
        code != 0 && code <= 99_999_999
    }

    pub(crate) const fn year(self) -> u32 {
        self.0 / 10_000
    }

    pub(crate) const fn month(self) -> u32 {
        self.0 / 100 % 100
    }

    pub(crate) const fn day(self) -> u32 {
        self.0 % 100
    }

    /// Month and day as one number: 701 is the first of July.
    pub(crate) const fn month_day(self) -> u32 {
        self.0 % 10_000
    }

    /// Days since 0000-03-01 in the Gregorian calendar; days and months outside it run over.
    pub(crate) const fn ordinal(self) -> i64 {
        let (year, month) = (self.year() as i64, self.month() as i64);
        let year = if month <= 2 { year - 1 } else { year };
        let since_march = (month + 9) % 12;
        let leaps = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        365 * year + leaps + (153 * since_march + 2) / 5 + self.day() as i64 - 1
    }
}

impl From<crate::domain::date::Date> for Day {
    fn from(date: crate::domain::date::Date) -> Self {
        let part = |n: i8| u32::from(n.unsigned_abs());
        Self(u32::from(date.year().unsigned_abs()) * 10_000 + part(date.month()) * 100 + part(date.day()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::date::{Date, days_between};

    fn text(digits: Option<Digits>) -> Option<String> {
        let mut buffer = [0; MOST_DIGITS];
        digits.map(|d| d.write(&mut buffer).to_owned())
    }

    #[test]
    fn digits_keep_every_digit() {
        for number in ["0", "9", "00", "007", "3201014107709001", "0000000000000000", "9999999999999999999"] {
            let digits = Digits::parse(number);
            assert_eq!(text(digits).as_deref(), Some(number));
            assert_eq!(digits.map(Digits::count), Some(number.len()));
        }
        for bad in ["", "12a", "-1", "12345678901234567890", "١٢"] {
            assert_eq!(Digits::parse(bad), None, "{bad}");
        }
        assert_ne!(Digits::parse("07"), Digits::parse("7"));
        assert_ne!(Digits::parse("07"), Digits::parse("007"));
    }

    #[test]
    fn parts_of_digits() {
        let nik = Digits::parse("3201014107709001").unwrap();
        assert_eq!(text(nik.first(6)).as_deref(), Some("320101"));
        assert_eq!(text(nik.last(10)).as_deref(), Some("4107709001"));
        assert_eq!(text(nik.last(16)).as_deref(), Some("3201014107709001"));
        assert_eq!((nik.first(17), nik.last(17)), (None, None));
        assert_eq!(text(nik.without(0)).as_deref(), Some("320101410770900"));
        assert_eq!(text(nik.without(15)).as_deref(), Some("201014107709001"));
        assert_eq!(nik.without(16), None);
        let long = Digits::parse("9876543210987654321").unwrap();
        assert_eq!(text(long.without(18)).as_deref(), Some("876543210987654321"));
        assert_eq!(text(long.last(19)).as_deref(), Some("9876543210987654321"));
        assert_eq!(Digits::parse("5").unwrap().without(0), None);
    }

    #[test]
    fn ordinals_follow_the_calendar() {
        let start = Date::constant(1970, 1, 1);
        for (year, month, day) in [(1970, 1, 2), (1970, 3, 1), (2000, 2, 29), (2024, 12, 31), (1899, 7, 14)] {
            let date = Date::constant(year, month, day);
            let apart = Day::from(date).ordinal() - Day::from(start).ordinal();
            assert_eq!(apart, i64::from(days_between(start, date)), "{date}");
        }
    }

    #[test]
    fn days_that_do_not_exist_are_kept() {
        assert!(Day::new(1970, 13, 1).is_some());
        assert!(Day::new(0, 0, 0).is_none());
        assert!(Day::new(19_700, 1, 1).is_none());
        assert_eq!(format!("{:?}", Value::Date(Day::new(1970, 7, 1).unwrap())), "date(***)");
    }
}
