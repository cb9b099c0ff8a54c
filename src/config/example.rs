//! `config/padan.example.toml` says what is true: every setting is there, with its default.

use super::Settings;

const EXAMPLE: &str = include_str!("../../config/padan.example.toml");

/// Every path of a table to something that is no table: `http.limits.page_items`.
fn paths(table: &toml::Table, above: &str, found: &mut Vec<String>) {
    for (key, value) in table {
        let path = if above.is_empty() { key.clone() } else { format!("{above}.{key}") };
        match value.as_table() {
            Some(table) => paths(table, &path, found),
            None => found.push(path),
        }
    }
}

fn paths_of(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    paths(&text.parse().expect("TOML"), "", &mut found);
    found.sort();
    found
}

#[test]
fn the_values_of_the_example_are_the_defaults() {
    let settings: Settings = toml::from_str(EXAMPLE).expect("a configuration");
    let text = |settings: &Settings| toml::to_string(settings).expect("TOML");
    assert_eq!(text(&settings), text(&Settings::default()));
}

#[test]
fn the_example_names_every_setting_that_has_a_default() {
    let mut defaults = paths_of(&toml::to_string(&Settings::default()).expect("TOML"));
    defaults.retain(|path| path != "client");
    assert_eq!(paths_of(EXAMPLE), defaults);
}

#[test]
fn settings_that_are_commented_out_are_settings() {
    let is_setting = |line: &str| line.starts_with(|c: char| c.is_ascii_lowercase() || c == '[');
    let text: Vec<&str> =
        EXAMPLE.lines().map(|line| line.strip_prefix('#').filter(|rest| is_setting(rest)).unwrap_or(line)).collect();
    let text = text.join("\n");
    let settings: Settings = toml::from_str(&text).expect("a configuration");
    assert!(settings.http.check().is_ok() && settings.http.public_url.is_some());
    assert!(settings.service.as_of.is_some() && settings.models.model.is_some());
    assert!(settings.service().retention.older_than.is_some_and(|age| age.to_string() == "365d"));
    assert_eq!(text.matches("\n[[client]]\n").count(), 2);
}
