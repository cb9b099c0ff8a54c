use std::sync::Arc;

use super::bulk::{Blocks, Partner, Partners};
use crate::domain::name::{NameParts, NameToken};
use crate::engine::plan::Plan;
use crate::engine::value::{Day, Digits, Value};
use crate::engine::{BlockReport, Live, Meter, Rows, Share, Survey, explain_pair, survey};

/// A model with one blocking rule over one column.
fn plan(kind: &str, keys: &str, rule: &str) -> Arc<Plan> {
    let text = format!(
        r#"model = {{ name = "m", version = "1", trained = true }}
        thresholds = {{ link = 5.0, review = 1.0, prior = 0.1 }}
        column = [{{ name = "x", type = "{kind}" }}, {{ name = "y", type = "{kind}" }}]
        block = [{{ name = "b", keys = {keys}, {rule} }}]
        [[comparison]]
        name = "c"
        columns = ["x"]
        function = "exact"
        levels = [{{ label = "any", else = true, weight = 0.0 }}]"#
    );
    Arc::new(Plan::parse(&text).unwrap_or_else(|error| panic!("{error}")))
}

fn report(plan: &Arc<Plan>, rows: &[[Value; 2]]) -> BlockReport {
    let rows: Vec<(u64, Vec<Value>)> = (1..).zip(rows).map(|(id, row)| (id, row.to_vec())).collect();
    Live::bulk(Arc::clone(plan), &rows, &[]).unwrap().candidates()
}

fn meet(kind: &str, key: &str, a: Value, b: Value) -> bool {
    let plan = plan(kind, &format!("[\"{key}\"]"), "max_block = 9");
    report(&plan, &[[a, Value::Missing], [b, Value::Missing]]).pairs() == 1
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn digits(text: &str) -> Value {
    Value::Digits(Digits::parse(text).unwrap())
}

fn day(year: u32, month: u32, day: u32) -> Value {
    Value::Date(Day::new(year, month, day).unwrap())
}

fn name(words: &str, soft: &str) -> Value {
    let word = |w: &str| NameToken { clean: w.to_owned(), k1: w.to_owned(), soft: w == soft };
    let concat: String = words.split(' ').filter(|w| *w != soft).collect();
    let mut k2: Vec<String> = words.split(' ').filter(|w| w.len() > 2).map(str::to_owned).collect();
    k2.push(format!("#{concat}"));
    Value::Name(Box::new(NameParts {
        tokens: words.split(' ').map(word).collect(),
        concat,
        k2,
        ..NameParts::default()
    }))
}

#[test]
fn parts_of_texts_digits_and_dates() {
    let cases = [
        ("text", "x", text("ABÉ"), text("ABÉ"), true),
        ("text", "x", text("ABÉ"), text("ABE"), false),
        ("text", "x.first(3)", text("ABÉD"), text("ABÉX"), true),
        ("text", "x.first(3)", text("AB"), text("AB"), false),
        ("text", "x.last(2)", text("XXÉD"), text("ÉD"), true),
        ("text", "x.tokens", text("JL MAWAR"), text("MAWAR 3"), true),
        ("text", "x.tokens", text("JLMAWAR"), text("MAWAR 3"), false),
        ("digits", "x.first(4)", digits("3201"), digits("320199"), true),
        ("digits", "x.last(10)", digits("3201014107709001"), digits("1801024107709001"), true),
        ("digits", "x.last(10)", digits("3201014107709001"), digits("107709001"), false),
        ("date", "x.year", day(1970, 1, 2), day(1970, 5, 6), true),
        ("date", "x.unordered", day(1970, 1, 7), day(1970, 7, 1), true),
        ("date", "x.unordered", day(1970, 1, 7), day(1971, 7, 1), false),
        ("date", "x.first(6)", day(1970, 1, 7), day(1970, 1, 9), true),
        ("date", "x.last(4)", day(1970, 1, 7), day(1980, 1, 7), true),
        ("set", "x", Value::Set(vec!["1".into(), "2".into()]), Value::Set(vec!["2".into(), "3".into()]), true),
        ("set", "x", Value::Set(vec!["1".into()]), Value::Set(vec![]), false),
    ];
    for (kind, key, a, b, expected) in cases {
        assert_eq!(meet(kind, key, a.clone(), b.clone()), expected, "{key} {kind}");
        assert_eq!(meet(kind, key, b, a), expected, "{key} {kind}");
    }
}

#[test]
fn parts_of_names() {
    let cases = [
        ("x.k2", name("SITI AMINAH", ""), name("AMINAH", ""), true),
        ("x.k2", name("AB CD", ""), name("AB", ""), false),
        ("x.whole", name("NUR HAYATI", ""), name("NURHAYATI", ""), true),
        ("x.whole", name("NUR HAYATI", ""), name("HAYATI", ""), false),
        ("x.concat", name("NUR HAYATI", ""), name("NURHAYATI", ""), true),
        ("x", name("NI MADE", "NI"), name("MADE", ""), true),
        ("x.tokens", name("NI MADE", "NI"), name("NI LUH", "NI"), false),
    ];
    for (key, a, b, expected) in cases {
        assert_eq!(meet("name", key, a, b), expected, "{key}");
    }
}

#[test]
fn deletions_join_numbers_one_error_apart() {
    let nik = "3201014107709001";
    for (case, other, expected) in [
        ("one digit", "3201014107708001", true),
        ("neighbours swapped", "3201014170709001", true),
        ("one missing", "320101410770900", true),
        ("one too many", "32010141077090012", true),
        ("two digits", "3201014107708002", false),
        ("two missing", "32010141077090", false),
    ] {
        assert_eq!(meet("digits", "x.deletions", digits(nik), digits(other)), expected, "{case}");
    }
    // Repeated digits give the same key several times; the pair comes up once.
    assert!(meet("digits", "x.deletions", digits("1111"), digits("1111")));
}

#[test]
fn parts_are_joined_and_alternatives_meet_across_columns() {
    let both = plan("text", "[\"x\", \"y\"]", "max_block = 9");
    let row = |x: &str, y: &str| [text(x), text(y)];
    assert_eq!(report(&both, &[row("A", "B"), row("A", "B"), row("A", "C"), row("A", "")]).pairs(), 1);
    let either = plan("text", "[\"x|y\"]", "max_block = 9");
    assert_eq!(report(&either, &[row("A", "B"), row("B", "C"), row("C", ""), row("A", "B")]).pairs(), 4);
    let prefixed = plan("text", "[\"x\"]", "prefix = \"p\", max_block = 2");
    let plain = plan("text", "[\"x\"]", "max_block = 2");
    let rows = [row("A", ""), row("A", ""), row("A", "")];
    let key = |plan| report(plan, &rows).stop_keys[0].key;
    assert_ne!(key(&prefixed), key(&plain));
}

#[test]
fn stop_keys_are_named_and_counted() {
    let small = plan("text", "[\"x\"]", "max_block = 2");
    let row = |x: &str| [text(x), Value::Missing];
    let rows = [row("B"), row("A"), row("A"), row("B"), row("A")];
    let found = report(&small, &rows);
    assert_eq!(found.pairs(), 1);
    assert_eq!((found.rules[0].blocks, found.rules[0].largest), (1, 2));
    let stop = &found.stop_keys[..];
    assert_eq!((stop.len(), stop[0].rule.as_str(), stop[0].rows, stop[0].example), (1, "b", 3, 2));
    // A key that the model froze is never used, however small its block is.
    let frozen = plan("text", "[\"x\"]", &format!("max_block = 9, stop_keys = [\"{:016x}\"]", stop[0].key));
    assert_eq!(report(&frozen, &rows).pairs(), 1);
    assert_eq!(report(&frozen, &rows).stop_keys, []);
}

#[test]
fn a_large_block_gives_each_pair_once() {
    // More pairs than one unit of work holds.
    let plan = plan("text", "[\"x\"]", "max_block = 1000");
    let rows = vec![[text("A"), Value::Missing]; 700];
    assert_eq!(report(&plan, &rows).pairs(), 700 * 699 / 2);
}

/// Two rules over two columns, one of them with a small limit.
fn two_rules() -> Arc<Plan> {
    let text = r#"model = { name = "m", version = "1", trained = true }
        thresholds = { link = 5.0, review = 1.0, prior = 0.1 }
        column = [{ name = "x", type = "text" }, { name = "y", type = "text" }]
        block = [
          { name = "x", keys = ["x"], max_block = 9 },
          { name = "words of y", keys = ["y.tokens"], max_block = 3 },
        ]
        [[comparison]]
        name = "c"
        columns = ["x"]
        function = "exact"
        levels = [{ label = "any", else = true, weight = 0.0 }]"#;
    Arc::new(Plan::parse(text).unwrap_or_else(|error| panic!("{error}")))
}

fn surveyed(rows: &[[&str; 2]], same: impl Fn(u64, u64) -> bool + Sync) -> (Survey, Rows) {
    let mut packed = Rows::new(two_rules());
    let rows: Vec<(u64, Vec<Value>)> = (0..).zip(rows).map(|(id, row)| (id, row.map(text).to_vec())).collect();
    packed.extend(&rows).unwrap();
    (survey(&mut packed, Some(&same), 1), packed)
}

#[test]
fn a_survey_says_what_each_rule_gives_alone_anew_and_only() {
    // x gives 0-1, 0-2 and 1-2; words of y give 0-1 (twice), 2-3; "every" is on too many rows.
    let rows = [["A", "p q every"], ["A", "q p every"], ["A", "r every"], ["", "r every"], ["B", ""]];
    let (found, mut packed) = surveyed(&rows, |a, b| (a, b) == (0, 1) || (a, b) == (2, 3));
    let share = |pairs, true_pairs| Share { pairs, true_pairs };
    let [x, y] = &found.rules[..] else { panic!("two rules") };
    assert_eq!((x.all, x.new, x.only), (share(3, 1), share(3, 1), share(2, 0)));
    assert_eq!((y.all, y.new, y.only), (share(2, 2), share(1, 1), share(1, 1)));
    assert_eq!((found.pairs, found.true_pairs), (4, 2));
    assert_eq!((x.blocks, x.largest.len(), x.largest[0].rows), (1, 1, 3));
    assert_eq!(x.largest[0].examples, [0, 1, 2]);
    assert_eq!((y.blocks, y.stop_keys.len(), y.stop_keys[0].rows), (3, 1, 4));

    // One pair of the same rows: which rules give it, and which would but for a stop key.
    for (a, b, given, stopped) in
        [(0, 1, vec!["x", "words of y"], 0), (3, 2, vec!["words of y"], 0), (1, 3, vec![], 4), (3, 4, vec![], 0)]
    {
        let pair = explain_pair(&mut packed, a, b).unwrap().unwrap();
        assert_eq!(pair.explanation.rules, given, "{a}-{b}");
        assert_eq!(pair.stopped.iter().map(|key| key.rows).sum::<usize>(), stopped, "{a}-{b}");
    }
    assert_eq!(explain_pair(&mut packed, 2, 2).unwrap(), None);
    assert_eq!(explain_pair(&mut packed, 2, 77).unwrap(), None);
}

/// Of A three rows are left, which fit into a block; of B four, which do not. C and E need nobody to leave.
const CROWDED: [&str; 15] = ["A D E", "A D", "A D", "A D", "A D", "B", "B", "B", "B", "B", "B", "C", "C", "F E", "G E"];
const ASIDE: [u32; 4] = [3, 4, 9, 10];

#[test]
fn rows_that_stand_aside_leave_the_blocks_that_were_too_large_with_them() {
    for (key, pairs) in [("x", 1 + 1), ("x.tokens", 3 + 3 + 1 + 3)] {
        let plan = plan("text", &format!("[\"{key}\"]"), "max_block = 3");
        let rows: Vec<(u64, Vec<Value>)> = (0..).zip(CROWDED.map(|x| vec![text(x), Value::Missing])).collect();
        let mut packed = Rows::new(plan);
        packed.extend(&rows).unwrap();
        let repeated: Vec<bool> = (0..CROWDED.len()).map(|at| CROWDED[..at].contains(&CROWDED[at])).collect();
        let mut blocks = Blocks::build_for_all(&packed, &repeated, &Meter::default());
        let before = blocks.pairs();
        for slot in ASIDE {
            packed.set_aside(slot, true);
        }
        blocks.leave_out(&packed, &ASIDE);
        let anew = Blocks::build(&packed, &Meter::default());
        assert!(before < pairs, "{key}");
        assert_eq!((blocks.pairs(), anew.pairs()), (pairs, pairs), "{key}");
        assert_eq!(partners(&blocks, &packed), partners(&anew, &packed), "{key}");
        let stop_keys = blocks.report(&[0]).stop_keys;
        assert_eq!(stop_keys, anew.report(&[0]).stop_keys, "{key}");
        assert_eq!(stop_keys.iter().map(|key| (key.rows, key.example)).collect::<Vec<_>>(), [(4, 5)], "{key}");
    }
}

/// Who is met from each row.
fn partners(blocks: &Blocks, rows: &Rows) -> Vec<(u32, Vec<Partner>)> {
    let mut met = Vec::new();
    let all = 0..CROWDED.len() as u32;
    blocks.sweep(rows, all, |_| true, &mut Partners::default(), |row, partners| met.push((row, partners.to_vec())));
    met
}
