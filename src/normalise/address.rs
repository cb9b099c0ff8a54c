//! Addresses: the street or hamlet, with the neighbourhood numbers taken out of the text.

use super::text::plain_words;

/// An address, taken apart.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AddressParts {
    /// Street or hamlet with its kind in one spelling (`JALAN MAWAR 3`, `KAMPUNG SUKASARI`).
    pub street: Option<String>,
    /// RT, three digits.
    pub rt: Option<String>,
    /// RW, three digits.
    pub rw: Option<String>,
}

impl std::fmt::Debug for AddressParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AddressParts(***)")
    }
}

/// Takes an address apart: `KP. CILEUNGSI RT 003/005` is KAMPUNG CILEUNGSI, RT 003, RW 005.
pub fn parse_address(raw: &str) -> AddressParts {
    let mut parts = AddressParts::default();
    let street = walk(raw, |kind, number| match kind {
        Kind::Rt => parts.rt = three_digits(number),
        Kind::Rw => parts.rw = three_digits(number),
    });
    parts.street = street;
    parts
}

/// The street or hamlet of an address alone, for a comparison.
pub fn street(raw: &str) -> Option<String> {
    walk(raw, |_, _| {})
}

/// Collects the words of the street and hands the numbers of the neighbourhood over.
fn walk(raw: &str, mut number_of: impl FnMut(Kind, &str)) -> Option<String> {
    let text = plain_words(raw);
    let mut street = String::with_capacity(text.len() + 8);
    let mut words = text.split(' ').peekable();
    while let Some(word) = words.next() {
        match neighbourhood(word) {
            Some((kind, glued)) => {
                let number = glued.or_else(|| words.next_if(|next| is_number(next)));
                let Some(number) = number else { continue };
                number_of(kind, number);
                // `RT 003/005`: the second number is the RW.
                if kind == Kind::Rt
                    && let Some(second) = words.next_if(|next| is_number(next))
                {
                    number_of(Kind::Rw, second);
                }
            }
            None if matches!(word, "" | "NO" | "NOMOR" | "NOMER") => {}
            None => {
                if !street.is_empty() {
                    street.push(' ');
                }
                street.push_str(kind_of_street(word));
            }
        }
    }
    (!street.is_empty()).then_some(street)
}

/// RT or RW as three digits: `3`, `03` and `RT 003` are `003`. Noughts say nothing.
pub fn three_digits(raw: &str) -> Option<String> {
    let digits: String = raw.chars().filter(char::is_ascii_digit).collect();
    let number = digits.trim_start_matches('0');
    (1..=3).contains(&number.len()).then(|| format!("{number:0>3}"))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rt,
    Rw,
}

/// `RT`, `RW`, and the same with the number glued on.
fn neighbourhood(word: &str) -> Option<(Kind, Option<&str>)> {
    let (kind, rest) = match (word.strip_prefix("RT"), word.strip_prefix("RW")) {
        (Some(rest), _) => (Kind::Rt, rest),
        (None, Some(rest)) => (Kind::Rw, rest),
        (None, None) => return None,
    };
    if rest.is_empty() {
        return Some((kind, None));
    }
    is_number(rest).then_some((kind, Some(rest)))
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit())
}

fn kind_of_street(word: &str) -> &str {
    match word {
        "JL" | "JLN" | "JAL" | "JALAN" => "JALAN",
        "GG" | "GANG" => "GANG",
        "KP" | "KAMP" | "KMP" | "KAMPUNG" | "KPG" => "KAMPUNG",
        "DSN" | "DUSUN" | "DS" => "DUSUN",
        "LINGK" | "LK" | "LINGKUNGAN" => "LINGKUNGAN",
        "PERUM" | "PERUMAHAN" | "PRM" | "KOMPLEK" | "KOMP" | "KOMPLEKS" => "PERUMAHAN",
        "BLK" | "BLOK" => "BLOK",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        for (raw, street, rt, rw) in [
            ("KP. CILEUNGSI RT 003/005", Some("KAMPUNG CILEUNGSI"), Some("003"), Some("005")),
            ("Kampung Cileungsi", Some("KAMPUNG CILEUNGSI"), None, None),
            ("JL. CEMPAKA NO. 15 RT.3 RW.6", Some("JALAN CEMPAKA 15"), Some("003"), Some("006")),
            ("Jalan Cempaka No.15, RT03/RW06", Some("JALAN CEMPAKA 15"), Some("003"), Some("006")),
            ("Dsn Way Halom RW 02", Some("DUSUN WAY HALOM"), None, Some("002")),
            ("RT 000 RW 000", None, None, None),
            ("RTH Kota", Some("RTH KOTA"), None, None),
            ("JL. RT", Some("JALAN"), None, None),
            ("-", None, None, None),
            ("", None, None, None),
        ] {
            let parts = parse_address(raw);
            assert_eq!(parts.street.as_deref(), street, "{raw}");
            assert_eq!((parts.rt.as_deref(), parts.rw.as_deref()), (rt, rw), "{raw}");
        }
    }

    #[test]
    fn neighbourhood_numbers_have_three_digits() {
        for (raw, expected) in
            [("3", Some("003")), ("03", Some("003")), ("RT 012", Some("012")), ("0", None), ("1234", None)]
        {
            assert_eq!(three_digits(raw).as_deref(), expected, "{raw}");
        }
    }
}
