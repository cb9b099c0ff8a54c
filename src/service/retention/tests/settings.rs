//! The part of the configuration.

use super::super::Config;

#[test]
fn nonsense_is_refused_with_what_would_be_right() {
    let read = |text: &str| toml::from_str::<Config>(text).map_err(|error| error.to_string());
    assert_eq!(read("").expect("empty").older_than, None);
    let rule = read("older_than = \"365d\"").expect("a rule").older_than.expect("an age");
    assert_eq!(rule.to_string(), "365d");
    for (text, problem) in [
        ("older_than = \"0d\"", "the shortest is '1d'"),
        ("older_than = \"1 year\"", "'1 year' is not a number of days with a d behind it, as in '365d'"),
        ("older_than = 365", "expected a string"),
        ("older_then = \"365d\"", "unknown field `older_then`"),
    ] {
        let found = read(text).expect_err(text);
        assert!(found.contains(problem), "{text}: {found}");
    }
}
