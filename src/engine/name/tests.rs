use proptest::prelude::*;

use super::*;
use crate::domain::name::{Confusion, Contrast, EndingPair, NameParts, NameToken};

/// A small table of rules, enough to see each of them at work.
fn rules() -> NameRules {
    let confuse = |a, b, cost| Confusion { a, b: Some(b), cost };
    let contrast = |a: &str, b: &str| Contrast { left: vec![a.to_owned()], right: vec![b.to_owned()] };
    let ending = |a: &str, b: &str| EndingPair { a: a.to_owned(), b: b.to_owned(), similarity: 0.5 };
    NameRules::new(NameRulesSource {
        confusions: &[confuse(b'A', b'O', 0.25), confuse(b'E', b'I', 0.2), Confusion { a: b'H', b: None, cost: 0.15 }],
        contrasts: &[contrast("DWI", "TRI"), contrast("I", "NI")],
        endings: &[ending("O", "I"), ending("WAN", "WATI"), ending("N", "NI")],
        token_counts: &[("SITI", 2_000), ("NUR", 1_000), ("AMINA", 60), ("SUSANTI", 30)],
        names_counted: 20_000,
        truncations: &[18, 20],
    })
    .unwrap()
}

/// A name whose words are their own fold; `~` marks a soft word.
fn parts(text: &str) -> NameParts {
    let words = text.split_whitespace();
    let token = |word: &str| {
        let k1 = word.trim_start_matches('~');
        NameToken { clean: k1.to_owned(), k1: k1.to_owned(), soft: word.starts_with('~') }
    };
    let tokens: Vec<NameToken> = words.map(token).collect();
    let mut concat = tokens.iter().filter(|t| !t.soft).map(|t| t.k1.as_str()).collect::<String>().into_bytes();
    concat.dedup();
    let concat = String::from_utf8(concat).unwrap_or_default();
    NameParts { tokens, concat, plain: text.replace('~', ""), ..NameParts::default() }
}

fn compare(a: &str, b: &str) -> NameSimilarity {
    let rules = rules();
    let (a, b) = (PreparedName::new(&parts(a), &rules), PreparedName::new(&parts(b), &rules));
    compare_names(&a, &b, &rules, &mut NameScratch::default())
}

#[test]
fn each_rule_has_its_label_and_its_range() {
    use NameLabel::{Capped, Different, Equal, Initials, Near, Subset, Tail, Truncated};
    for (a, b, label, low, high) in [
        ("SITI AMINA", "SITI AMINA", Equal, 1.0, 1.0),
        ("NUR AYATI", "NURAYATI", Equal, 1.0, 1.0),
        ("~RADEN SRI", "SRI", Equal, 1.0, 1.0),
        ("AMINA SITI", "SITI AMINA", Near, 0.98, 0.98),
        ("SITI AMINA", "SITI AMENA", Near, 0.95, 0.99),
        ("SITI AMINA", "SITI MEMUNA", Different, 0.0, 0.6),
        ("SITINURAYATI", "SITI NURAYETI", Near, 0.9, 0.97),
        ("AMINA", "SITI AMINA", Subset, 0.75, 0.95),
        ("SITI", "SITI AMINA", Subset, 0.75, 0.85),
        ("RATU AMINA", "~RATU AMINA", Equal, 1.0, 1.0),
        ("SITI A", "SITI AMINA", Initials, 0.85, 0.95),
        ("SITI B", "SITI AMINA", Different, 0.0, 0.5),
        ("WATI", "SUSILAWATI", Tail, 0.8, 0.8),
        ("NI", "YULIANI", Different, 0.0, 0.5),
        ("SRI WAHIUNINGSIH RAH", "SRI WAHIUNINGSIH RAHAYU", Truncated, 0.98, 0.98),
        ("SRI WAHYU SETIAWAN", "SRI WAHYU SETIAWAN PUTRI", Subset, 0.75, 0.95),
        ("RAHAYU NINGSIHSA", "RAHAYU NINGSIHSARI", Truncated, 0.9, 0.95),
        ("RISKI RAMADAN", "RISKI RAMADANI", Capped, 0.0, 0.6),
        ("SUPARNO", "SUPARNI", Capped, 0.0, 0.6),
        ("DWI SUSANTI", "TRI SUSANTI", Capped, 0.0, 0.6),
        ("DWI TRI SUSANTI", "TRI SUSANTI", Subset, 0.75, 0.95),
        ("~I MADE SUARTA", "~NI MADE SUARTA", Capped, 0.0, 0.6),
        ("KURNIAWAN", "KURNIAWATI", Capped, 0.0, 0.6),
        ("WIDODO", "WIDADA", Near, 0.75, 0.89),
        ("SUPARNI", "", Different, 0.0, 0.0),
        ("", "", Equal, 1.0, 1.0),
    ] {
        let found = compare(a, b);
        assert_eq!(found.label, label, "{a} / {b}: {found:?}");
        assert!((low - 1e-6..=high + 1e-6).contains(&found.score), "{a} / {b}: {found:?}");
    }
}

#[test]
fn rare_words_say_more() {
    let common = compare("SITI NUR", "NUR SITI").rarity;
    let rare = compare("AMBARWULAN SITI", "SITI AMBARWULAN").rarity;
    assert!(common < 10.0 && rare > 15.0, "{common} {rare}");
    assert!(compare("", "").rarity == 0.0);
    let own = compare("SITI AMINA", "SITI AMINA").rarity;
    assert!((own - compare("SITI AMINA", "AMINA SITI").rarity).abs() < 1e-4);
}

#[test]
fn a_letter_that_fell_silent_leaves_a_doubt() {
    let rules = rules();
    let named = |clean: &str| {
        let mut parts = parts("ERNAWATI");
        parts.tokens[0].clean = clean.to_owned();
        PreparedName::new(&parts, &rules)
    };
    let found = compare_names(&named("ERNAWATI"), &named("HERNAWATI"), &rules, &mut NameScratch::default());
    assert_eq!(found.label, NameLabel::Near);
    assert!((0.8..0.9).contains(&found.score), "{found:?}");
}

#[test]
fn too_many_contrasts_are_refused() {
    let contrasts = vec![Contrast { left: vec![], right: vec![] }; 65];
    let source = NameRulesSource {
        confusions: &[],
        contrasts: &contrasts,
        endings: &[],
        token_counts: &[],
        names_counted: 0,
        truncations: &[],
    };
    assert_eq!(NameRules::new(source).err(), Some(NameRulesError::TooManyContrasts { given: 65 }));
}

#[test]
fn debug_never_shows_a_name() {
    assert_eq!(format!("{:?}", PreparedName::new(&parts("SITI"), &rules())), "PreparedName(***)");
}

/// Names of a few words over a small alphabet meet each other often; `~` makes some words soft.
fn name() -> impl Strategy<Value = String> {
    "(~?[ADINOSTW]{1,5} ){0,9}"
}

proptest! {
    #[test]
    fn comparison_is_symmetric_and_bounded(a in name(), b in name()) {
        let (there, back) = (compare(&a, &b), compare(&b, &a));
        prop_assert_eq!(there, back);
        prop_assert!((0.0..=1.0).contains(&there.score) && there.rarity >= 0.0 && there.rarity.is_finite());
        prop_assert!(there.label != NameLabel::Capped || there.score <= CAP);
    }

    #[test]
    fn a_name_equals_itself(a in name()) {
        let found = compare(&a, &a);
        prop_assert_eq!((found.score, found.label), (1.0, NameLabel::Equal));
    }

    #[test]
    fn scratch_keeps_nothing(a in name(), b in name(), c in name()) {
        let rules = rules();
        let [a, b, c] = [a, b, c].map(|text| PreparedName::new(&parts(&text), &rules));
        let fresh = compare_names(&a, &b, &rules, &mut NameScratch::default());
        let mut used = NameScratch::default();
        compare_names(&b, &c, &rules, &mut used);
        compare_names(&c, &a, &rules, &mut used);
        prop_assert_eq!(compare_names(&a, &b, &rules, &mut used), fresh);
    }

    #[test]
    fn any_text_is_compared(a in "\\PC{0,80}", b in "(\\PC{0,20} ){0,30}") {
        let (there, back) = (compare(&a, &b), compare(&b, &a));
        prop_assert_eq!(there, back);
        prop_assert!((0.0..=1.0).contains(&there.score));
    }
}
