//! The parts of a key as text, for a person who looks at a block. Blocking itself knows hashes only.

use crate::engine::plan::{Derive, Derived, Plan};
use crate::engine::value::{Digits, Value};

/// For each part of a rule's keys, what a row gives for it: nothing where the value is missing, several where the row
/// has several keys. `values` are the row's, in the order of the plan's columns; `rule` is an index into its rules.
pub fn key_texts(plan: &Plan, rule: usize, values: &[Value]) -> Vec<Vec<String>> {
    let of = |derived: &Derived| texts(&values[derived.field.index], derived.derive);
    plan.rules()[rule].parts.iter().map(|part| part.iter().flat_map(of).collect()).collect()
}

fn texts(value: &Value, derive: Derive) -> Vec<String> {
    match value {
        Value::Missing | Value::Unreadable => Vec::new(),
        Value::Text(text) | Value::Code(text) => cut(text, derive),
        Value::Digits(digits) => match derive {
            Derive::Deletions { from, to } => {
                let less = digits.without_each(from, to).map(Digits::text);
                [digits.text()].into_iter().chain(less).collect()
            }
            Derive::Plain
            | Derive::First(_)
            | Derive::Last(_)
            | Derive::Year
            | Derive::Unordered
            | Derive::Near
            | Derive::K2
            | Derive::Whole
            | Derive::Tokens => cut(&digits.text(), derive),
        },
        Value::Date(day) => match derive {
            Derive::Year => vec![format!("{:04}", day.year())],
            Derive::Unordered => {
                let (low, high) = (day.month().min(day.day()), day.month().max(day.day()));
                vec![format!("{:04}{low:02}{high:02}", day.year())]
            }
            Derive::Near => {
                vec![format!("{:04}{:02}--", day.year(), day.month()), format!("{:04}--{:02}", day.year(), day.day())]
            }
            Derive::Plain
            | Derive::First(_)
            | Derive::Last(_)
            | Derive::Deletions { .. }
            | Derive::K2
            | Derive::Whole
            | Derive::Tokens => cut(&format!("{:04}{:02}{:02}", day.year(), day.month(), day.day()), derive),
        },
        Value::Name(parts) => match derive {
            Derive::K2 => parts.k2.iter().filter(|key| !key.starts_with('#')).cloned().collect(),
            Derive::Whole => parts.k2.iter().filter_map(|key| key.strip_prefix('#')).map(str::to_owned).collect(),
            Derive::Tokens => parts.tokens.iter().filter(|token| !token.soft).map(|token| token.k1.clone()).collect(),
            Derive::Plain
            | Derive::First(_)
            | Derive::Last(_)
            | Derive::Deletions { .. }
            | Derive::Year
            | Derive::Unordered
            | Derive::Near => vec![parts.concat.clone()],
        },
        Value::Number(number) => vec![number.to_string()],
        Value::Set(elements) => elements.clone(),
    }
}

fn cut(text: &str, derive: Derive) -> Vec<String> {
    let letters = text.chars().count();
    match derive {
        Derive::First(n) if n <= letters => vec![text.chars().take(n).collect()],
        Derive::Last(n) if n <= letters => vec![text.chars().skip(letters - n).collect()],
        Derive::First(_) | Derive::Last(_) => Vec::new(),
        Derive::Tokens => text.split_whitespace().map(str::to_owned).collect(),
        Derive::Plain
        | Derive::Deletions { .. }
        | Derive::Year
        | Derive::Unordered
        | Derive::Near
        | Derive::K2
        | Derive::Whole => vec![text.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::value::Day;

    #[test]
    fn parts_are_shown_as_they_are_joined() {
        let digits = |text: &str| Value::Digits(Digits::parse(text).expect("digits"));
        let born = || Value::Date(Day::new(1985, 12, 3).expect("a day"));
        let text = || Value::Text("KAMPUNG BABAKAN".to_owned());
        let cases: Vec<(Value, Derive, &[&str])> = vec![
            (Value::Missing, Derive::Plain, &[]),
            (text(), Derive::Plain, &["KAMPUNG BABAKAN"]),
            (text(), Derive::Tokens, &["KAMPUNG", "BABAKAN"]),
            (text(), Derive::First(3), &["KAM"]),
            (text(), Derive::Last(40), &[]),
            (digits("0012"), Derive::Plain, &["0012"]),
            (digits("0012"), Derive::Last(2), &["12"]),
            (digits("012"), Derive::Deletions { from: 1, to: 64 }, &["012", "12", "02", "01"]),
            (digits("0123"), Derive::Deletions { from: 2, to: 3 }, &["0123", "023", "013"]),
            (born(), Derive::Near, &["198512--", "1985--03"]),
            (born(), Derive::Plain, &["19851203"]),
            (born(), Derive::Year, &["1985"]),
            (born(), Derive::Unordered, &["19850312"]),
            (Value::Set(vec!["A".to_owned(), "B".to_owned()]), Derive::Plain, &["A", "B"]),
        ];
        for (value, derive, wanted) in cases {
            assert_eq!(texts(&value, derive), wanted, "{derive:?}");
        }
    }
}
