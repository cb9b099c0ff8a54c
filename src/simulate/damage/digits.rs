//! Damage to sixteen-digit numbers: NIK and No. KK.

use super::super::dice::Dice;

/// Numbers that get typed instead of the right one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mistaken<'a> {
    /// The other number of the same row (K5).
    pub(crate) column: &'a str,
    /// Somebody else's number: the head's, the mother's, a neighbour's (K4, K10).
    pub(crate) person: &'a str,
}

/// The chances for one number of one row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chances {
    pub(crate) missing: f64,
    pub(crate) wrong: f64,
    /// Somebody else's number.
    pub(crate) other: f64,
    /// A mark left on a right number.
    pub(crate) form: f64,
}

/// What stands in the row for a true number.
pub(crate) fn write(digits: &str, mistaken: Mistaken, chances: Chances, dice: &mut Dice) -> Option<String> {
    if dice.chance(chances.missing) {
        return ["", "0", "-"].get(dice.below(20)).map(|text| (*text).to_owned());
    }
    if dice.chance(chances.other) {
        return Some(mistaken.person.to_owned());
    }
    if dice.chance(chances.wrong) {
        return Some(wrong(digits, mistaken, dice));
    }
    if dice.chance(chances.form) {
        return Some(marked(digits, dice));
    }
    Some(digits.to_owned())
}

/// A number that is not the person's (K5 to K9).
fn wrong(digits: &str, mistaken: Mistaken, dice: &mut Dice) -> String {
    let mut bytes = digits.as_bytes().to_vec();
    match dice.weighted(&[28.0, 11.0, 19.0, 7.0, 6.0, 4.0, 12.0, 10.0, 8.0, 9.0, 6.0, 4.0, 5.0, 1.0, 3.0]) {
        0 => substitute(&mut bytes, 12, 16, dice),
        1 => bytes[12..].copy_from_slice(format!("{:04}", dice.between(1, 99)).as_bytes()),
        2 => substitute(&mut bytes, 0, 12, dice),
        3 => substitute(&mut bytes, 2, 6, dice),
        4 => bytes[6..].fill(b'0'),
        5 => return format!("{}.{}E+15", &digits[..1], &digits[1..6]),
        6 => return placeholder(digits, dice),
        7 => transpose(&mut bytes, dice),
        8 => {
            substitute(&mut bytes, 0, 16, dice);
            substitute(&mut bytes, 0, 16, dice);
        }
        9 => drop(bytes.remove(dice.below(16))),
        10 => bytes.insert(dice.below(16), b'0' + dice.below(10) as u8),
        11 => return mistaken.column.to_owned(),
        12 => swap_day_and_month(&mut bytes),
        13 => flip_sex(&mut bytes),
        // Sixteen digits are one more than a spreadsheet's numbers hold (K9).
        _ => bytes[15] = b'0',
    }
    String::from_utf8(bytes).unwrap_or_default()
}

fn substitute(bytes: &mut [u8], from: usize, to: usize, dice: &mut Dice) {
    let at = from + dice.below(to - from);
    bytes[at] = b'0' + (bytes[at] - b'0' + 1 + dice.below(9) as u8) % 10;
}

fn transpose(bytes: &mut [u8], dice: &mut Dice) {
    let unequal: Vec<usize> = (0..15).filter(|at| bytes[*at] != bytes[at + 1]).collect();
    if !unequal.is_empty() {
        let at = dice.pick(&unequal);
        bytes.swap(at, at + 1);
    }
}

fn placeholder(digits: &str, dice: &mut Dice) -> String {
    match dice.below(5) {
        0 => "1234567890123456".to_owned(),
        1 => "9".repeat(16),
        2 => "1".repeat(16),
        3 => format!("{}0000000001", &digits[..6]),
        _ => "0".repeat(16),
    }
}

fn swap_day_and_month(bytes: &mut [u8]) {
    for at in [6, 7] {
        bytes.swap(at, at + 2);
    }
}

/// The day part of the other sex: plus or minus 40.
fn flip_sex(bytes: &mut [u8]) {
    bytes[6] = if bytes[6] >= b'4' { bytes[6] - 4 } else { bytes[6] + 4 };
}

/// A right number with the marks of spreadsheets, forms and scanners.
fn marked(digits: &str, dice: &mut Dice) -> String {
    match dice.below(6) {
        0 => format!("{digits} "),
        1 => format!("'{digits}"),
        2 => format!("{digits}.0"),
        3 => format!("{}.{}.{}", &digits[..6], &digits[6..12], &digits[12..]),
        4 => format!("{} {} {} {}", &digits[..4], &digits[4..8], &digits[8..12], &digits[12..]),
        _ => digits.replacen('0', "O", 1),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::dice::Purpose;
    use super::*;
    use crate::domain::nik::{NikRelation, nik_relation};

    const TRUE: &str = "3201054107700082";
    const MISTAKEN: Mistaken<'static> = Mistaken { column: "3201051201220006", person: "3201050401030006" };

    #[test]
    fn every_relation_of_the_handbook_occurs() {
        let mut dice = Dice::new(1, Purpose::Family, 1);
        let seen: std::collections::BTreeSet<NikRelation> =
            (0..20_000).map(|_| nik_relation(TRUE, &wrong(TRUE, MISTAKEN, &mut dice))).collect();
        for relation in [
            NikRelation::Transpose,
            NikRelation::SexFlip,
            NikRelation::DdmmSwap,
            NikRelation::Sub1,
            NikRelation::Sub1Serial,
            NikRelation::SerialDiff,
            NikRelation::RegionDiff,
            NikRelation::Sub2,
            NikRelation::Indel1,
            NikRelation::Different,
        ] {
            assert!(seen.contains(&relation), "{relation:?} does not occur");
        }
    }

    #[test]
    fn nothing_happens_without_a_chance() {
        let mut dice = Dice::new(1, Purpose::Family, 2);
        let none = Chances { missing: 0.0, wrong: 0.0, other: 0.0, form: 0.0 };
        assert!((0..1000).all(|_| write(TRUE, MISTAKEN, none, &mut dice).as_deref() == Some(TRUE)));
    }

    #[test]
    fn a_missing_number_is_absent_or_a_blank_of_the_form() {
        let mut dice = Dice::new(1, Purpose::Family, 3);
        let all = Chances { missing: 1.0, wrong: 0.0, other: 0.0, form: 0.0 };
        let mut absent = 0;
        for _ in 0..1000 {
            match write(TRUE, MISTAKEN, all, &mut dice).as_deref() {
                None => absent += 1,
                Some(text) => assert!(["", "0", "-"].contains(&text), "{text}"),
            }
        }
        assert!((800..900).contains(&absent), "{absent}");
    }

    #[test]
    fn marks_are_taken_off_by_the_reader() {
        let mut dice = Dice::new(1, Purpose::Family, 4);
        for _ in 0..200 {
            let text = marked(TRUE, &mut dice);
            let read = crate::domain::family_card::read_kk(&text, crate::domain::date::Date::constant(2025, 11, 20));
            assert_eq!(read.text.as_deref(), Some(TRUE), "{text}");
        }
    }
}
