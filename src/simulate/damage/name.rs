//! Damage to names: titles, patronymics, initials, spelling, spacing, lost words, typing errors, letter case.

use super::super::dice::Dice;
use crate::domain::sex::Sex;

/// Whose name is written, and how well.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Writing<'a> {
    pub(crate) sex: Sex,
    pub(crate) age: i32,
    /// First word of the father's name, for BIN and BINTI.
    pub(crate) father: &'a str,
    /// 1 is an office of 2020; 0 writes every name as it is.
    pub(crate) intensity: f64,
}

type Slip = fn(&str, &mut Dice) -> Option<String>;

/// Slips of a clerk with their chances at intensity 1.
const SLIPS: [(f64, Slip); 9] = [
    (0.20, variant),
    (0.035, initial),
    (0.033, drop_word),
    (0.035, old_spelling),
    (0.028, spacing),
    (0.075, swap_sound),
    (0.032, vowel),
    (0.038, typing_error),
    (0.008, reorder),
];

/// The name as it is written, upper case.
pub(crate) fn write(name: &str, writing: Writing, dice: &mut Dice) -> String {
    let mut written = name.to_owned();
    for (chance, slip) in SLIPS {
        if dice.chance(chance * writing.intensity) {
            written = slip(&written, dice).unwrap_or(written);
        }
    }
    if writing.age >= 22 && dice.chance(0.03 * writing.intensity) {
        written = titled(&written, writing.sex, dice);
    }
    if !writing.father.is_empty() && dice.chance(0.011 * writing.intensity) {
        let link = if writing.sex == Sex::Male { "BIN" } else { dice.pick(&["BINTI", "BINTI", "BT"]) };
        written = format!("{written} {link} {}", writing.father);
    }
    written
}

fn titled(name: &str, sex: Sex, dice: &mut Dice) -> String {
    let before = if sex == Sex::Male { ["H.", "KH.", "R.", "DRS."] } else { ["HJ.", "HJ.", "RR.", "DRA."] };
    match dice.below(4) {
        0 | 1 => format!("{} {name}", before[dice.weighted(&[0.75, 0.1, 0.1, 0.05])]),
        2 => format!("{name}, {}", dice.pick(&["S.PD", "A.MD", "S.E", "S.KEP", "S.AG", "S.KOM"])),
        _ => format!("{name} {}", dice.pick(&["S.PD.", "AMD.KEB", "S.PD.I", "S.SOS"])),
    }
}

/// Spellings of the commonest words (DOMAIN 2.2, step 6).
fn variant(name: &str, dice: &mut Dice) -> Option<String> {
    const FORMS: [(&str, &[&str]); 9] = [
        ("MUHAMMAD", &["MUHAMAD", "MOCH.", "MOH.", "MUH", "M.", "MUHAMMED", "MOHAMAD", "MOCHAMAD", "MHD"]),
        ("AHMAD", &["ACHMAD", "AKHMAD", "AHMED", "AKH.", "AMAD"]),
        ("ABDUL", &["ABD.", "ABDOEL", "ABD"]),
        ("SITI", &["ST.", "SITTI", "S.", "SITY", "ST"]),
        ("NUR", &["NOER", "NOR", "NUUR", "NUR."]),
        ("NURUL", &["NOERUL", "NUROL"]),
        ("YUSUF", &["JUSUF", "YUSUP"]),
        ("SYARIF", &["SYARIEF", "SARIP"]),
        ("DEWI", &["DEWY"]),
    ];
    let (word, forms) = FORMS.into_iter().find(|(word, _)| name.split(' ').any(|token| token == *word))?;
    let form = dice.pick(forms);
    Some(name.split(' ').map(|token| if token == word { form } else { token }).collect::<Vec<_>>().join(" "))
}

fn initial(name: &str, dice: &mut Dice) -> Option<String> {
    let mut words: Vec<String> = name.split(' ').map(str::to_owned).collect();
    let at = if dice.chance(0.8) { words.len() - 1 } else { words.len() / 2 };
    if words.len() < 2 || at == 0 {
        return None;
    }
    let dot = if dice.chance(0.8) { "." } else { "" };
    words[at] = format!("{}{dot}", &words[at][..1]);
    Some(words.join(" "))
}

fn drop_word(name: &str, dice: &mut Dice) -> Option<String> {
    let mut words: Vec<&str> = name.split(' ').collect();
    if words.len() < 2 {
        return None;
    }
    words.remove(dice.below(words.len()));
    Some(words.join(" "))
}

fn old_spelling(name: &str, dice: &mut Dice) -> Option<String> {
    let forms = [("U", "OE"), ("J", "DJ"), ("C", "TJ"), ("SY", "SJ"), ("NY", "NJ")];
    replace_one(name, &forms, dice)
}

/// F and P, Z and S, KH and H: one sound to many ears.
fn swap_sound(name: &str, dice: &mut Dice) -> Option<String> {
    let forms = [
        ("F", "P"),
        ("P", "F"),
        ("Z", "S"),
        ("S", "Z"),
        ("KH", "H"),
        ("KH", "CH"),
        ("V", "F"),
        ("SY", "S"),
        ("Q", "K"),
        ("DH", "D"),
        ("TH", "T"),
        ("TI", "THI"),
    ];
    replace_one(name, &forms, dice)
}

fn vowel(name: &str, dice: &mut Dice) -> Option<String> {
    let forms =
        [("I", "Y"), ("U", "O"), ("O", "U"), ("AE", "AI"), ("AH", "A"), ("IY", "I"), ("IA", "IYA"), ("EE", "E")];
    replace_one(name, &forms, dice)
}

/// Replaces one occurrence of one of the patterns that occur.
fn replace_one(name: &str, forms: &[(&str, &str)], dice: &mut Dice) -> Option<String> {
    let able: Vec<(&str, &str)> = forms.iter().copied().filter(|(from, _)| name.contains(from)).collect();
    if able.is_empty() {
        return None;
    }
    let (from, to) = dice.pick(&able);
    let places: Vec<usize> = name.match_indices(from).map(|(at, _)| at).collect();
    let at = dice.pick(&places);
    Some(format!("{}{to}{}", &name[..at], &name[at + from.len()..]))
}

fn spacing(name: &str, dice: &mut Dice) -> Option<String> {
    const HEADS: [&str; 4] = ["NUR", "SITI", "ABDUL", "SRI"];
    let glued =
        name.split(' ').any(|word| HEADS.iter().any(|head| word.len() > head.len() + 3 && word.starts_with(head)));
    if glued && dice.chance(0.6) {
        let head = HEADS.into_iter().find(|head| name.contains(head))?;
        return Some(name.replacen(head, &format!("{head} "), 1).replace("  ", " "));
    }
    name.contains(' ').then(|| name.replacen(' ', "", 1))
}

fn typing_error(name: &str, dice: &mut Dice) -> Option<String> {
    let mut letters: Vec<u8> = name.bytes().collect();
    let places: Vec<usize> = (1..letters.len()).filter(|at| letters[*at] != b' ' && letters[at - 1] != b' ').collect();
    if places.is_empty() {
        return None;
    }
    let at = dice.pick(&places);
    match dice.below(4) {
        0 => letters.swap(at, at - 1),
        1 if letters.len() > 3 => drop(letters.remove(at)),
        2 => letters.insert(at, letters[at]),
        _ => letters[at] = b"AEIOURNSTLMKBD"[dice.below(14)],
    }
    String::from_utf8(letters).ok()
}

fn reorder(name: &str, _: &mut Dice) -> Option<String> {
    let (first, rest) = name.split_once(' ')?;
    Some(format!("{rest} {first}"))
}

/// Letter case of an office: upper, as in a sentence, lower.
pub(crate) fn in_case(name: String, shares: [f64; 3], dice: &mut Dice) -> String {
    match dice.weighted(&shares) {
        1 => title_case(&name),
        2 => name.to_lowercase(),
        _ => name,
    }
}

fn title_case(name: &str) -> String {
    let mut fresh = true;
    name.chars()
        .map(|letter| {
            let shown = if fresh { letter } else { letter.to_ascii_lowercase() };
            fresh = !letter.is_ascii_alphabetic() && letter != '\'';
            shown
        })
        .collect()
}

/// Cuts an account name at the width of the bank's field.
pub(crate) fn cut(name: &str, width: usize) -> String {
    name.chars().take(width).collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::super::dice::Purpose;
    use super::*;

    fn check(slip: Slip, name: &str, wanted: &[&str]) {
        let mut dice = Dice::new(5, Purpose::Family, 1);
        let seen: std::collections::BTreeSet<String> = (0..400).filter_map(|_| slip(name, &mut dice)).collect();
        for form in wanted {
            assert!(seen.contains(*form), "{form} does not come from {name}: {seen:?}");
        }
    }

    #[test]
    fn slips_make_the_forms_of_the_handbook() {
        check(variant, "MUHAMMAD RIZKI", &["MOCH. RIZKI", "MUH RIZKI", "M. RIZKI"]);
        check(variant, "SITI AMINAH", &["ST. AMINAH", "SITTI AMINAH"]);
        check(initial, "INDAH IKA YULIANTI", &["INDAH IKA Y.", "INDAH I. YULIANTI"]);
        check(drop_word, "DESI NURHAYATI", &["DESI", "NURHAYATI"]);
        check(old_spelling, "SUJONO", &["SOEJONO", "SUDJONO"]);
        check(spacing, "SITI NURHAYATI", &["SITI NUR HAYATI", "SITINURHAYATI"]);
        check(swap_sound, "FAUZI", &["PAUZI", "FAUSI"]);
        check(swap_sound, "KHOTIMAH", &["HOTIMAH", "CHOTIMAH"]);
        check(reorder, "AHMAD FAUZI", &["FAUZI AHMAD"]);
    }

    #[test]
    fn nothing_happens_at_intensity_zero() {
        let mut dice = Dice::new(5, Purpose::Family, 2);
        let writing = Writing { sex: Sex::Female, age: 40, father: "ASEP", intensity: 0.0 };
        assert!((0..500).all(|_| write("SITI NURHAYATI", writing, &mut dice) == "SITI NURHAYATI"));
    }

    #[test]
    fn case_and_width() {
        let mut dice = Dice::new(5, Purpose::Family, 3);
        assert_eq!(in_case("HJ. SITI NURHAYATI".to_owned(), [0.0, 1.0, 0.0], &mut dice), "Hj. Siti Nurhayati");
        assert_eq!(cut("SRI WAHYUNINGSIH RAHAYU", 20), "SRI WAHYUNINGSIH RAH");
        assert_eq!(cut("SRI WAHYUNINGSIH RAHAYU", 4), "SRI");
    }
}
