//! Headings, words and names of places, folded: what differs only in case, signs and blanks is one.

use crate::domain::sign::compatible;

/// A heading as it is compared: letters and digits in upper case, single blanks between the words.
pub fn fold_heading(raw: &str) -> String {
    let compatible = compatible(raw);
    let words = compatible.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_uppercase).collect::<Vec<_>>().join(" ")
}

/// A word of a value map as it is compared: letters and digits in upper case, nothing between them.
pub(super) fn fold_word(raw: &str) -> String {
    let plain = compatible(raw);
    plain.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

/// The kind of a regency that stands before its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RegencyKind {
    Kabupaten,
    Kota,
}

const KABUPATEN: &[&str] = &["KABUPATEN", "KAB"];
const KOTA: &[&str] = &["KOTA", "KOTAMADYA", "KODYA"];
const DISTRICT: &[&str] = &["KECAMATAN", "KEC", "DISTRIK"];
const VILLAGE: &[&str] = &["DESA", "DS", "KELURAHAN", "KEL"];

/// A regency's name without its kind, and the kind where it is written.
pub(super) fn fold_regency(raw: &str) -> (String, Option<RegencyKind>) {
    let folded = fold_heading(raw);
    let folded = strip(&folded, &["ADM", "ADMINISTRASI"]);
    let kind =
        [(KABUPATEN, RegencyKind::Kabupaten), (KOTA, RegencyKind::Kota)].into_iter().find_map(|(words, kind)| {
            let rest = strip(folded, words);
            (rest != folded).then_some((rest, kind))
        });
    let (rest, kind) = kind.map_or((folded, None), |(rest, kind)| (rest, Some(kind)));
    (without_blanks(strip(rest, &["ADM", "ADMINISTRASI"])), kind)
}

/// A district's name without `Kec.` before it.
pub(super) fn fold_district(raw: &str) -> String {
    without_blanks(strip(&fold_heading(raw), DISTRICT))
}

/// A village's name without `Desa`, `Ds.` or `Kel.` before it.
pub(super) fn fold_village(raw: &str) -> String {
    without_blanks(strip(&fold_heading(raw), VILLAGE))
}

/// Takes one of the words off the beginning, unless nothing would be left.
fn strip<'t>(text: &'t str, words: &[&str]) -> &'t str {
    let rest = words.iter().find_map(|word| text.strip_prefix(word).and_then(|rest| rest.strip_prefix(' ')));
    rest.unwrap_or(text)
}

fn without_blanks(text: &str) -> String {
    text.chars().filter(|c| *c != ' ').collect()
}

/// A name of a place of any level as a person's choice names it: the kind of a village or district falls off, that of a
/// regency is what tells two of them apart.
pub(super) fn fold_place(raw: &str) -> String {
    let folded = fold_heading(raw);
    let (words, kind) = match fold_regency(&folded) {
        (name, Some(RegencyKind::Kabupaten)) => (name, "KAB"),
        (name, Some(RegencyKind::Kota)) => (name, "KOTA"),
        (_, None) => (without_blanks(strip(strip(&folded, DISTRICT), VILLAGE)), ""),
    };
    format!("{kind}{words}")
}
