//! Cuts an NDJSON file into chunks, each with an idempotency key that the same run finds again when it
//! goes on with the same file.

use std::io::{self, BufRead, Read};

use sha2::{Digest, Sha256};

/// How big a chunk may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkLimits {
    /// Lines with content.
    pub rows: u64,
    /// Bytes; a single line may be longer.
    pub bytes: usize,
    /// Bytes of one line; a longer one ends the push.
    pub line_bytes: usize,
}

impl Default for ChunkLimits {
    fn default() -> Self {
        Self { rows: 2_000, bytes: 4 << 20, line_bytes: 16 << 20 }
    }
}

/// Part of a file: whole lines, as they stand there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Line of the file that the body starts with, 1-based.
    pub(super) first_line: u64,
    /// The body of the request.
    pub(super) body: Vec<u8>,
    /// The idempotency key.
    pub(super) key: String,
    /// SHA-256 of the file up to the end of this chunk.
    pub(super) sha256: String,
    /// Bytes of the file up to the end of this chunk.
    pub(super) end: u64,
}

/// Why a file cannot be cut.
#[derive(Debug)]
pub(super) enum ChunkError {
    Read(io::Error),
    LineTooLong { line: u64 },
}

/// The chunks of a file.
pub(super) struct Chunks<R> {
    reader: R,
    seed: String,
    limits: ChunkLimits,
    so_far: Sha256,
    number: u64,
    lines: u64,
    bytes: u64,
    /// A line that no longer fitted into the last chunk.
    pending: Vec<u8>,
}

impl<R: BufRead> Chunks<R> {
    /// `seed` tells the keys of one run and file from those of another.
    pub(super) fn new(reader: R, seed: String, limits: ChunkLimits) -> Self {
        Self { reader, seed, limits, so_far: Sha256::new(), number: 0, lines: 0, bytes: 0, pending: Vec::new() }
    }

    /// The next chunk with at least one row; `None` at the end of the file.
    pub(super) fn next_chunk(&mut self) -> Result<Option<Chunk>, ChunkError> {
        loop {
            let first_line = self.lines + 1;
            let (body, rows) = self.fill()?;
            if body.is_empty() {
                return Ok(None);
            }
            let key = self.key(&body);
            self.bytes += body.len() as u64;
            self.number += 1;
            if rows > 0 {
                let sha256 = hex::encode(self.so_far.clone().finalize());
                return Ok(Some(Chunk { first_line, body, key, sha256, end: self.bytes }));
            }
        }
    }

    fn fill(&mut self) -> Result<(Vec<u8>, u64), ChunkError> {
        let (mut body, mut rows) = (Vec::new(), 0);
        while rows < self.limits.rows && self.read_line()? {
            if !body.is_empty() && body.len() + self.pending.len() > self.limits.bytes {
                break;
            }
            rows += u64::from(!self.pending.trim_ascii().is_empty());
            body.append(&mut self.pending);
            self.lines += 1;
        }
        Ok((body, rows))
    }

    /// Makes sure that a line is pending; `false` at the end of the file.
    fn read_line(&mut self) -> Result<bool, ChunkError> {
        if self.pending.is_empty() {
            let limit = self.limits.line_bytes as u64 + 1;
            self.reader.by_ref().take(limit).read_until(b'\n', &mut self.pending).map_err(ChunkError::Read)?;
            if self.pending.len() > self.limits.line_bytes {
                return Err(ChunkError::LineTooLong { line: self.lines + 1 });
            }
        }
        Ok(!self.pending.is_empty())
    }

    /// The same in one run for the same beginning of a file, cut in the same way. Thus a run that was cut off is taken up
    /// where it ended, also where the file has grown at its end.
    fn key(&mut self, body: &[u8]) -> String {
        self.so_far.update(body);
        let mut key = Sha256::new();
        key.update(&self.seed);
        key.update(self.so_far.clone().finalize());
        key.update(self.number.to_be_bytes());
        key.update(Sha256::digest(body));
        hex::encode(key.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str, rows: u64, bytes: usize) -> Vec<Chunk> {
        cut_as("run|0", text, rows, bytes)
    }

    fn cut_as(seed: &str, text: &str, rows: u64, bytes: usize) -> Vec<Chunk> {
        let limits = ChunkLimits { rows, bytes, line_bytes: 20 };
        let mut chunks = Chunks::new(text.as_bytes(), seed.to_owned(), limits);
        std::iter::from_fn(|| chunks.next_chunk().expect("readable")).collect()
    }

    #[test]
    fn files_are_cut_at_line_ends() {
        // Name, text, rows and bytes a chunk; then first line and body of each chunk.
        type Case = (&'static str, &'static str, u64, usize, &'static [(u64, &'static str)]);
        let cases: &[Case] = &[
            ("nothing", "", 2, 99, &[]),
            ("by rows", "a\nb\nc\n", 2, 99, &[(1, "a\nb\n"), (3, "c\n")]),
            ("no end of line", "a\nb", 2, 99, &[(1, "a\nb")]),
            ("by bytes", "aaaa\nbbbb\nc\n", 9, 8, &[(1, "aaaa\n"), (2, "bbbb\nc\n")]),
            ("one line longer than a chunk", "aaaaaaaaaa\nb\n", 9, 4, &[(1, "aaaaaaaaaa\n"), (2, "b\n")]),
            ("empty lines count as lines, not as rows", "\na\n\n\nb\nc\n", 2, 99, &[(1, "\na\n\n\nb\n"), (6, "c\n")]),
            ("a chunk of empty lines is not sent", "a\n\n \n\nb\n", 9, 3, &[(1, "a\n\n"), (5, "b\n")]),
            ("only empty lines", "\n\n", 9, 99, &[]),
        ];
        for (name, text, rows, bytes, wanted) in cases {
            let chunks = cut(text, *rows, *bytes);
            let got: Vec<(u64, &str)> = chunks
                .iter()
                .map(|chunk| (chunk.first_line, std::str::from_utf8(&chunk.body).expect("text")))
                .collect();
            assert_eq!(got, *wanted, "{name}");
            if let Some(last) = chunks.last().filter(|_| !text.ends_with("\n\n")) {
                assert_eq!(last.end, text.len() as u64, "{name}");
            }
        }
    }

    #[test]
    fn keys_are_the_same_for_the_same_beginning_only() {
        let keys =
            |text: &str, rows| -> Vec<String> { cut(text, rows, 99).into_iter().map(|chunk| chunk.key).collect() };
        let first = keys("a\nb\nc\n", 1);
        assert_eq!(first, keys("a\nb\nc\n", 1));
        assert_eq!(first[..], keys("a\nb\nc\nd\n", 1)[..3], "a file that grew");
        assert_eq!(first[0].len(), 64);
        for (name, other) in [("a change before it", keys("x\nb\nc\n", 1)), ("another cut", keys("a\nb\nc\n", 2))] {
            assert_ne!(first[1], other[1], "{name}");
        }
        let other: Vec<String> = cut_as("run|1", "a\nb\nc\n", 1, 99).into_iter().map(|chunk| chunk.key).collect();
        assert!(first.iter().zip(&other).all(|(a, b)| a != b), "another run or file");
        let twice = keys("a\na\n", 1);
        assert_ne!(twice[0], twice[1], "equal chunks of one file are two chunks");
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let limits = ChunkLimits { rows: 9, bytes: 99, line_bytes: 20 };
        let text = format!("a\n{}\n", "x".repeat(21));
        let mut chunks = Chunks::new(text.as_bytes(), String::new(), limits);
        assert!(matches!(chunks.next_chunk(), Err(ChunkError::LineTooLong { line: 2 })));
    }
}
