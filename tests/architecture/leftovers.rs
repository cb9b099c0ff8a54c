//! What is left undone, silenced or unsafe.

use std::path::PathBuf;

use crate::report;
use crate::source::{SourceFile, files_under};

#[test]
fn nothing_is_left_undone_or_silenced() {
    let marks = [["TO", "DO"].concat(), ["FIX", "ME"].concat()];
    let mut problems = Vec::new();
    for file in files_under("src").chain(files_under("tests")) {
        let path = file.path.display();
        for (line, what) in file.uses_of(&["todo", "unimplemented", "dbg"], &["ignore", "allow"]) {
            problems.push(format!("{path}:{line}: {what}"));
        }
        for (at, line) in file.text.lines().enumerate() {
            if marks.iter().any(|mark| line.split(|c: char| !c.is_alphanumeric()).any(|word| word == mark)) {
                problems.push(format!("{path}:{}: work left undone", at + 1));
            }
        }
    }
    report(&problems);
}

#[test]
fn unsafe_code_stands_in_the_kernels_and_says_why() {
    let mut problems = Vec::new();
    for file in files_under("src") {
        let lines: Vec<&str> = file.text.lines().map(str::trim).collect();
        for line in file.unsafe_lines() {
            let place = format!("{}:{line}", file.path.display());
            let before = line.checked_sub(2).map_or("", |before| lines[before]);
            if !file.path.starts_with("src/engine/kernel") {
                problems.push(format!("{place}: unsafe code outside of the kernels"));
            } else if !before.starts_with("// SAFETY: ") {
                problems.push(format!("{place}: no SAFETY paragraph"));
            }
        }
    }
    report(&problems);
}

#[test]
fn leftovers_are_seen() {
    let text = "#![allow(x)]\n#[ignore]\nfn a() { vec![todo!()] }\n#[expect(y)] // #[allow(z)]\nfn ignore() { allow(1) }\nm! { #[ignore] }";
    let file = SourceFile::new(PathBuf::from("src/x.rs"), text.to_owned());
    let found = file.uses_of(&["todo"], &["ignore", "allow"]);
    let wanted = [(1, "allow"), (2, "ignore"), (3, "todo"), (6, "ignore")];
    assert_eq!(found, wanted.map(|(line, name)| (line, name.to_owned())));
}

/// One rule for modules with parts: their first file stands with the others, as `mod.rs`.
#[test]
fn a_module_with_parts_stands_in_its_folder() {
    let beside = |file: &&SourceFile| file.path.with_extension("").is_dir();
    let problems: Vec<String> = files_under("src")
        .chain(files_under("tests/it"))
        .filter(beside)
        .map(|file| format!("{}: move it to mod.rs in the folder of its name", file.path.display()))
        .collect();
    report(&problems);
}
