//! What a Rust file says: the paths that it names, its functions, its macros and attributes, each with its line.
//!
//! Items are read with syn. What stands inside a macro call is no Rust until the macro says so: there, tokens are looked at.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Block, FnArg, ImplItemFn, ItemFn, ItemMod, ItemUse, Signature, TraitItemFn, UseTree, Visibility};

/// What one file says.
#[derive(Default)]
pub(crate) struct Reading {
    pub(crate) paths: Vec<Named>,
    pub(crate) functions: Vec<Function>,
    /// Macros that are called, with `!` behind their names.
    pub(crate) macros: Vec<(usize, String)>,
    pub(crate) attributes: Vec<(usize, String)>,
    /// Lines with the word `unsafe`.
    pub(crate) unsafe_lines: BTreeSet<usize>,
    /// Lines that are neither empty nor a comment.
    code_lines: BTreeSet<usize>,
    /// Lines of modules that are built for tests only.
    pub(crate) test_lines: usize,
    /// How many inline modules are around what is being read.
    depth: usize,
}

/// A path as it is written, one for each leaf of a `use`.
pub(crate) struct Named {
    pub(crate) line: usize,
    pub(crate) segments: Vec<String>,
    /// How many inline modules are around it.
    pub(crate) depth: usize,
    /// Whether it stands in a `pub use`, or one with a scope.
    pub(crate) handed_on: bool,
}

/// A function with a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) line: usize,
    /// From the word `fn` to the closing brace.
    pub(crate) lines: usize,
    /// Lines between the braces that hold code.
    pub(crate) body: usize,
    pub(crate) parameters: usize,
}

impl Reading {
    /// Reads a file; fails where it is no Rust.
    pub(crate) fn of(text: &str) -> syn::Result<Self> {
        let mut reading = Self::default();
        reading.note_lines(text.parse()?);
        reading.visit_file(&syn::parse_file(text)?);
        Ok(reading)
    }

    fn note_path(&mut self, line: usize, segments: Vec<String>, handed_on: bool) {
        self.paths.push(Named { line, segments, depth: self.depth, handed_on });
    }

    fn note_function(&mut self, signature: &Signature, block: &Block) {
        let parameters = signature.inputs.iter().filter(|input| matches!(input, FnArg::Typed(_))).count();
        let braces = block.brace_token.span;
        self.note_body(&signature.ident, [signature.fn_token.span, braces.open(), braces.close()], parameters);
    }

    /// A function that begins, opens and closes its body at these places.
    fn note_body(&mut self, name: &Ident, places: [Span; 3], parameters: usize) {
        let [line, open, close] = places.map(line_of);
        let body = if open == close { 1 } else { self.code_lines.range(open + 1..close).count() };
        self.functions.push(Function { name: name.to_string(), line, lines: close - line + 1, body, parameters });
    }

    fn note_lines(&mut self, tokens: TokenStream) {
        for token in tokens {
            let (start, end) = (token.span().start().line, token.span().end().line);
            match token {
                TokenTree::Group(group) => {
                    self.code_lines.extend([start, end]);
                    self.note_lines(group.stream());
                }
                TokenTree::Ident(word) => {
                    self.code_lines.insert(start);
                    self.unsafe_lines.extend((word == "unsafe").then_some(start));
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => self.code_lines.extend(start..=end),
            }
        }
    }

    /// Each leaf of a `use`, or of what looks like one.
    fn leaves(&mut self, tree: &UseTree, before: &[String], line: Option<usize>, handed_on: bool) {
        let with = |ident: &Ident| [before, &[ident.to_string()]].concat();
        let at = |ident: &Ident| line.unwrap_or_else(|| line_of(ident.span()));
        match tree {
            UseTree::Path(path) => self.leaves(&path.tree, &with(&path.ident), Some(at(&path.ident)), handed_on),
            UseTree::Name(name) => self.note_path(at(&name.ident), with(&name.ident), handed_on),
            UseTree::Rename(name) => self.note_path(at(&name.ident), with(&name.ident), handed_on),
            UseTree::Glob(glob) => {
                self.note_path(line.unwrap_or(line_of(glob.star_token.span)), before.to_vec(), handed_on);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.leaves(tree, before, None, handed_on);
                }
            }
        }
    }

    /// Reads what stands inside a macro call.
    fn scan(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            at += match &tokens[at] {
                TokenTree::Ident(word) if word == "fn" => self.scan_function(&tokens[at..]),
                TokenTree::Ident(word) => self.scan_word(word, &tokens[at..]),
                TokenTree::Punct(mark) if mark.as_char() == '#' => self.scan_attribute(&tokens[at + 1..]),
                TokenTree::Group(group) => {
                    self.scan(group.stream());
                    1
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => 1,
            };
        }
    }

    /// A path or the name of a macro; gives back how many tokens it takes. A path may end in a group of paths.
    fn scan_word(&mut self, word: &Ident, tokens: &[TokenTree]) -> usize {
        let mut end = 1;
        while is_separator(&tokens[end..]) {
            end += match tokens.get(end + 2) {
                Some(TokenTree::Ident(_)) => 3,
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => 3,
                _ => break,
            };
        }
        if is_mark(tokens.get(end), '!') {
            self.macros.push((line_of(word.span()), word.to_string()));
        }
        let path: TokenStream = tokens[..end].iter().cloned().collect();
        if let Ok(tree) = syn::parse2::<UseTree>(path) {
            self.leaves(&tree, &[], None, false);
        }
        end
    }

    fn scan_attribute(&mut self, tokens: &[TokenTree]) -> usize {
        let inner = usize::from(is_mark(tokens.first(), '!'));
        if let Some(TokenTree::Group(group)) = tokens.get(inner)
            && let Some(TokenTree::Ident(name)) = group.stream().into_iter().next()
        {
            self.attributes.push((line_of(name.span()), name.to_string()));
        }
        1
    }

    fn scan_function(&mut self, tokens: &[TokenTree]) -> usize {
        let group = |wanted| {
            move |token: &TokenTree| {
                let TokenTree::Group(group) = token else { return None };
                (group.delimiter() == wanted).then(|| group.clone())
            }
        };
        let end = tokens.iter().position(|token| is_mark(Some(token), ';')).unwrap_or(tokens.len());
        let inputs = tokens[..end].iter().find_map(group(Delimiter::Parenthesis));
        let body = tokens[..end].iter().find_map(group(Delimiter::Brace));
        if let (Some(TokenTree::Ident(name)), Some(inputs), Some(body)) = (tokens.get(1), inputs, body) {
            let inputs: Vec<TokenTree> = inputs.stream().into_iter().collect();
            let parts = inputs
                .split(|token| is_mark(Some(token), ','))
                .filter(|part| !part.is_empty() && !part.iter().any(is_self));
            self.note_body(name, [tokens[0].span(), body.span_open(), body.span_close()], parts.count());
        }
        1
    }
}

impl<'ast> Visit<'ast> for Reading {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let handed_on = !matches!(item.vis, Visibility::Inherited);
        self.leaves(&item.tree, &[], None, handed_on);
        item.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if let Some(first) = path.segments.first() {
            let segments = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.note_path(line_of(first.ident.span()), segments, false);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        if let Some(name) = call.path.segments.last() {
            self.macros.push((line_of(name.ident.span()), name.ident.to_string()));
        }
        self.visit_path(&call.path);
        self.scan(call.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let Some(name) = attribute.path().get_ident() {
            self.attributes.push((line_of(name.span()), name.to_string()));
        }
        if let syn::Meta::List(list) = &attribute.meta {
            self.scan(list.tokens.clone());
        }
        visit::visit_attribute(self, attribute);
    }

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if let Some((brace, _)) = &module.content {
            let for_tests = |attribute: &Attribute| match &attribute.meta {
                syn::Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
                syn::Meta::Path(_) | syn::Meta::NameValue(_) => false,
            };
            if module.attrs.iter().any(for_tests) {
                self.test_lines += line_of(brace.span.close()) - line_of(module.mod_token.span) + 1;
            }
        }
        self.depth += 1;
        visit::visit_item_mod(self, module);
        self.depth -= 1;
    }

    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.note_function(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        self.note_function(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast TraitItemFn) {
        if let Some(block) = &function.default {
            self.note_function(&function.sig, block);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

fn line_of(place: Span) -> usize {
    place.start().line
}

fn is_mark(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(mark)) if mark.as_char() == wanted)
}

fn is_self(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Ident(word) if word == "self")
}

/// Whether the tokens begin with `::`.
fn is_separator(tokens: &[TokenTree]) -> bool {
    is_mark(tokens.first(), ':') && is_mark(tokens.get(1), ':')
}
