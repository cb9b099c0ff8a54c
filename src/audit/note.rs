//! Signed notes: a text, an empty line, and a line for each signature.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use super::key::KeyName;

/// The longest note; room for a hundred signatures of the kinds that are safe from quantum computers.
pub(super) const MAX_NOTE_BYTES: usize = 512 * 1024;

/// Most signatures of a note.
const MAX_SIGNATURES: usize = 100;

/// What a signature line begins with.
const DASH: &str = "\u{2014} ";

/// A text and who signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Note {
    /// The text, with the end of its last line.
    pub(super) text: String,
    /// The signatures, at least one.
    pub(super) signatures: Vec<Signature>,
}

/// A signature line: whose it says that it is, and the bytes. Nothing about it is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    name: KeyName,
    id: u32,
    bytes: Vec<u8>,
}

/// Bytes are not a signed note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NoteError {
    /// Too long.
    #[error("a signed note of {0} bytes is longer than the {MAX_NOTE_BYTES} that are read")]
    TooLong(usize),
    /// Not text.
    #[error("a signed note is UTF-8 text without control characters, and this is not")]
    NotText,
    /// No signatures after an empty line.
    #[error("a signed note has signature lines after an empty line and ends with a line end, and this has not")]
    Unsigned,
    /// Too many signatures.
    #[error("a signed note has more than {MAX_SIGNATURES} signatures")]
    TooMany,
    /// A line is no signature.
    #[error("signature line {line} is not a dash, a name and base64")]
    Signature {
        /// Which, from 1.
        line: usize,
    },
}

impl Note {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_NOTE_BYTES {
            return Err(NoteError::TooLong(bytes.len()));
        }
        let note = std::str::from_utf8(bytes).map_err(|_| NoteError::NotText)?;
        if note.contains(|c: char| c < ' ' && c != '\n') {
            return Err(NoteError::NotText);
        }
        let end = note.rfind("\n\n").ok_or(NoteError::Unsigned)?;
        let (text, lines) = (&note[..=end], &note[end + 2..]);
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Unsigned)?;
        if lines.split('\n').count() > MAX_SIGNATURES {
            return Err(NoteError::TooMany);
        }
        let parsed =
            lines.split('\n').zip(1..).map(|(text, line)| text.parse().map_err(|_| NoteError::Signature { line }));
        Ok(Self { text: text.to_owned(), signatures: parsed.collect::<Result<_, _>>()? })
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

impl Signature {
    pub(super) fn new(name: KeyName, id: u32, bytes: Vec<u8>) -> Self {
        Self { name, id, bytes }
    }

    /// The name of the key.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The id of the key.
    pub fn id(&self) -> u32 {
        self.id
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.id.to_be_bytes().to_vec();
        bytes.extend(&self.bytes);
        write!(f, "{DASH}{} {}", self.name, STANDARD.encode(bytes))
    }
}

/// Reads one line, as a witness answers it, without the line's end.
impl FromStr for Signature {
    type Err = NoteError;

    fn from_str(line: &str) -> Result<Self, NoteError> {
        let parse = || {
            let (name, encoded) = line.strip_prefix(DASH)?.split_once(' ')?;
            let decoded = STANDARD.decode(encoded).ok()?;
            let (id, bytes) = decoded.split_first_chunk()?;
            let signature = Self::new(name.parse().ok()?, u32::from_be_bytes(*id), bytes.to_vec());
            (!bytes.is_empty()).then_some(signature)
        };
        parse().ok_or(NoteError::Signature { line: 1 })
    }
}
