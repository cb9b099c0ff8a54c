//! Damage to birth dates.

use super::super::dates::days_after;
use super::super::dice::Dice;
use crate::domain::date::Date;

/// What stands in the row for a true birth date.
pub(crate) fn write(born: Date, missing: f64, wrong: f64, as_of: Date, dice: &mut Dice) -> Option<Date> {
    if dice.chance(missing) {
        return None;
    }
    let written = if dice.chance(wrong) { mistaken(born, dice) } else { born };
    Some(if written > as_of { born } else { written })
}

fn mistaken(born: Date, dice: &mut Dice) -> Date {
    let (year, month, day) = (born.year(), born.month(), born.day());
    let date = match dice.weighted(&[0.12, 0.40, 0.05, 0.12, 0.24, 0.07]) {
        0 if day <= 12 && day != month => Date::new(year, day, month),
        1 => Date::new(year + dice.pick(&[-1i16, 1]), month, day),
        2 => Date::new(year + dice.pick(&[-10i16, 10]), month, day),
        4 => {
            let (month, day) = dice.pick(&[(7, 1), (7, 1), (1, 1), (12, 31)]);
            Date::new(year, month, day)
        }
        5 => Date::new(year, dice.between(1, 12) as i8, day),
        _ => Ok(days_after(born, dice.pick(&[-1, 1, 2, 10]))),
    };
    date.unwrap_or(born)
}
