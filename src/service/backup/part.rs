//! The bytes of a part: entries under zstd under age, with a digest at the end.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use super::BackupError;
use crate::store::{Table, private};

/// First bytes of what is encrypted: what it is, and its format.
const MAGIC: &[u8; 8] = b"PADANBK\x01";

/// Stands where a table's code would, behind the last entry.
const END: u8 = 0;

/// Light compression: the disk and the cipher are about as fast.
const LEVEL: i32 = 1;

const BUFFER: usize = 1 << 20;

/// Longest key and value that a part may hold; what claims more is damaged.
const MAX_KEY: usize = 1 << 12;
const MAX_VALUE: usize = 1 << 28;

/// Added to the code of a table: the key is no longer there. Only increments behind a compaction have such entries.
const GONE: u8 = 0x80;

/// One entry of a store; without a value it went since the part before.
pub(super) type Entry = (Table, Vec<u8>, Option<Vec<u8>>);

/// Whom parts are written for: public keys.
#[derive(Clone)]
pub struct Recipients(Vec<age::x25519::Recipient>);

/// Who may read parts: a private key.
pub struct Identity(age::x25519::Identity);

impl Recipients {
    /// Reads public keys (`age1…`).
    pub fn parse(texts: &[String]) -> Result<Self, BackupError> {
        let parse = |text: &String| {
            age::x25519::Recipient::from_str(text).map_err(|_| BackupError::Recipient { text: text.clone() })
        };
        Ok(Self(texts.iter().map(parse).collect::<Result<_, _>>()?))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Identity {
    /// Makes a new pair; answers the file that holds it, with the public key as a comment, and the public key.
    pub fn generate() -> (String, String) {
        use age::secrecy::ExposeSecret;
        let identity = age::x25519::Identity::generate();
        let public = identity.to_public().to_string();
        (format!("# public key: {public}\n{}\n", identity.to_string().expose_secret()), public)
    }

    /// Reads the private key from its file.
    pub fn read(path: &Path) -> Result<Self, BackupError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| BackupError::File { path: path.to_owned(), source })?;
        let found = text.lines().find_map(|line| age::x25519::Identity::from_str(line.trim()).ok());
        found.map(Self).ok_or_else(|| BackupError::NoIdentity { path: path.to_owned() })
    }
}

type Encrypting = age::stream::StreamWriter<Hashing<BufWriter<File>>>;
type Decrypting = age::stream::StreamReader<BufReader<File>>;

/// Writes a part.
pub(super) struct PartWriter {
    out: Hashing<zstd::Encoder<'static, Encrypting>>,
    entries: u64,
    gone: u64,
}

/// What a written part is.
pub(super) struct Written {
    pub(super) entries: u64,
    /// Of the entries: keys that are no longer there.
    pub(super) gone: u64,
    pub(super) bytes: u64,
    /// SHA-256 of the file, in hexadecimal.
    pub(super) sha256: String,
}

impl PartWriter {
    pub(super) fn create(path: &Path, recipients: &Recipients) -> io::Result<Self> {
        let file = Hashing::new(BufWriter::with_capacity(BUFFER, private::create_file(path)?));
        let keys = recipients.0.iter().map(|recipient| recipient as &dyn age::Recipient);
        let encryptor = age::Encryptor::with_recipients(keys).map_err(io::Error::other)?;
        let mut out = Hashing::new(zstd::Encoder::new(encryptor.wrap_output(file)?, LEVEL)?);
        out.write_all(MAGIC)?;
        Ok(Self { out, entries: 0, gone: 0 })
    }

    pub(super) fn add(&mut self, table: Table, key: &[u8], value: &[u8]) -> io::Result<()> {
        self.write(table.code(), key, value)
    }

    /// Says that a key is no longer there.
    pub(super) fn add_gone(&mut self, table: Table, key: &[u8]) -> io::Result<()> {
        self.gone += 1;
        self.write(table.code() | GONE, key, &[])
    }

    fn write(&mut self, code: u8, key: &[u8], value: &[u8]) -> io::Result<()> {
        let too_long = || io::Error::other("a key or a value is too long for a backup");
        if key.len() > MAX_KEY || value.len() > MAX_VALUE {
            return Err(too_long());
        }
        self.out.write_all(&[code])?;
        self.out.write_all(&(key.len() as u32).to_be_bytes())?;
        self.out.write_all(&(value.len() as u32).to_be_bytes())?;
        self.out.write_all(key)?;
        self.out.write_all(value)?;
        self.entries += 1;
        Ok(())
    }

    /// Writes the end and makes the file durable.
    pub(super) fn finish(mut self) -> io::Result<Written> {
        self.out.write_all(&[END])?;
        self.out.write_all(&self.entries.to_be_bytes())?;
        let (mut encoder, digest) = self.out.finish();
        encoder.write_all(&digest)?;
        let (file, sha256) = encoder.finish()?.finish()?.into_parts();
        let bytes = {
            let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.sync_all()?;
            file.metadata()?.len()
        };
        Ok(Written { entries: self.entries, gone: self.gone, bytes, sha256 })
    }
}

/// Reads a part.
pub(super) struct PartReader {
    input: Hashing<BufReader<zstd::Decoder<'static, BufReader<Decrypting>>>>,
    entries: u64,
}

impl PartReader {
    pub(super) fn open(path: &Path, identity: &Identity) -> Result<Self, BackupError> {
        let failed = |source| BackupError::File { path: path.to_owned(), source };
        let damaged = |problem| BackupError::Damaged { path: path.to_owned(), problem };
        let file = BufReader::with_capacity(BUFFER, File::open(path).map_err(failed)?);
        let decryptor = age::Decryptor::new_buffered(file).map_err(|_| damaged("not a file of age"))?;
        let plain = decryptor
            .decrypt(std::iter::once(&identity.0 as &dyn age::Identity))
            .map_err(|_| BackupError::WrongKey { path: path.to_owned() })?;
        let plain = zstd::Decoder::new(plain).map_err(failed)?;
        let mut input = Hashing::new(BufReader::with_capacity(BUFFER, plain));
        let mut magic = [0; MAGIC.len()];
        input.read_exact(&mut magic).map_err(|_| damaged("it cannot be decrypted"))?;
        if magic != *MAGIC {
            return Err(damaged("not a part of a backup, or one of another format"));
        }
        Ok(Self { input, entries: 0 })
    }

    /// The next entry; `None` at the end, which is only the end when count and digest are right.
    pub(super) fn next(&mut self) -> io::Result<Option<Entry>> {
        let mut code = [0];
        self.input.read_exact(&mut code)?;
        if code[0] == END {
            return self.end().map(|()| None);
        }
        let table = Table::from_code(code[0] & !GONE).ok_or_else(|| io::Error::other("an unknown table"))?;
        let (key, value) = (self.length(MAX_KEY)?, self.length(MAX_VALUE)?);
        let (key, value) = (self.bytes(key)?, self.bytes(value)?);
        self.entries += 1;
        Ok(Some((table, key, (code[0] & GONE == 0).then_some(value))))
    }

    fn end(&mut self) -> io::Result<()> {
        let mut count = [0; 8];
        self.input.read_exact(&mut count)?;
        let digest = self.input.digest();
        let mut told = [0; 32];
        self.input.read_exact(&mut told)?;
        let right = u64::from_be_bytes(count) == self.entries && told == digest;
        if right { Ok(()) } else { Err(io::Error::other("its count or its digest is wrong")) }
    }

    fn length(&mut self, most: usize) -> io::Result<usize> {
        let mut bytes = [0; 4];
        self.input.read_exact(&mut bytes)?;
        let length = u32::from_be_bytes(bytes) as usize;
        if length <= most { Ok(length) } else { Err(io::Error::other("an impossible length")) }
    }

    fn bytes(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.input.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

/// Hashes what passes through.
struct Hashing<T> {
    inner: T,
    hash: Sha256,
}

impl<T> Hashing<T> {
    fn new(inner: T) -> Self {
        Self { inner, hash: Sha256::new() }
    }

    fn digest(&self) -> [u8; 32] {
        self.hash.clone().finalize().into()
    }

    fn finish(self) -> (T, [u8; 32]) {
        let digest = self.digest();
        (self.inner, digest)
    }

    fn into_parts(self) -> (T, String) {
        let (inner, digest) = self.finish();
        (inner, hex::encode(digest))
    }
}

impl<T: Write> Write for Hashing<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<T: Read> Read for Hashing<T> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(bytes)?;
        self.hash.update(&bytes[..read]);
        Ok(read)
    }
}

/// SHA-256 of a file, in hexadecimal.
pub(super) fn sha256_of(path: &Path) -> io::Result<String> {
    let mut file = Hashing::new(File::open(path)?);
    let mut buffer = vec![0; BUFFER];
    while file.read(&mut buffer)? > 0 {}
    Ok(file.into_parts().1)
}
