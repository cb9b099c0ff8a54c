use proptest::prelude::*;

use super::*;

/// One kernel beside its plain twin, both ways round and at every cut-off that matters.
fn check(a: &str, b: &str, scratch: &mut Scratch) {
    for (a, b) in [(a, b), (b, a)] {
        let plain = strsim::jaro_winkler(a, b);
        for cutoff in [0.0, 0.7, 0.92, plain, plain + f64::EPSILON] {
            let expected = Some(plain).filter(|s| *s >= cutoff);
            let found = jaro_winkler(a, b, cutoff, scratch);
            assert_eq!(found.map(f64::to_bits), expected.map(f64::to_bits), "jaro_winkler {a:?} {b:?} {cutoff}");
        }
        let twins: [(&str, Distance, usize); 3] = [
            ("levenshtein", levenshtein, strsim::levenshtein(a, b)),
            ("osa", osa, strsim::osa_distance(a, b)),
            ("damerau", damerau, strsim::damerau_levenshtein(a, b)),
        ];
        for (name, kernel, plain) in twins {
            for cutoff in [0, 1, 2, plain, plain.saturating_sub(1), usize::MAX] {
                assert_eq!(kernel(a, b, cutoff, scratch), Some(plain).filter(|d| *d <= cutoff), "{name} {a:?} {b:?}");
            }
        }
    }
}

#[test]
fn known_pairs() {
    let long = "ab".repeat(40);
    let full = "abcdefgh".repeat(8);
    let mut scratch = Scratch::default();
    let texts = ["", "a", "ab", "ba", "bca", "martha", "marhta", "3201014107709001", "3201014170709001", "é", "aé"];
    let texts = texts.into_iter().chain([long.as_str(), full.as_str(), &full[1..], "\u{7f}\u{0}", "日本"]);
    let texts: Vec<&str> = texts.collect();
    for a in &texts {
        for b in &texts {
            check(a, b, &mut scratch);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn like_the_plain_twin_on_few_letters(a in "[abc]{0,12}", b in "[abc]{0,12}") {
        check(&a, &b, &mut Scratch::default());
    }

    #[test]
    fn like_the_plain_twin_around_the_word_length(a in "[a-e]{55,70}", b in "[a-e]{55,70}") {
        check(&a, &b, &mut Scratch::default());
    }

    #[test]
    fn like_the_plain_twin_on_any_text(a in "\\PC{0,20}", b in "\\PC{0,20}", c in "[ -~]{0,64}") {
        let mut scratch = Scratch::default();
        check(&a, &b, &mut scratch);
        check(&a, &c, &mut scratch);
        check(&c, &a, &mut scratch);
    }
}
