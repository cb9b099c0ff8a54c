//! The project's name pairs through both halves: `normalise` takes the names apart, `engine` compares them.
//!
//! Neither module may know the other, so the test that joins them stands above both.

use padan::engine::name::{
    NameLabel, NameRules, NameRulesSource, NameScratch, NameSimilarity, PreparedName, compare_names,
};
use padan::normalise::{NameTables, parse_name};

fn rules() -> NameRules {
    let tables = NameTables::embedded();
    NameRules::new(NameRulesSource {
        confusions: tables.confusions(),
        contrasts: tables.contrasts(),
        endings: tables.endings(),
        token_counts: tables.token_counts(),
        names_counted: tables.names_counted(),
        truncations: tables.truncations(),
    })
    .expect("the tables are good")
}

fn compare(a: &str, b: &str, rules: &NameRules) -> NameSimilarity {
    let prepare = |raw: &str| PreparedName::new(&parse_name(raw, NameTables::embedded()), rules);
    compare_names(&prepare(a), &prepare(b), rules, &mut NameScratch::default())
}

/// Cells of a CSV line; a cell in quotes may hold commas.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            c => cells.last_mut().expect("there is always a cell").push(c),
        }
    }
    cells
}

#[test]
fn name_pairs_score_as_labelled() {
    let rules = rules();
    let mut wrong = Vec::new();
    for line in include_str!("../data/vectors/name_pairs.csv").lines().skip(1) {
        let row = cells(line);
        let found = compare(&row[0], &row[1], &rules);
        let half = matches!(found.label, NameLabel::Subset | NameLabel::Tail);
        let right = match row[2].as_str() {
            "same" => found.score >= 0.9 && !half,
            "maybe" => half || (0.8..0.9).contains(&found.score),
            "different" => found.score <= 0.75,
            _ => false,
        };
        if !right {
            wrong.push(format!("{} / {} is {}: {found:?}", row[0], row[1], row[2]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn traps_of_the_handbook_hold() {
    use NameLabel::{Capped, Different, Equal, Near, Subset, Truncated};
    let rules = rules();
    for (a, b, label, low, high) in [
        // 12
        ("NUR HAYATI", "NURHAYATI", Equal, 1.0, 1.0),
        ("ABDURRAHMAN", "ABD. ROCHMAN", Equal, 1.0, 1.0),
        // 13
        ("SRI WAHYUNINGSIH RAH", "Sri Wahyuningsih Rahayu", Truncated, 0.9, 1.0),
        // 14
        ("H. AHMAD", "AHMAD H.", Subset, 0.75, 0.95),
        ("ST. AMINAH", "AMINAH, S.T.", Subset, 0.75, 0.95),
        // 3, 23
        ("SITI AMINAH", "SITI ROHMAH", Different, 0.0, 0.5),
        ("DWI LESTARI", "TRI LESTARI", Capped, 0.0, 0.6),
        ("SUPARNO", "SUPARNI", Capped, 0.0, 0.6),
        // 1
        ("HASAN", "HUSEIN", Capped, 0.0, 0.6),
        // Slips of hand.
        ("SITI ROSITA", "SITI ROSTIA", Near, 0.85, 0.99),
        ("MUHAMMADARKAN MAHENDRA", "MUHAMMAD ARKAN MAHENDRA", Near, 0.95, 0.97),
        ("HAFIZ MAULANA", "MAULANA HAFIZ", Near, 0.98, 0.98),
    ] {
        let found = compare(a, b, &rules);
        assert_eq!(found.label, label, "{a} / {b}: {found:?}");
        assert!((low - 1e-6..=high + 1e-6).contains(&found.score), "{a} / {b}: {found:?}");
    }
}

proptest::proptest! {
    #[test]
    fn any_two_raw_names_compare_the_same_both_ways(a in "(\\PC{0,9} ){0,12}", b in "[A-Z]{1,9}([ .,'-][A-Z]{1,9}){0,9}") {
        let rules = rules();
        let (there, back) = (compare(&a, &b, &rules), compare(&b, &a, &rules));
        proptest::prop_assert_eq!(there, back);
        proptest::prop_assert_eq!(compare(&b, &b, &rules).label, NameLabel::Equal);
    }
}
