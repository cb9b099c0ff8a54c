//! Tags of an XML document, one after the other, without keeping more than one of them.
//!
//! Not a reader of documents: it stands before one and sees to it that no tag, text or nesting is larger than it may be, and
//! that every tag was looked at. So it knows only where tags begin and end, and refuses what it could misunderstand: other
//! encodings than UTF-8, and document types.

use std::io::BufRead;

use super::error::{Limit, SheetError};

/// Elements inside each other. A sheet has six or seven levels.
const DEEPEST: usize = 128;

/// How large the pieces of a document may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    /// Bytes of a tag or comment.
    pub(super) tag: usize,
    /// Bytes of the text between two tags.
    pub(super) text: usize,
    /// Bytes of the document, and what they are called when there are more.
    pub(super) document: u64,
    pub(super) called: Limit,
}

/// A tag that begins an element, or one that is whole in itself.
pub(super) struct Tag<'t> {
    /// The name without the part before its colon.
    pub(super) name: &'t str,
    attributes: &'t str,
}

impl<'t> Tag<'t> {
    fn of(inside: &'t str) -> Self {
        let inside = inside.strip_suffix('/').unwrap_or(inside);
        let end = inside.find(|sign: char| sign.is_ascii_whitespace()).unwrap_or(inside.len());
        let (name, attributes) = inside.split_at(end);
        Self { name: name.rsplit(':').next().unwrap_or(name), attributes }
    }

    /// How long it is.
    pub(super) fn bytes(&self) -> usize {
        self.name.len() + self.attributes.len()
    }

    /// All attributes, with the names and values as they are written.
    pub(super) fn attributes(&self) -> impl Iterator<Item = Result<(&'t str, &'t str), SheetError>> {
        let mut rest = self.attributes.trim_ascii();
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let found = attribute(rest);
            rest = found.map_or("", |(_, _, behind)| behind);
            Some(found.map(|(name, value, _)| (name, value)).ok_or(SheetError::BadWorkbook { row: None }))
        })
    }

    /// The value of an attribute, with `name` as it is written.
    pub(super) fn attribute(&self, name: &str) -> Result<Option<&'t str>, SheetError> {
        for attribute in self.attributes() {
            let (found, value) = attribute?;
            if found == name {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }
}

/// The first attribute: its name, its value, and what stands behind it.
fn attribute(text: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = text.split_once('=')?;
    let rest = rest.trim_ascii_start();
    let quote = rest.chars().next().filter(|sign| matches!(sign, '"' | '\''))?;
    let (value, rest) = rest[1..].split_once(quote)?;
    Some((name.trim_ascii(), value, rest.trim_ascii_start()))
}

/// What comes next in a document.
pub(super) enum Piece<'t> {
    /// An element begins, and perhaps ends.
    Begin(Tag<'t>),
    /// An element ends.
    End(&'t str),
    /// So many bytes of text stood before a tag.
    Text(usize),
}

/// Goes through a document and shows every tag and text to `look`.
pub(super) fn walk(
    mut document: impl BufRead,
    sizes: Sizes,
    mut look: impl FnMut(Piece<'_>) -> Result<(), SheetError>,
) -> Result<u64, SheetError> {
    let mut piece = Vec::new();
    let (mut read, mut depth) = (0, 0_usize);
    loop {
        let text = skip_text(&mut document, sizes.text)?;
        read += text.bytes as u64;
        if text.bytes > 0 {
            look(Piece::Text(text.bytes))?;
        }
        if text.ended {
            return Ok(read);
        }
        take_tag(&mut document, &mut piece, sizes.tag)?;
        read += piece.len() as u64 + 1;
        if read > sizes.document {
            return Err(SheetError::too_much(sizes.called, sizes.document));
        }
        depth = stand(&piece, depth, &mut look)?;
        if depth > DEEPEST {
            return Err(SheetError::too_much(Limit::Depth, DEEPEST as u64));
        }
    }
}

/// Shows one tag; answers how deep one stands behind it.
fn stand(
    piece: &[u8],
    depth: usize,
    look: &mut impl FnMut(Piece<'_>) -> Result<(), SheetError>,
) -> Result<usize, SheetError> {
    let bad = || SheetError::BadWorkbook { row: None };
    let inside = piece.strip_suffix(b">").ok_or_else(bad)?;
    if inside.starts_with(b"!") {
        // Document types define what names stand for, which nobody here does; `<!-->` is a comment for some readers only.
        let is_comment = inside.len() >= 5 && inside.starts_with(b"!--") && inside.ends_with(b"--");
        if !is_comment && !inside.starts_with(b"![CDATA[")
            || inside.starts_with(b"!-->")
            || inside.starts_with(b"!--->")
        {
            return Err(bad());
        }
        look(Piece::Text(inside.len() + "<>".len()))?;
        return Ok(depth);
    }
    let inside = std::str::from_utf8(inside).map_err(|_| bad())?;
    if inside.contains(['\0', '<']) {
        return Err(bad());
    }
    if let Some(instruction) = inside.strip_prefix('?') {
        return if is_utf8(instruction) { Ok(depth) } else { Err(bad()) };
    }
    if let Some(name) = inside.strip_prefix('/') {
        look(Piece::End(name.trim_ascii().rsplit(':').next().unwrap_or(name)))?;
        return Ok(depth.saturating_sub(1));
    }
    let tag = Tag::of(inside);
    let name = tag.name;
    look(Piece::Begin(tag))?;
    if inside.ends_with('/') {
        look(Piece::End(name))?;
        return Ok(depth);
    }
    Ok(depth + 1)
}

/// Whether a declaration says UTF-8, or nothing.
fn is_utf8(instruction: &str) -> bool {
    let declared = instruction.starts_with("xml") && instruction.contains("encoding");
    !declared || ["utf-8", "utf8"].iter().any(|name| instruction.to_ascii_lowercase().contains(name))
}

/// The text before a tag: how long it was, and whether the document ended.
struct Skipped {
    bytes: usize,
    ended: bool,
}

/// Goes behind the next `<`.
fn skip_text(document: &mut impl BufRead, most: usize) -> Result<Skipped, SheetError> {
    let mut bytes = 0;
    loop {
        let buffer = document.fill_buf()?;
        if buffer.is_empty() {
            return Ok(Skipped { bytes, ended: true });
        }
        let found = buffer.iter().position(|byte| *byte == b'<');
        let taken = found.unwrap_or(buffer.len());
        bytes += taken;
        document.consume(taken + usize::from(found.is_some()));
        if bytes > most {
            return Err(SheetError::too_much(Limit::CellBytes, most as u64));
        }
        if found.is_some() {
            return Ok(Skipped { bytes, ended: false });
        }
    }
}

/// Takes what stands behind `<` up to the `>` that ends it.
fn take_tag(document: &mut impl BufRead, piece: &mut Vec<u8>, most: usize) -> Result<(), SheetError> {
    piece.clear();
    let mut quotes = Quotes::default();
    loop {
        let buffer = document.fill_buf()?;
        if buffer.is_empty() {
            return Err(SheetError::BadWorkbook { row: None });
        }
        let found = buffer.iter().position(|byte| *byte == b'>');
        let taken = found.map_or(buffer.len(), |at| at + 1);
        piece.extend_from_slice(&buffer[..taken]);
        document.consume(taken);
        if piece.len() > most {
            return Err(SheetError::too_much(Limit::CellBytes, most as u64));
        }
        if found.is_some() && is_whole(piece, &mut quotes) {
            return Ok(());
        }
    }
}

/// How far a tag was searched for quotes, and the one that is open there.
#[derive(Default)]
struct Quotes {
    searched: usize,
    open: Option<u8>,
}

/// Whether a `>` at the end ends the tag: it may stand in a comment, or in the quotes of an attribute.
fn is_whole(piece: &[u8], quotes: &mut Quotes) -> bool {
    match piece {
        [b'!', b'-', b'-', comment @ ..] => comment.starts_with(b">") || comment.ends_with(b"-->"),
        [b'!', b'[', ..] => piece.ends_with(b"]]>"),
        [b'?', ..] => piece.ends_with(b"?>"),
        [b'/' | b'!', ..] => true,
        _ => quotes.are_closed(piece),
    }
}

impl Quotes {
    /// Whether no quote is open at the end of what came so far.
    fn are_closed(&mut self, piece: &[u8]) -> bool {
        for byte in &piece[self.searched..] {
            match self.open {
                None if matches!(byte, b'"' | b'\'') => self.open = Some(*byte),
                Some(open) if open == *byte => self.open = None,
                _ => {}
            }
        }
        self.searched = piece.len();
        self.open.is_none()
    }
}
