//! Every kernel beside its plain twin. Property tests call this, and so does the fuzz target in `fuzz/`.

use super::Prepared;

/// An edit distance of a prepared text and another.
type Distance = fn(&mut Prepared, &str, usize) -> Option<usize>;

/// An edit distance of one prepared text and many others.
type Many = fn(&Prepared, &[&str], usize, &mut Vec<Option<usize>>);

/// Compares two texts in every way there is, both ways round and at every cut-off that matters.
pub(crate) fn check(a: &str, b: &str) {
    let mut prepared = Prepared::default();
    for (a, b) in [(a, b), (b, a)] {
        prepared.prepare(a);
        // More than one group of short ones and of longer ones.
        let few = [b, a, "", b, "MARTHA", "a\u{e9}", "3201014107709001", b, b, "\0", a, "a text of 22 letters ..."];
        let company: Vec<&str> = few.iter().copied().cycle().take(38).collect();
        check_similarity(&prepared, b, &company);
        check_distances(&mut prepared, b, &company);
    }
}

fn check_similarity(prepared: &Prepared, b: &str, company: &[&str]) {
    let a = prepared.text().to_owned();
    let plain = strsim::jaro_winkler(&a, b);
    let plain_of_all: Vec<f64> = company.iter().map(|other| strsim::jaro_winkler(&a, other)).collect();
    let cutoffs = [0.0, 0.5, 0.7, 0.82, 0.92, 1.0, 1.1, -1.0, f64::INFINITY, f64::NAN];
    for cutoff in cutoffs.into_iter().chain([plain, plain.next_up(), plain.next_down()]) {
        let expected = |plain: f64| Some(plain).filter(|plain| *plain >= cutoff).map(f64::to_bits);
        let found = prepared.jaro_winkler(b, cutoff).map(f64::to_bits);
        assert_eq!(found, expected(plain), "jaro_winkler {a:?} {b:?} {cutoff}");
        let mut found = vec![Some(9.0)];
        prepared.jaro_winkler_many(company.iter().copied(), cutoff, &mut found);
        let found: Vec<_> = found.into_iter().map(|similarity| similarity.map(f64::to_bits)).collect();
        let expected: Vec<_> = plain_of_all.iter().map(|plain| expected(*plain)).collect();
        assert_eq!(found, expected, "jaro_winkler_many {a:?} {company:?} {cutoff}");
    }
}

fn check_distances(prepared: &mut Prepared, b: &str, company: &[&str]) {
    type Twin = fn(&str, &str) -> usize;
    let twins: [(&str, Distance, Option<Many>, Twin); 3] = [
        (
            "levenshtein",
            |p, b, c| p.levenshtein(b, c),
            Some(|p, b, c, found| p.levenshtein_many(b.iter().copied(), c, found)),
            strsim::levenshtein,
        ),
        (
            "osa",
            |p, b, c| p.osa(b, c),
            Some(|p, b, c, found| p.osa_many(b.iter().copied(), c, found)),
            strsim::osa_distance,
        ),
        ("damerau", Prepared::damerau, None, strsim::damerau_levenshtein),
    ];
    let a = prepared.text().to_owned();
    for (name, kernel, many, twin) in twins {
        let plain = twin(&a, b);
        let plain_of_all: Vec<usize> = company.iter().map(|other| twin(&a, other)).collect();
        for cutoff in [0, 1, 2, 5, plain, plain.saturating_sub(1), plain + 1, usize::MAX] {
            let expected = |plain: usize| Some(plain).filter(|plain| *plain <= cutoff);
            assert_eq!(kernel(prepared, b, cutoff), expected(plain), "{name} {a:?} {b:?} {cutoff}");
            let Some(many) = many else { continue };
            let mut found = vec![Some(9)];
            many(prepared, company, cutoff, &mut found);
            let expected: Vec<_> = plain_of_all.iter().map(|plain| expected(*plain)).collect();
            assert_eq!(found, expected, "{name}_many {a:?} {company:?} {cutoff}");
        }
    }
}
