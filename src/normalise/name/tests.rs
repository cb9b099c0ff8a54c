use proptest::prelude::*;

use super::*;

fn parse(raw: &str) -> NameParts {
    parse_name(raw, NameTables::embedded())
}

/// Cells of a CSV line; a cell in quotes may hold commas.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            c => cells.last_mut().unwrap().push(c),
        }
    }
    cells
}

#[test]
fn the_name_pair_vectors_are_reproduced() {
    let vectors = include_str!("../../../tests/data/vectors/name_pairs.csv");
    let mut count = 0;
    for line in vectors.lines().skip(1) {
        let row = cells(line);
        let (a, b) = (parse(&row[0]), parse(&row[1]));
        assert_eq!(a.k1(), row[4], "{line}");
        assert_eq!(b.k1(), row[5], "{line}");
        assert_eq!(u8::from(a.concat == b.concat).to_string(), row[6], "{line}");
        let shared: Vec<_> = a.k2.iter().filter(|key| b.k2.contains(key)).map(String::as_str).collect();
        assert_eq!(shared.join("|"), row[7], "{line}");
        count += 1;
    }
    assert_eq!(count, 53);
}

#[test]
fn names_are_taken_apart() {
    for (raw, clean, titles) in [
        ("H. ACHMAD SOLICHIN, S.Pd.I", "AHMAD SOLIHIN", "SPDI H"),
        ("AHMAD H.", "AHMAD H", ""),
        ("H", "H", ""),
        ("ST. AMINAH", "SITI AMINAH", ""),
        ("AMINAH, S.T.", "AMINAH", "ST"),
        ("AMINAH ST", "AMINAH ST", ""),
        ("SITA HJ", "SITA", "HJ"),
        ("DRS. H. SOLEH S.H., M.M.", "SOLEH", "SH MM DRS H"),
        ("AHMAD S.H. M.M.", "AHMAD", "MM SH"),
        ("SITI AMINAH A.MD.KEB", "SITI AMINAH", "AMDKEB"),
        ("SITI AMINAH A. Md. Keb.", "SITI AMINAH", "AMDKEB"),
        ("YULIA S.PD I", "YULIA", "SPDI"),
        ("AMINAH, SITI", "AMINAH SITI", ""),
        ("RINI, S.KOM PARLINDUNGAN", "RINI PARLINDUNGAN", "SKOM"),
        ("M.RIZKI", "MUHAMMAD RIZKI", ""),
        ("RIZKI M", "RIZKI M", ""),
        ("SH", "SH", ""),
        ("KH. ABD.ROHMAN", "ABDUL ROHMAN", "KH"),
        ("ABDUSSYUKUR", "ABDUL SYUKUR", ""),
        ("ABDULGANI", "ABDUL GANI", ""),
        ("ABDULLAH", "ABDULLAH", ""),
        ("NUR'AINI", "NURAINI", ""),
        ("IB PUTRA", "IDA BAGUS PUTRA", ""),
        ("(ALM) UJANG-SUPARMAN", "UJANG SUPARMAN", ""),
        ("Renée", "RENEE", ""),
        ("", "", ""),
        (" . , ", "", ""),
    ] {
        let parts = parse(raw);
        assert_eq!(parts.clean(), clean, "{raw}");
        assert_eq!(parts.titles.join(" "), titles, "{raw}");
    }
}

#[test]
fn marks_become_flags() {
    use FlagCode::{DeceasedHint, NameHasDigit, UnnamedNewborn};
    for (raw, clean, flags) in [
        ("ALM. SUPARMAN", "SUPARMAN", vec![DeceasedHint]),
        ("SUPARMAN ALMH", "SUPARMAN", vec![DeceasedHint]),
        ("By. Ny. Siti Khotimah", "SITI KHOTIMAH", vec![UnnamedNewborn]),
        ("BYMA RAMADHAN", "BYMA RAMADHAN", vec![]),
        ("SITI 2", "SITI", vec![NameHasDigit]),
        ("RAHMAN1", "ROHMAN", vec![NameHasDigit]),
        ("ALM", "", vec![DeceasedHint]),
    ] {
        let parts = parse(raw);
        assert_eq!(parts.clean(), clean, "{raw}");
        assert!(parts.flags == flags, "{raw}");
    }
}

#[test]
fn fathers_and_other_names_stand_apart() {
    for (raw, clean, patronymic, alias) in [
        ("HJ. SITI AISYAH BINTI H. UMAR", "SITI AISYAH", "UMAR", ""),
        ("AMINAH BTE SALEH", "AMINAH", "SALEH", ""),
        ("UMI ASTUTI BIN", "UMI ASTUTI BIN", "", ""),
        ("BIN YAMIN", "BIN YAMIN", "", ""),
        ("AHMAD ALIAS MAMAD", "AHMAD", "", "MAMAD"),
        ("TAN ALS BUDHI BIN UJANG", "TAN", "", "BUDI BIN UJANG"),
    ] {
        let parts = parse(raw);
        assert_eq!(parts.clean(), clean, "{raw}");
        assert_eq!(
            (parts.patronymic.join(" "), parts.alias.join(" ")),
            (patronymic.to_owned(), alias.to_owned()),
            "{raw}"
        );
    }
    assert_eq!(parse("UJANG ALIAS SUPARMAN").k2, ["#ASN", "#SPRMN", "ASN", "SPRMN"]);
}

#[test]
fn soft_words_lead_and_leave_the_keys_alone() {
    for (raw, k1, soft) in [
        ("RADEN RORO SRI WAHYUNI", "SRI WAHIUNI", 2),
        ("I WAYAN SUDIARTA", "WAYAN SUDIARTA", 1),
        ("I GUSTI AYU RAI", "AYU RAI", 2),
        ("I SURYANA", "I SURIANA", 0),
        ("RATU", "RATU", 0),
        ("RADEN RATU", "RATU", 1),
        ("SAFITRI RATU", "SAPITRI RATU", 0),
        ("DANI R.", "DANI R", 0),
        ("AN NISA", "NISA", 1),
    ] {
        let parts = parse(raw);
        assert_eq!(parts.k1(), k1, "{raw}");
        assert_eq!(parts.tokens.iter().filter(|token| token.soft).count(), soft, "{raw}");
        assert!(parts.k2.iter().any(|key| key.starts_with('#')), "{raw}");
    }
}

#[test]
fn plain_is_the_text_as_it_was_cut() {
    for (raw, plain) in [
        ("sri  wahyuningsih rah", "SRI WAHYUNINGSIH RAH"),
        (" Hj. Nur'aini, S.Pd ", "HJ NURAINI S PD"),
        ("R4HMAN", "RHMAN"),
        ("", ""),
    ] {
        assert_eq!(parse(raw).plain, plain, "{raw}");
    }
}

#[test]
fn debug_never_shows_a_name() {
    assert_eq!(format!("{:?}", parse("SITI AMINAH")), "NameParts(***)");
}

#[test]
fn only_a_name_with_by_may_be_that_of_a_newborn() {
    for (raw, may) in
        [("By. Ny. Siti", true), ("BY NY SITI", true), ("SITI", false), ("RUBY", true), ("B'Y SITI", true), ("", false)]
    {
        assert_eq!(may_be_unnamed(raw), may, "{raw}");
    }
}

proptest! {
    #[test]
    fn who_may_not_be_a_newborn_is_none(raw in "\\PC{0,12}|[bByY .'1-]{0,5} ?[a-zA-Z ]{0,8}") {
        let unnamed = parse(&raw).flags.contains(&FlagCode::UnnamedNewborn);
        prop_assert!(!unnamed || may_be_unnamed(&raw));
    }

    #[test]
    fn any_text_gives_upper_case_ascii(raw in "\\PC{0,120}") {
        let parts = parse(&raw);
        let upper = |text: &str| text.bytes().all(|b| b.is_ascii_uppercase() || b == b' ');
        prop_assert!(upper(&parts.concat) && upper(&parts.k1()));
        // Names of other scripts stay as they are where people see them.
        prop_assert!(!parts.plain.is_ascii() || (upper(&parts.plain) && upper(&parts.clean())));
        prop_assert!(parts.tokens.iter().all(|token| !token.clean.is_empty() && !token.k1.is_empty()));
        prop_assert!(parts.k2.iter().all(|key| !parts.plain.is_ascii() || key.len() <= 9));
    }

    #[test]
    fn spelling_habits_do_not_change_the_keys(words in "[A-Z]{2,9}( [A-Z]{2,9}){0,3}") {
        let plain = parse(&words);
        for other in [words.to_lowercase(), format!("  {}  ", words.replace(' ', "   ")), words.replace(' ', "-")] {
            let parts = parse(&other);
            prop_assert_eq!((&parts.concat, &parts.k2), (&plain.concat, &plain.k2));
        }
    }
}
