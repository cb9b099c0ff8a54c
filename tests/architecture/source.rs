//! The Rust files of the repository: where each stands among the modules, and which of them its paths lead to.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::reading::{Function, Named, Reading};

/// One Rust file.
pub(crate) struct SourceFile {
    /// Path from the top of the repository.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    reading: Reading,
}

/// A path that starts at the top of the crate: line and segments.
pub(crate) type CratePath = (usize, Vec<String>);

/// All Rust files under a folder of the repository: `src`, `tests`, `benches`, or below them.
pub(crate) fn files_under(folder: &str) -> impl Iterator<Item = &'static SourceFile> {
    static ALL: OnceLock<Vec<SourceFile>> = OnceLock::new();
    let all = ALL.get_or_init(|| ["benches", "src", "tests"].into_iter().flat_map(read).collect());
    all.iter().filter(move |file| file.path.starts_with(folder))
}

fn read(folder: &str) -> Vec<SourceFile> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![top.join(folder)];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the repository") {
            let path = entry.expect("an entry").path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "node_modules") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("UTF-8");
                files.push(SourceFile::new(path.strip_prefix(top).expect("inside").to_owned(), text));
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

impl SourceFile {
    pub(crate) fn new(path: PathBuf, text: String) -> Self {
        let reading = Reading::of(&text).unwrap_or_else(|error| panic!("{} is no Rust: {error}", path.display()));
        Self { path, text, reading }
    }

    /// `engine` for `src/engine/block/mod.rs`; `main` and `lib` for themselves.
    pub(crate) fn module(&self) -> String {
        self.module_path().first().cloned().unwrap_or_else(|| self.stem())
    }

    /// Whether it holds nothing but tests.
    pub(crate) fn is_test(&self) -> bool {
        self.path.starts_with("tests") || self.path.components().any(|part| part.as_os_str() == "tests") || {
            let stem = self.stem();
            stem == "tests" || stem.ends_with("_tests")
        }
    }

    fn stem(&self) -> String {
        self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// `plan` for `src/engine/plan/key.rs`: which part of its module the file belongs to; none for the front door.
    pub(crate) fn part(&self) -> Option<String> {
        self.module_path().get(1).cloned()
    }

    /// The module that the file is: empty for the root files.
    fn module_path(&self) -> Vec<String> {
        let inside = self.path.strip_prefix("src").unwrap_or(&self.path).with_extension("");
        let mut parts: Vec<String> = inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        if parts.last().is_some_and(|last| last == "mod")
            || matches!(parts.as_slice(), [one] if one == "main" || one == "lib")
        {
            parts.pop();
        }
        parts
    }

    /// Lines that hold a macro call or an attribute of these names.
    pub(crate) fn uses_of(&self, macros: &[&str], attributes: &[&str]) -> Vec<(usize, String)> {
        let called = self.reading.macros.iter().filter(|(_, name)| macros.contains(&name.as_str()));
        let attached = self.reading.attributes.iter().filter(|(_, name)| attributes.contains(&name.as_str()));
        let mut found: Vec<_> = called.chain(attached).cloned().collect();
        found.sort();
        found
    }

    /// Lines with the word `unsafe`.
    pub(crate) fn unsafe_lines(&self) -> impl Iterator<Item = usize> {
        self.reading.unsafe_lines.iter().copied()
    }

    /// Every path from the top of the crate: `crate::a::B`, each leaf of `use crate::{a, b::{C, D}}`, enough `super::`.
    pub(crate) fn crate_paths(&self) -> Vec<CratePath> {
        self.paths_from(0, |_| true)
    }

    /// Those of them that stand in a `pub use`, or one with a scope.
    pub(crate) fn reexports(&self) -> Vec<CratePath> {
        self.paths_from(0, |path| path.handed_on)
    }

    /// Every path that leads to a part of the module that the file is in: for a file under `engine` what stands behind
    /// `crate::engine::`, and behind as many `super::` as lead there.
    pub(crate) fn paths_in_module(&self) -> Vec<CratePath> {
        let own = self.module();
        let from_top = self.crate_paths().into_iter().filter(|(_, path)| path.len() > 1 && path[0] == own);
        let inside = from_top.map(|(line, path)| (line, path[1..].to_vec()));
        inside.chain(self.paths_from(1, |_| true)).collect()
    }

    /// Every wanted path that starts at the own module so deep below the top of the crate, where enough `super::` lead. To
    /// the top itself `crate::` leads, too.
    fn paths_from(&self, top: usize, wanted: impl Fn(&Named) -> bool) -> Vec<CratePath> {
        let paths = self.reading.paths.iter().filter(|path| wanted(path));
        paths.filter_map(|path| Some((path.line, self.behind(top, path)?.to_vec()))).collect()
    }

    /// The rest of a path that starts so deep below the top.
    fn behind<'p>(&self, top: usize, path: &'p Named) -> Option<&'p [String]> {
        let segments = path.segments.strip_prefix(&["self".to_owned()]).unwrap_or(&path.segments);
        let supers = segments.iter().take_while(|segment| *segment == "super").count();
        let from_top = match segments.first()?.as_str() {
            "crate" => top == 0,
            "padan" => top == 0 && self.module() == "main",
            _ => false,
        };
        let enough = supers > 0 && supers + top == self.module_path().len() + path.depth;
        let rest = &segments[if from_top { 1 } else { supers }..];
        ((from_top || enough) && !rest.is_empty()).then_some(rest)
    }

    /// All functions with a body, inner ones too, in the order in which they stand.
    pub(crate) fn functions(&self) -> &[Function] {
        &self.reading.functions
    }

    /// Lines of inline test modules.
    pub(crate) fn test_lines(&self) -> usize {
        self.reading.test_lines
    }
}
