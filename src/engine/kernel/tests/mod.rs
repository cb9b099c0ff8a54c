mod twins;

use proptest::prelude::*;

use self::twins::check;
use super::*;

#[test]
fn known_pairs() {
    let long = "ab".repeat(40);
    let full = "abcdefgh".repeat(8);
    let texts = ["", "a", "ab", "ba", "bca", "martha", "marhta", "3201014107709001", "3201014170709001", "é", "aé"];
    let texts = texts.into_iter().chain([long.as_str(), full.as_str(), &full[1..], "\u{7f}\u{0}", "日本"]);
    let texts: Vec<&str> = texts.chain(["sixteen letters.", "seventeen letters", &full[..32], &full[..33]]).collect();
    for a in &texts {
        for b in &texts {
            check(a, b);
        }
    }
}

#[test]
fn a_text_leaves_nothing_behind_when_another_is_prepared() {
    let mut prepared = Prepared::default();
    for text in ["SITI", "", "AMINAH", "é", "SITI AMINAH", &"AMINAH".repeat(20), "SITI"] {
        prepared.prepare(text);
        for other in ["SITI", "AMINAH", "TISI"] {
            assert_eq!(prepared.jaro_winkler(other, 0.0), Some(strsim::jaro_winkler(text, other)), "{text} {other}");
            assert_eq!(prepared.osa(other, usize::MAX), Some(strsim::osa_distance(text, other)), "{text} {other}");
        }
    }
    assert_eq!(prepared.prepare_either("SITI", "AMINAH"), "AMINAH");
    assert_eq!(prepared.prepare_either("MARIA", "AMINAH"), "MARIA");
    assert_eq!(prepared.text(), "AMINAH");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn like_the_plain_twin_on_few_letters(a in "[abc]{0,12}", b in "[abc]{0,12}") {
        check(&a, &b);
    }

    #[test]
    fn like_the_plain_twin_on_names(a in "[AINSU ]{0,34}", b in "[AINSU ]{0,34}") {
        check(&a, &b);
    }

    #[test]
    fn like_the_plain_twin_on_numbers(a in "[0-9]{15,17}", at in 0usize..15, b in "[0-9]{16}", c in "[0-9]{0,2}") {
        check(&a, &b);
        check(&a, &format!("{}{c}{}", &a[..at], &a[at + 1..]));
    }

    #[test]
    fn like_the_plain_twin_on_any_text(a in "\\PC{0,20}", b in "\\PC{0,20}", c in "[ -~]{0,64}") {
        check(&a, &b);
        check(&a, &c);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn like_the_plain_twin_around_the_word_length(a in "[a-e]{55,70}", b in "[a-e]{55,70}") {
        check(&a, &b);
    }

    #[test]
    fn like_the_plain_twin_on_long_text(a in "[a-e]{0,20}", b in "[a-eé]{1,12}", times in 90usize..120) {
        check(&a, &b.repeat(times));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn like_the_plain_twin_on_two_long_texts(a in "[a-e]{1001,1010}", b in "[a-eé]{1001,1010}") {
        check(&a, &b);
    }
}
