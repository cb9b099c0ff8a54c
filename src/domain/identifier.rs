//! Numbers of pupils, schools, cards, banks, accounts and memberships: each has one cleaned form, which matching, rules,
//! accounts and search use. NIK and No. KK, which say more, have modules of their own.
//!
//! Signs, blanks and `.0` fall off; leading zeros that a spreadsheet took come back where the length is known. What
//! cannot be repaired has no text: it is there, and it names nobody.

use super::date::Date;
use super::flag::FlagCode;
use super::number::{clean_marks, clean_number, is_one_digit};

/// Which number it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentifierKind {
    /// NISN of a pupil: ten digits, the first three the year of birth.
    Nisn,
    /// NPSN of a school: eight digits, six of a university, or P or K and seven.
    Npsn,
    /// Card of the JKN: thirteen digits that begin with 000.
    Jkn,
    /// Code of a bank: three digits.
    Bank,
    /// Account at a bank; leading zeros do not tell accounts apart.
    Account,
    /// Membership of a family in PKH.
    Pkh,
}

/// What a raw number turned out to be.
#[derive(Clone, PartialEq, Eq)]
pub struct Identifier {
    /// The one cleaned form; `None` when there is none.
    pub text: Option<String>,
    /// What was noticed. A repaired number keeps the flag of its shape: the sender has to mend the source.
    pub flags: Vec<FlagCode>,
}

impl std::fmt::Debug for Identifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identifier").field("flags", &self.flags).finish_non_exhaustive()
    }
}

impl Identifier {
    /// Whether there is nothing at all, or something made up to fill the field: not the same as unreadable.
    pub fn is_absent(&self) -> bool {
        self.flags.iter().any(|flag| matches!(flag, FlagCode::Missing | FlagCode::Placeholder))
    }
}

/// Reads a raw number as known on `today`.
pub fn read_identifier(kind: IdentifierKind, raw: &str, today: Date) -> Identifier {
    let cleaned = match kind {
        IdentifierKind::Nisn | IdentifierKind::Jkn | IdentifierKind::Bank => clean_number(raw),
        IdentifierKind::Npsn | IdentifierKind::Account | IdentifierKind::Pkh => clean_marks(raw),
    };
    let Some(text) = cleaned.text else { return Identifier { text: None, flags: cleaned.flags } };
    let mut flags = cleaned.flags;
    let placeholder = text.bytes().all(|b| b == b'0') || is_one_digit(&text);
    if placeholder {
        flags.push(FlagCode::Placeholder);
        return Identifier { text: None, flags };
    }
    let (text, shape) = match kind {
        IdentifierKind::Nisn => {
            padded(&text, 7..=9, 10, |full| nisn_year_is_plausible(full, today), FlagCode::NisnFormat)
        }
        IdentifierKind::Jkn => padded(&text, 8..=10, 13, |_| true, FlagCode::JknFormat),
        IdentifierKind::Bank => padded(&text, 1..=2, 3, |_| true, FlagCode::AccountFormat),
        IdentifierKind::Npsn => npsn(&text),
        IdentifierKind::Account => (letters_and_digits(text.trim_start_matches('0')), Some(FlagCode::AccountFormat)),
        IdentifierKind::Pkh => (letters_and_digits(&text), Some(FlagCode::AccountFormat)),
    };
    match text {
        // What is left without its signs may be a placeholder, or have lost zeros before a sign.
        Some(form) if form != raw && matches!(kind, IdentifierKind::Account | IdentifierKind::Pkh) => {
            let again = read_identifier(kind, &form, today);
            flags.extend(again.flags);
            Identifier { text: again.text, flags }
        }
        Some(form) if matches!(kind, IdentifierKind::Account | IdentifierKind::Pkh) => {
            Identifier { text: Some(form), flags }
        }
        text => {
            flags.extend(shape);
            Identifier { text, flags }
        }
    }
}

/// The one form of an account: bank and number together. `None` when one of them cannot be read.
pub fn account_key(bank: &str, number: &str) -> Option<String> {
    // No number of a bank has a year in it: any day will do.
    let today = Date::constant(2025, 1, 1);
    let bank = read_identifier(IdentifierKind::Bank, bank, today).text?;
    let number = read_identifier(IdentifierKind::Account, number, today).text?;
    Some(format!("{bank}|{number}"))
}

/// Digits of a known length, or some that lost their leading zeros.
fn padded(
    text: &str,
    short: std::ops::RangeInclusive<usize>,
    length: usize,
    plausible: impl Fn(&str) -> bool,
    flag: FlagCode,
) -> (Option<String>, Option<FlagCode>) {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return (None, Some(flag));
    }
    if text.len() == length {
        return (Some(text.to_owned()), None);
    }
    let full = format!("{text:0>length$}");
    let repaired = short.contains(&text.len()) && plausible(&full);
    (repaired.then_some(full), Some(flag))
}

/// The first three digits are the last three of a year of birth: 998, 010.
fn nisn_year_is_plausible(digits: &str, today: Date) -> bool {
    let years: i16 = digits[..3].parse().unwrap_or(i16::MAX);
    2000 + years <= today.year()
}

fn npsn(text: &str) -> (Option<String>, Option<FlagCode>) {
    let text = text.to_ascii_uppercase();
    let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    let letter_and_seven = text.strip_prefix(['P', 'K']).is_some_and(|rest| digits(rest, 7));
    if digits(&text, 8) || digits(&text, 6) || letter_and_seven {
        (Some(text), None)
    } else if digits(&text, 7) {
        (Some(format!("0{text}")), Some(FlagCode::NpsnFormat))
    } else {
        (None, Some(FlagCode::NpsnFormat))
    }
}

fn letters_and_digits(text: &str) -> Option<String> {
    let kept: String = text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    (!kept.is_empty()).then_some(kept)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::IdentifierKind::{Account, Bank, Jkn, Nisn, Npsn, Pkh};
    use super::*;

    const TODAY: Date = Date::constant(2025, 11, 20);

    #[test]
    fn one_number_has_one_form() {
        for (kind, raw, text, flags) in [
            (Nisn, "0101234567", Some("0101234567"), ""),
            (Nisn, "101234567", Some("0101234567"), "NISN_FORMAT"),
            (Nisn, "101234567.0", Some("0101234567"), "EXCEL_DECIMAL,NISN_FORMAT"),
            (Nisn, "010-123 4567", Some("0101234567"), "SEPARATORS"),
            // A number of 1998 that lost its last digit is no number of 2099.
            (Nisn, "998123456", None, "NISN_FORMAT"),
            (Nisn, "10123", None, "NISN_FORMAT"),
            (Nisn, "1.01235E+08", None, "EXCEL_SCIENTIFIC"),
            (Nisn, "0000000000", None, "PLACEHOLDER"),
            (Nisn, "-", None, "MISSING"),
            (Jkn, "0001234567890", Some("0001234567890"), ""),
            (Jkn, "1357924680", Some("0001357924680"), "JKN_FORMAT"),
            (Jkn, "1357924680.0", Some("0001357924680"), "EXCEL_DECIMAL,JKN_FORMAT"),
            (Jkn, "135792468013", None, "JKN_FORMAT"),
            (Jkn, "00013579246801", None, "JKN_FORMAT"),
            (Npsn, "20200001", Some("20200001"), ""),
            (Npsn, "p1234567", Some("P1234567"), ""),
            (Npsn, "2020001", Some("02020001"), "NPSN_FORMAT"),
            (Npsn, "20200001.0", Some("20200001"), "EXCEL_DECIMAL"),
            (Bank, "009", Some("009"), ""),
            (Bank, "9.0", Some("009"), "EXCEL_DECIMAL,ACCOUNT_FORMAT"),
            (Bank, "BRI", None, "ACCOUNT_FORMAT"),
            (Account, "0011459918", Some("11459918"), ""),
            (Account, "1145-9918 84697", Some("1145991884697"), "SEPARATORS"),
            (Account, "1145991884697.0", Some("1145991884697"), "EXCEL_DECIMAL"),
            (Account, "1.14599E+12", None, "EXCEL_SCIENTIFIC"),
            (Account, "0000000000", None, "PLACEHOLDER"),
            (Pkh, "pkh/32.01-77", Some("PKH320177"), "SEPARATORS"),
        ] {
            let read = read_identifier(kind, raw, TODAY);
            let codes: Vec<&str> = read.flags.iter().map(|flag| flag.code()).collect();
            assert_eq!((read.text.as_deref(), codes.join(",").as_str()), (text, flags), "{kind:?} {raw}");
        }
    }

    #[test]
    fn an_account_is_a_bank_and_a_number() {
        assert_eq!(account_key("9.0", "1145991884697.0"), account_key("009", "1145991884697"));
        assert_ne!(account_key("008", "1145991884697"), account_key("009", "1145991884697"));
        assert_eq!(account_key("009", "1.14599E+12"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_its_form_is_read_as_itself(raw in "\\PC{0,20}") {
            for kind in [Nisn, Npsn, Jkn, Bank, Account, Pkh] {
                if let Some(text) = read_identifier(kind, &raw, TODAY).text {
                    prop_assert_eq!(read_identifier(kind, &text, TODAY).text, Some(text.clone()));
                }
            }
        }

        #[test]
        fn another_spelling_of_a_number_is_the_same_number(number in "[1-9][0-9]{9}", at in 1..9usize) {
            let (head, tail) = number.split_at(at);
            for kind in [Nisn, Jkn, Account] {
                let form = |raw: &str| read_identifier(kind, raw, TODAY).text;
                let of = form(&number);
                for spelled in [format!(" {number}\u{a0}"), format!("'{number}"), format!("{number}.0"),
                    format!("{head} {tail}"), format!("{head}-{tail}"), format!("{head}\u{200b}{tail}")] {
                    prop_assert_eq!(form(&spelled), of.clone(), "{}", spelled);
                }
            }
        }
    }
}
