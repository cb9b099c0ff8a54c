//! Reading rule tables: what is wrong, where, and what to do.

use super::{RuleSet, RuleStatus};
use crate::domain::date::Date;

const RULE: &str = r#"[[rule]]
id = "X01"
kind = "gap"
scope = "person"
name_id = "Contoh"
name_en = "Example"
severity = "low"
legal_basis = "none"
status = "derived"
valid_from = "2025-01-01"
message_id = "Contoh"
message_en = "Example"
closed = [{ feed = "bank-rekening", period = "quarter" }]
eligible = { alive = true }
proof = { row = { feed = "bank-rekening", where = { status_rekening = "AKTIF" } } }
"#;

#[test]
fn mistakes_are_told_with_file_line_and_a_way_out() {
    let one = |from: &str, to: &str| {
        let changed = RULE.replacen(from, to, 1);
        assert_ne!(changed, RULE, "{from}");
        changed
    };
    let cases = [
        ("unknown field", one("status_rekening", "status_rekning"), 15, "has no field \"status_rekning\"", ""),
        ("unknown feed", one("feed = \"bank-rekening\", where", "feed = \"bank\", where"), 15, "bank", ""),
        ("unknown word", one("{ alive = true }", "{ alve = true }"), 14, "alve", ""),
        ("unknown key", one("severity", "sevrity"), 1, "sevrity", ""),
        (
            "unknown parameter",
            one("{ alive = true }", "{ age = { min = \"old\" } }"),
            1,
            "parameter \"old\"",
            "the parameters are",
        ),
        (
            "no closed feed",
            one("closed = [{ feed = \"bank-rekening\", period = \"quarter\" }]", ""),
            1,
            "names no feed",
            "closed =",
        ),
        ("scope", one("scope = \"person\"", "scope = \"family\""), 1, "one person only", "scope = \"person\""),
        (
            "ends before",
            one("valid_from = \"2025-01-01\"", "valid_from = \"2025-01-01\"\nvalid_to = \"2024-01-01\""),
            1,
            "ends before",
            "valid_from",
        ),
        ("absence of what", one("eligible", "absence = \"unassessable\"\neligible"), 1, "whose rows", "note ="),
        ("twice", format!("{RULE}{RULE}"), 16, "stands twice", "any"),
        (
            "personal note",
            one("eligible", "note = { feed = \"bank-rekening\", fields = [\"no_rekening\"] }\neligible"),
            1,
            "may not show",
            "code fields",
        ),
        (
            "programme of a bank",
            one("where = {", "programme = { code = [\"PKH\"] }, where = {"),
            15,
            "carry programmes",
            "",
        ),
        ("not TOML", "rule = [".to_owned(), 1, "", ""),
    ];
    for (name, text, line, problem, hint) in cases {
        let near = |told: usize| line == 1 && told >= 1 || told == line;
        let error = RuleSet::parse(&[("ok.toml", ""), ("x.toml", &text)]).expect_err(name);
        assert_eq!(error.file, "x.toml", "{name}");
        assert!(near(error.line), "{name}: {error}");
        assert!(error.problem.contains(problem), "{name}: {error}");
        assert!(error.hint.contains(hint) && !error.hint.is_empty(), "{name}: {}", error.hint);
    }
}

#[test]
fn parameters_are_dated() {
    let rules = RuleSet::embedded();
    let day = |year, month| Date::constant(year, month, 1);
    for (on, age) in [
        (day(2018, 1), Some(70)),
        (day(2021, 6), Some(60)),
        (day(2022, 2), Some(70)),
        (day(2023, 2), Some(60)),
        (day(2025, 3), Some(70)),
        (day(2010, 1), None),
    ] {
        assert_eq!(rules.parameter("elderly_min_age", on), age, "{on}");
    }
    assert_eq!(rules.parameter("pkh_quarter_sma", day(2025, 11)), Some(500_000));
    let twice = "[[parameter]]\nname = \"a\"\nbasis = \"b\"\nvalues = [{ from = \"2021-01-01\", value = 1 }, { from = \"2021-01-01\", value = 2 }]";
    assert!(RuleSet::parse(&[("p.toml", twice)]).is_err(), "two values from one day");
}

#[test]
fn the_shipped_rules_are_complete_and_speak_both_languages() {
    let rules = RuleSet::embedded();
    let wanted = [
        "G01", "G02", "G03", "G04", "G05", "G06", "G07", "G08", "O01", "O02", "O03", "O04", "O05", "O06", "O07", "O08",
        "O09", "O10", "O13", "Q01", "Q02", "Q03",
    ];
    for id in wanted {
        let rule = rules.rule(id).expect(id);
        for text in [&rule.name_id, &rule.name_en, &rule.legal_basis, &rule.message_id, &rule.message_en] {
            assert!(!text.is_empty(), "{id}");
        }
    }
    assert_eq!(rules.rule("O02").map(|rule| rule.status), Some(RuleStatus::GeneralKnowledge));
    assert!(!rules.rule("O13").expect("O13").in_force(Date::constant(2024, 1, 1)), "DTSEN came in 2025");
}
