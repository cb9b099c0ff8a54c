//! Reads Rust source just well enough: tokens with line numbers, the paths that lead to other modules, the functions.

use std::fs;
use std::path::{Path, PathBuf};

/// A piece of code. Comments and the insides of literals are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    Word(String),
    Mark(char),
}

/// One Rust file.
pub(crate) struct SourceFile {
    /// Path from the top of the repository.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    tokens: Vec<(Token, usize)>,
}

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) lines: usize,
    pub(crate) parameters: usize,
}

/// A path that starts at the top of the crate: line and segments.
pub(crate) type CratePath = (usize, Vec<String>);

/// All Rust files under a folder of the repository.
pub(crate) fn files_under(folder: &str) -> Vec<SourceFile> {
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
        let tokens = tokens(&text);
        Self { path, text, tokens }
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

    fn word(&self, at: usize) -> Option<&str> {
        match self.tokens.get(at) {
            Some((Token::Word(word), _)) => Some(word),
            _ => None,
        }
    }

    fn is(&self, at: usize, mark: char) -> bool {
        matches!(self.tokens.get(at), Some((Token::Mark(found), _)) if *found == mark)
    }

    fn line(&self, at: usize) -> usize {
        self.tokens.get(at).map_or(0, |(_, line)| *line)
    }

    fn is_separator(&self, at: usize) -> bool {
        self.is(at, ':') && self.is(at + 1, ':')
    }

    /// Lines that hold a macro call or an attribute of these names.
    pub(crate) fn uses_of(&self, macros: &[&str], attributes: &[&str]) -> Vec<(usize, String)> {
        let called = |at: usize, word: &str| self.is(at + 1, '!') && macros.contains(&word);
        let attached = |at: usize, word: &str| {
            at > 1
                && self.is(at - 1, '[')
                && (self.is(at - 2, '#') || (at > 2 && self.is(at - 2, '!') && self.is(at - 3, '#')))
                && attributes.contains(&word)
        };
        (0..self.tokens.len())
            .filter_map(|at| self.word(at).filter(|word| called(at, word) || attached(at, word)).map(|word| (at, word)))
            .map(|(at, word)| (self.line(at), word.to_owned()))
            .collect()
    }

    /// Every path from the top of the crate: `crate::a::B`, each leaf of `use crate::{a, b::{C, D}}`, enough `super::`.
    pub(crate) fn crate_paths(&self) -> Vec<CratePath> {
        self.paths_from(0, |_| true)
    }

    /// Those of them that stand in a `pub use`, or one with a scope.
    pub(crate) fn reexports(&self) -> Vec<CratePath> {
        self.paths_from(0, |at| {
            let before = |back: usize| at.checked_sub(back).and_then(|at| self.word(at));
            let scoped = at > 2 && self.is(at - 2, ')') && (3..8).any(|back| before(back) == Some("pub"));
            before(1) == Some("use") && (before(2) == Some("pub") || scoped)
        })
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
    fn paths_from(&self, top: usize, wanted: impl Fn(usize) -> bool) -> Vec<CratePath> {
        let mut paths = Vec::new();
        // One entry an open brace: whether it belongs to an inline module.
        let mut braces: Vec<bool> = Vec::new();
        let depth = self.module_path().len();
        for at in 0..self.tokens.len() {
            if self.is(at, '{') {
                braces.push(at > 1 && self.word(at - 2) == Some("mod"));
            } else if self.is(at, '}') {
                braces.pop();
            }
            let start = match self.word(at) {
                Some("crate") if top == 0 && self.is_separator(at + 1) => Some(at + 3),
                Some("padan") if top == 0 && self.module() == "main" && self.is_separator(at + 1) => Some(at + 3),
                Some("super") if at < 3 || self.word(at - 3) != Some("super") => {
                    let (supers, next) = self.supers(at);
                    let nested = braces.iter().filter(|is_module| **is_module).count();
                    (supers + top == depth + nested && supers > 0).then_some(next)
                }
                _ => None,
            };
            if let Some(start) = start.filter(|_| wanted(at)) {
                self.expand(start, &[], &mut paths);
            }
        }
        paths
    }

    /// How often `super::` stands here, and what follows.
    fn supers(&self, mut at: usize) -> (usize, usize) {
        let mut count = 0;
        while self.word(at) == Some("super") && self.is_separator(at + 1) {
            count += 1;
            at += 3;
        }
        (count, at)
    }

    /// Follows a path or a group of paths; gives back where it ends.
    fn expand(&self, mut at: usize, prefix: &[String], paths: &mut Vec<CratePath>) -> usize {
        let mut path = prefix.to_vec();
        let line = self.line(at);
        loop {
            if self.is(at, '{') {
                at += 1;
                while at < self.tokens.len() && !self.is(at, '}') {
                    let end = self.expand(at, &path, paths);
                    at = if self.is(end, ',') { end + 1 } else { end.max(at + 1) };
                    while self.word(at) == Some("as") || (self.word(at).is_some() && self.word(at - 1) == Some("as")) {
                        at += 1;
                    }
                    at += usize::from(self.is(at, ','));
                }
                return at + 1;
            }
            let Some(word) = self.word(at) else { break };
            path.push(word.to_owned());
            at += 1;
            if !self.is_separator(at) {
                break;
            }
            at += 2;
        }
        if path.len() > prefix.len() {
            paths.push((line, path));
        }
        at
    }

    /// All functions with a body, inner ones too.
    pub(crate) fn functions(&self) -> Vec<Function> {
        let starts = (0..self.tokens.len()).filter(|at| self.word(*at) == Some("fn"));
        starts.filter_map(|at| self.function(at)).collect()
    }

    fn function(&self, start: usize) -> Option<Function> {
        let name = self.word(start + 1)?.to_owned();
        let open = (start..self.tokens.len()).find(|at| self.is(*at, '('))?;
        let (close, parameters) = self.parameters(open);
        let mut nested = 0_usize;
        let mut body = close;
        loop {
            match &self.tokens.get(body)?.0 {
                Token::Mark('{') if nested == 0 => break,
                Token::Mark(';') if nested == 0 => return None,
                Token::Mark('(' | '[' | '{') => nested += 1,
                Token::Mark(')' | ']' | '}') => nested = nested.saturating_sub(1),
                Token::Mark(_) | Token::Word(_) => {}
            }
            body += 1;
        }
        let end = self.closing(body)?;
        let line = self.line(start);
        Some(Function { name, line, lines: self.line(end) - line + 1, parameters })
    }

    /// Where the parameter list ends, and how many there are besides `self`.
    fn parameters(&self, open: usize) -> (usize, usize) {
        let end = self.closing(open).unwrap_or(open);
        let (mut depth, mut count, mut filled) = (0_usize, 0, false);
        for at in open + 1..end {
            let arrow = self.is(at, '>') && (self.is(at - 1, '-') || self.is(at - 1, '='));
            match &self.tokens[at].0 {
                Token::Mark('(' | '[' | '{' | '<') => depth += 1,
                Token::Mark('>') if arrow => {}
                Token::Mark(')' | ']' | '}' | '>') => depth = depth.saturating_sub(1),
                Token::Mark(',') if depth == 0 => {
                    count += usize::from(filled);
                    filled = false;
                    continue;
                }
                Token::Mark(_) | Token::Word(_) => {}
            }
            filled = true;
        }
        count += usize::from(filled);
        let first = (open + 1..end).find(|at| self.word(*at) != Some("mut") && self.word(*at).is_some());
        let takes_self = first.is_some_and(|at| {
            self.word(at) == Some("self")
                || (self.is(at - 1, '\'') && self.word(at + 1) == Some("self"))
                || (self.is(at - 1, '\'') && self.word(at + 1) == Some("mut") && self.word(at + 2) == Some("self"))
        });
        (end + 1, count - usize::from(takes_self))
    }

    /// The mark that closes the one here.
    fn closing(&self, open: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for at in open..self.tokens.len() {
            match &self.tokens[at].0 {
                Token::Mark('(' | '[' | '{') => depth += 1,
                Token::Mark(')' | ']' | '}') => depth -= 1,
                Token::Mark(_) | Token::Word(_) => {}
            }
            if depth == 0 {
                return Some(at);
            }
        }
        None
    }

    /// Lines of inline test modules.
    pub(crate) fn test_lines(&self) -> usize {
        let is_tests = |at: &usize| {
            let at = *at;
            let attribute = ["cfg", "(", "test", ")", "]"].iter().enumerate();
            self.word(at) == Some("mod")
                && self.is(at + 2, '{')
                && at >= 5
                && attribute.into_iter().all(|(i, wanted)| match &self.tokens[at - 5 + i].0 {
                    Token::Word(word) => word == wanted,
                    Token::Mark(mark) => wanted.starts_with(*mark),
                })
        };
        let modules = (0..self.tokens.len()).filter(is_tests);
        modules.filter_map(|at| Some(self.line(self.closing(at + 2)?) - self.line(at) + 1)).sum()
    }
}

/// Splits text into tokens. A literal becomes a single `"` mark, a lifetime a `'` and a word.
pub(crate) fn tokens(text: &str) -> Vec<(Token, usize)> {
    let bytes = text.as_bytes();
    let (mut out, mut at, mut line) = (Vec::new(), 0, 1);
    while at < bytes.len() {
        let rest = &text[at..];
        let (length, token) = next(rest);
        if let Some(token) = token {
            out.push((token, line));
        }
        line += rest[..length].matches('\n').count();
        at += length;
    }
    out
}

/// Length and meaning of what the text starts with.
fn next(text: &str) -> (usize, Option<Token>) {
    let first = text.chars().next().unwrap_or(' ');
    if text.starts_with("//") {
        return (text.find('\n').unwrap_or(text.len()), None);
    }
    if text.starts_with("/*") {
        return (block_comment(text), None);
    }
    if let Some(length) = literal(text) {
        return (length, Some(Token::Mark('"')));
    }
    if first.is_alphanumeric() || first == '_' {
        let length = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
        return (length, Some(Token::Word(text[..length].to_owned())));
    }
    (first.len_utf8(), (!first.is_whitespace()).then_some(Token::Mark(first)))
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

/// The length of a string or character literal.
fn literal(text: &str) -> Option<usize> {
    let prefix = text.find(|c: char| !matches!(c, 'b' | 'c' | 'r')).filter(|length| *length <= 2)?;
    let body = &text[prefix..];
    let is_raw = text[..prefix].contains('r');
    let hashes = body.len() - body.trim_start_matches('#').len();
    if is_raw && body[hashes..].starts_with('"') {
        let end = format!("\"{}", "#".repeat(hashes));
        let start = prefix + hashes + 1;
        return Some(text[start..].find(&end).map_or(text.len(), |at| start + at + end.len()));
    }
    let quote = body.chars().next()?;
    let is_character = quote == '\'' && {
        let mut inside = body[1..].chars();
        inside.next() == Some('\\') || inside.next() == Some('\'')
    };
    if quote != '"' && !is_character {
        return None;
    }
    let mut escaped = false;
    for (at, c) in body.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(prefix + at + 1),
            _ => {}
        }
    }
    Some(text.len())
}
