//! How big things may get.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::reading::Function;
use crate::report;
use crate::source::{SourceFile, files_under};

const MAX_FILE_LINES: usize = 500;
/// Half of all functions have at most so many lines of code between their braces.
const MEDIAN_FUNCTION_LINES: usize = 12;
const MAX_FUNCTION_LINES: usize = 70;
const MAX_PARAMETERS: usize = 6;

/// Functions that are longer because they are a table, each with its reason: file, function, why.
const LONG_FUNCTIONS: &[(&str, &str, &str)] = &[];

#[test]
fn files_and_functions_keep_to_their_budgets() {
    let mut problems = Vec::new();
    for file in ["src", "tests", "benches"].into_iter().flat_map(files_under) {
        let path = file.path.display();
        let lines = file.text.lines().count();
        if lines > MAX_FILE_LINES {
            problems.push(format!("{path}: {lines} lines, at most {MAX_FILE_LINES}"));
        }
        for function in file.functions() {
            let Function { name, line, lines, body: _, parameters } = function;
            let exempt = LONG_FUNCTIONS.iter().any(|(f, n, _)| Path::new(f) == file.path && n == name);
            if *lines > MAX_FUNCTION_LINES && !exempt {
                problems.push(format!("{path}:{line}: {name} has {lines} lines, at most {MAX_FUNCTION_LINES}"));
            }
            if *parameters > MAX_PARAMETERS {
                problems.push(format!("{path}:{line}: {name} has {parameters} parameters, at most {MAX_PARAMETERS}"));
            }
        }
    }
    for (file, function, reason) in LONG_FUNCTIONS {
        let known = files_under("src").find(|known| known.path == Path::new(file));
        let long = known
            .is_some_and(|known| known.functions().iter().any(|f| f.name == *function && f.lines > MAX_FUNCTION_LINES));
        if !long || reason.is_empty() {
            problems.push(format!("LONG_FUNCTIONS: {file} {function} is not long any more, or has no reason"));
        }
    }
    report(&problems);
}

#[test]
fn functions_are_measured() {
    let text = "trait T { fn a(&self, x: u8); }\nimpl X {\n  fn b<F: Fn(u8, u8) -> u8>(&mut self, m: HashMap<A, B>, f: [u8; 2],) -> [u8; 3]\n  where F: X {\n    if x { fn c() {} }\n  }\n}\nfn d<'a>(&'a mut self, (x, y): (u8, u8), g: fn(A, B) -> C) { '{' }\nfn e() {\n  // why\n  let x = [\n\n  1];\n  /* y */ x\n}\nproptest! { fn law(&self, x in f(1, 2), y in g()) {\n  h(x, y)\n} }\n";
    let file = SourceFile::new(PathBuf::from("src/x.rs"), text.to_owned());
    let found: Vec<(&str, [usize; 4])> =
        file.functions().iter().map(|f| (f.name.as_str(), [f.line, f.lines, f.body, f.parameters])).collect();
    let wanted =
        [("b", [3, 4, 1, 2]), ("c", [5, 1, 1, 0]), ("d", [8, 1, 1, 2]), ("e", [9, 7, 3, 0]), ("law", [16, 3, 1, 2])];
    assert_eq!(found, wanted);
}

#[test]
fn half_of_all_functions_are_short() {
    let mut bodies: Vec<usize> =
        files_under("src").flat_map(|file| file.functions().iter().map(|function| function.body)).collect();
    bodies.sort_unstable();
    let median = bodies[bodies.len() / 2];
    assert!(bodies.len() > 1_000, "only {} functions were found", bodies.len());
    assert!(median <= MEDIAN_FUNCTION_LINES, "the median is {median} lines, at most {MEDIAN_FUNCTION_LINES}");
}

/// Prints the share of tests and of documentation: for people, who know what is worth testing.
#[test]
fn shares_are_printed() {
    let (mut all, mut tests, mut text) = (0, 0, String::new());
    for file in files_under("src").chain(files_under("tests")) {
        let lines = file.text.lines().count();
        all += lines;
        tests += if file.is_test() { lines } else { file.test_lines() };
    }
    for module in ["engine", "http"] {
        let files = files_under("src").filter(|file| file.module() == module && !file.is_test());
        let (mut lines, mut docs) = (0, 0);
        for file in files {
            lines += file.text.lines().count() - file.test_lines();
            docs += file
                .text
                .lines()
                .filter(|line| ["///", "//!"].iter().any(|d| line.trim_start().starts_with(d)))
                .count();
        }
        if let Some(share) = (docs * 100).checked_div(lines) {
            write!(text, "; {module}: {share} % of the lines without tests are documentation").expect("a string");
        }
    }
    assert!(tests > 0 && tests < all, "{tests} of {all} lines cannot be right");
    // Not `println!`: the harness would keep that to itself.
    writeln!(std::io::stdout(), "tests are {} % of {all} lines of Rust{text}", tests * 100 / all).expect("stdout");
}
